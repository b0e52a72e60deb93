using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Measurement;

/// <summary>What one launch found. Comes from the process that measured as one line of JSON.</summary>
internal sealed record LaunchReport
{
    /// <summary>What the model is for, or was measured for.</summary>
    public string Task { get; init; } = "";

    public double LoadSeconds { get; init; }
    public double FirstInferenceSeconds { get; init; }
    public double WarmUpSeconds { get; init; }
    public bool IsWarm { get; init; }
    public bool IsPrecise { get; init; }

    /// <summary>Of the measured time.</summary>
    public double Seconds { get; init; }

    /// <summary>Requests that succeeded in the measured time.</summary>
    public long Count { get; init; }

    /// <summary>Requests of an open loop that were due in it.</summary>
    public long? Due { get; init; }

    public IReadOnlyDictionary<string, long> Failures { get; init; } = new Dictionary<string, long>();
    public IReadOnlyList<LoadWindow> Windows { get; init; } = [];

    /// <summary>Of latency, and of a generated text's first and further tokens.</summary>
    public IReadOnlyList<SampleSeries> Samples { get; init; } = [];

    /// <summary>Of all that succeeded, whatever is left of them in <see cref="Samples"/>, by metric, in seconds.</summary>
    public IReadOnlyDictionary<Metric, RunningMoments> Moments { get; init; } = new Dictionary<Metric, RunningMoments>();

    /// <summary>Requests that kept every objective of the request for this launch; null where it has none.</summary>
    public long? Good { get; init; }

    /// <summary>All latencies, where <see cref="Samples"/> has but a part of them; null otherwise.</summary>
    public LatencyRecorder? All { get; init; }

    /// <summary>Tokens of each row that go in; null where none do.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Tokens of each row that come out; null where none do.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Seconds of a sound, or pixels of an image, for people; null for tokens.</summary>
    public string? InputDescription { get; init; }

    /// <summary>Extents of the inputs of a request, where it is one run of the graph; null otherwise.</summary>
    public IReadOnlyDictionary<string, long[]>? InputShapes { get; init; }

    /// <summary>Largest resident memory of the process; null where the system does not say.</summary>
    public long? PeakMemory { get; init; }

    public long? DeviceMemory { get; init; }
    public long? CacheBytes { get; init; }
    public long WeightBytes { get; init; }

    /// <summary>Energy of the measured time above that of the idle machine; null where nothing can be read.</summary>
    public double? Joules { get; init; }

    public double? IdleWatts { get; init; }
    public string? EnergySource { get; init; }

    /// <summary>Why there is no energy; null where there is.</summary>
    public string? EnergyAbsence { get; init; }

    public int Threads { get; init; }
    public IReadOnlyList<ProviderShare> Providers { get; init; } = [];
    public Disturbances Disturbances { get; init; } = new();

    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("task", Task);
            json.WriteNumber("load_seconds", LoadSeconds);
            json.WriteNumber("first_inference_seconds", FirstInferenceSeconds);
            json.WriteNumber("warm_up_seconds", WarmUpSeconds);
            json.WriteBoolean("warm", IsWarm);
            json.WriteBoolean("precise", IsPrecise);
            json.WriteNumber("seconds", Seconds);
            json.WriteNumber("count", Count);
            WriteOptional(json, "due", Due);
            json.WriteStartObject("failures");
            foreach (var (name, count) in Failures)
                json.WriteNumber(name, count);
            json.WriteEndObject();
            json.WriteStartArray("windows");
            foreach (var window in Windows)
            {
                json.WriteStartArray();
                json.WriteNumberValue(window.Count);
                json.WriteNumberValue(window.Seconds);
                json.WriteNumberValue(window.Median);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteBase64String("samples", SampleSeries.Write(Samples).Content);
            json.WriteStartObject("moments");
            foreach (var (metric, moments) in Moments)
            {
                json.WriteStartArray(metric.Name);
                json.WriteNumberValue(moments.Count);
                json.WriteNumberValue(moments.Mean);
                json.WriteNumberValue(moments.Squares);
                json.WriteEndArray();
            }
            json.WriteEndObject();
            WriteOptional(json, "good", Good);
            if (All is not null)
            {
                json.WriteStartArray("all");
                foreach (var (nanoseconds, count) in All.Buckets)
                {
                    json.WriteStartArray();
                    json.WriteNumberValue(nanoseconds);
                    json.WriteNumberValue(count);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
            }
            WriteOptional(json, "input_tokens", InputTokens);
            WriteOptional(json, "output_tokens", OutputTokens);
            json.WriteString("input", InputDescription);
            if (InputShapes is not null)
            {
                json.WriteStartObject("shapes");
                foreach (var (name, extents) in InputShapes)
                {
                    json.WriteStartArray(name);
                    foreach (var extent in extents)
                        json.WriteNumberValue(extent);
                    json.WriteEndArray();
                }
                json.WriteEndObject();
            }
            WriteOptional(json, "peak_memory", PeakMemory);
            WriteOptional(json, "device_memory", DeviceMemory);
            WriteOptional(json, "cache_bytes", CacheBytes);
            json.WriteNumber("weight_bytes", WeightBytes);
            WriteOptional(json, "joules", Joules);
            WriteOptional(json, "idle_watts", IdleWatts);
            json.WriteString("energy_source", EnergySource);
            json.WriteString("energy_absence", EnergyAbsence);
            json.WriteNumber("threads", Threads);
            json.WritePropertyName("providers");
            ProviderShare.Write(json, Providers);
            json.WritePropertyName("disturbances");
            Disturbances.WriteTo(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="LaunchFailedException">It is no report.</exception>
    public static LaunchReport Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = document.RootElement;
            return new LaunchReport
            {
                Task = json.GetProperty("task").GetString() ?? "",
                LoadSeconds = json.GetProperty("load_seconds").GetDouble(),
                FirstInferenceSeconds = json.GetProperty("first_inference_seconds").GetDouble(),
                WarmUpSeconds = json.GetProperty("warm_up_seconds").GetDouble(),
                IsWarm = json.GetProperty("warm").GetBoolean(),
                IsPrecise = json.GetProperty("precise").GetBoolean(),
                Seconds = json.GetProperty("seconds").GetDouble(),
                Count = json.GetProperty("count").GetInt64(),
                Due = Optional(json, "due"),
                Failures = json.GetProperty("failures").EnumerateObject().ToDictionary(each => each.Name, each => each.Value.GetInt64()),
                Windows = [.. json.GetProperty("windows").EnumerateArray().Select(window => new LoadWindow(window[0].GetInt32(), window[1].GetDouble(), window[2].GetDouble()))],
                Samples = SampleSeries.Read(new RunSamples(SampleSeries.Format, json.GetProperty("samples").GetBytesFromBase64())),
                Moments = json.GetProperty("moments").EnumerateObject().ToDictionary(each => Metric.Find(each.Name) ?? throw new FormatException($"'{each.Name}' is no metric."),
                    each => new RunningMoments(each.Value[0].GetInt64(), each.Value[1].GetDouble(), each.Value[2].GetDouble())),
                Good = Optional(json, "good"),
                All = json.TryGetProperty("all", out var all) ? ReadRecorder(all) : null,
                InputTokens = (int?)Optional(json, "input_tokens"),
                OutputTokens = (int?)Optional(json, "output_tokens"),
                InputDescription = json.GetProperty("input").GetString(),
                InputShapes = json.TryGetProperty("shapes", out var shapes)
                    ? shapes.EnumerateObject().ToDictionary(input => input.Name, input => input.Value.EnumerateArray().Select(extent => extent.GetInt64()).ToArray()) : null,
                PeakMemory = Optional(json, "peak_memory"),
                DeviceMemory = Optional(json, "device_memory"),
                CacheBytes = Optional(json, "cache_bytes"),
                WeightBytes = json.GetProperty("weight_bytes").GetInt64(),
                Joules = json.TryGetProperty("joules", out var joules) ? joules.GetDouble() : null,
                IdleWatts = json.TryGetProperty("idle_watts", out var watts) ? watts.GetDouble() : null,
                EnergySource = json.GetProperty("energy_source").GetString(),
                EnergyAbsence = json.GetProperty("energy_absence").GetString(),
                Threads = json.GetProperty("threads").GetInt32(),
                Providers = ProviderShare.Read(json.GetProperty("providers")),
                Disturbances = Disturbances.Read(json.GetProperty("disturbances")),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new LaunchFailedException("What a launch said cannot be read.", "Measure again. If it happens again, report it: this is a fault of gpux.");
        }
    }

    private static LatencyRecorder ReadRecorder(JsonElement json)
    {
        var recorder = new LatencyRecorder();
        foreach (var bucket in json.EnumerateArray())
            recorder.Add(bucket[0].GetDouble(), bucket[1].GetInt64());
        return recorder;
    }

    private static long? Optional(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}

/// <summary>What an execution provider had of a run.</summary>
/// <param name="TimeShare">Of the time of all nodes, 0 to 1.</param>
internal sealed record ProviderShare(string Name, int Nodes, double TimeShare)
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ProviderShare> shares)
    {
        json.WriteStartArray();
        foreach (var share in shares)
        {
            json.WriteStartObject();
            json.WriteString("name", share.Name);
            json.WriteNumber("nodes", share.Nodes);
            json.WriteNumber("time_share", share.TimeShare);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static IReadOnlyList<ProviderShare> Read(JsonElement json) => [.. json.EnumerateArray().Select(share =>
        new ProviderShare(share.GetProperty("name").GetString() ?? "", share.GetProperty("nodes").GetInt32(), share.GetProperty("time_share").GetDouble()))];
}
