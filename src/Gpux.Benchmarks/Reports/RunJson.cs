using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Reports;

/// <summary>Runs as JSON: what commands print with --json, and what others read again.</summary>
/// <remarks>A file holds a run, an array of runs, or an object whose "runs" is one. Quantities are in the metric's SI unit. What is not known
/// is left out.</remarks>
public static class RunJson
{
    private const long MostBytes = 256L << 20;

    /// <summary>Writes a run as an object.</summary>
    /// <param name="id">The run's number in a database; null outside of one.</param>
    public static void Write(Utf8JsonWriter json, BenchmarkRun run, long? id = null)
    {
        json.WriteStartObject();
        Optional(json, "id", id);
        json.WriteString("key", run.Key);
        Model(json, run.Model);
        Optional(json, "version", run.VersionTag);
        Hardware(json, run.Hardware);
        WriteWorkload(json, run.Workload);
        WriteEngine(json, run.Engine);
        json.WriteString("suite", run.Suite);
        json.WriteString("benchmark_version", run.BenchmarkVersion);
        json.WriteString("provenance", Names.Of(run.Provenance));
        Optional(json, "provenance_source", run.ProvenanceSource);
        json.WriteString("machine_fingerprint", run.MachineFingerprint);
        Raw(json, "environment", run.EnvironmentJson);
        Optional(json, "seed", run.Seed);
        json.WriteNumber("launches", run.LaunchCount);
        json.WriteString("verdict", Names.Of(run.Verdict));
        json.WriteStartArray("reasons");
        foreach (var reason in run.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        Optional(json, "bundle_sha256", run.BundleSha256);
        json.WriteString("started_at", run.StartedAt.ToUniversalTime());
        if (run.Duration > TimeSpan.Zero)
            json.WriteNumber("duration_seconds", run.Duration.TotalSeconds);
        json.WriteStartArray("metrics");
        foreach (var metric in run.Metrics)
            WriteMetric(json, metric);
        json.WriteEndArray();
        if (run.Samples is { } samples)
        {
            json.WriteStartObject("samples");
            json.WriteString("format", samples.Format);
            json.WriteBase64String("content", samples.Content);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>Reads the runs of a file.</summary>
    /// <exception cref="RunFileException">It is no JSON, lacks a field, or has a value that makes no sense.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static IReadOnlyList<BenchmarkRun> Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MostBytes)
                throw new RunFileException(path, $"it has {file.Length} bytes, and {MostBytes} are the most that are read");
            using var document = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            var runs = root.ValueKind == JsonValueKind.Array ? root : root.ValueKind == JsonValueKind.Object && root.TryGetProperty("runs", out var list) ? list : default;
            IReadOnlyList<BenchmarkRun> read = runs.ValueKind == JsonValueKind.Array ? [.. runs.EnumerateArray().Select(ReadRun)] : [ReadRun(root)];
            return read.Count > 0 ? read : throw new RunFileException(path, "its list is empty");
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new RunFileException(path, exception.Message.TrimEnd('.'));
        }
    }

    /// <summary>Reads a run.</summary>
    /// <exception cref="FormatException">A field is missing, or has a value that makes no sense.</exception>
    internal static BenchmarkRun ReadRun(JsonElement json)
    {
        try
        {
            return Fields(json);
        }
        // A field of another kind than it should be shows as one of these.
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private static BenchmarkRun Fields(JsonElement json) => new()
    {
        Key = Required(json, "key"),
        Model = ReadModel(Object(Field(json, "model"), "model")),
        VersionTag = Text(json, "version"),
        Hardware = ReadHardware(Object(Field(json, "hardware"), "hardware")),
        Workload = ReadWorkload(Object(Field(json, "workload"), "workload")),
        Engine = ReadEngine(Object(Field(json, "engine"), "engine")),
        Suite = Required(json, "suite"),
        BenchmarkVersion = Required(json, "benchmark_version"),
        Provenance = Member<Provenance>(json, "provenance"),
        ProvenanceSource = Text(json, "provenance_source"),
        MachineFingerprint = Required(json, "machine_fingerprint"),
        EnvironmentJson = json.TryGetProperty("environment", out var environment) ? environment.GetRawText() : null,
        Seed = Integer(json, "seed"),
        LaunchCount = Count(json, "launches", least: 1) ?? 1,
        Verdict = Member<RunVerdict>(json, "verdict"),
        Reasons = [.. List(json, "reasons").Select(reason => TextOf(reason, "reasons") ?? "")],
        BundleSha256 = Text(json, "bundle_sha256"),
        StartedAt = Field(json, "started_at") is { ValueKind: JsonValueKind.String } started && started.TryGetDateTimeOffset(out var time) ? time
            : throw Wrong("started_at", Field(json, "started_at"), "no time such as 2026-11-20T12:00:00Z"),
        Duration = Quantity(json, "duration_seconds") is not { } seconds ? TimeSpan.Zero : seconds <= TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds)
            : throw Wrong("duration_seconds", Field(json, "duration_seconds"), "longer than any run"),
        Metrics = ReadMetrics(json),
        Samples = Optional(json, "samples") is { } samples ? new RunSamples(Required(Object(samples, "samples"), "format"), Bytes(samples, "content")) : null,
    };

    private static void Model(Utf8JsonWriter json, BenchmarkedModel model)
    {
        json.WriteStartObject("model");
        json.WriteString("name", model.Name);
        Optional(json, "registry", model.Registry);
        Optional(json, "architecture", model.Architecture);
        Optional(json, "task", model.Task);
        Optional(json, "parameters", model.ParameterCount);
        Optional(json, "size_bytes", model.SizeBytes);
        Raw(json, "metadata", model.MetadataJson);
        json.WriteEndObject();
    }

    private static BenchmarkedModel ReadModel(JsonElement json) => new(Required(json, "name"))
    {
        Registry = Text(json, "registry"), Architecture = Text(json, "architecture"), Task = Text(json, "task"),
        ParameterCount = Integer(json, "parameters"), SizeBytes = Integer(json, "size_bytes"),
        MetadataJson = json.TryGetProperty("metadata", out var metadata) ? metadata.GetRawText() : null,
    };

    private static void Hardware(Utf8JsonWriter json, HardwarePlatform hardware)
    {
        json.WriteStartObject("hardware");
        json.WriteString("name", hardware.Name);
        json.WriteString("kind", Names.Of(hardware.Kind));
        Optional(json, "vendor", hardware.Vendor);
        Optional(json, "device", hardware.Device);
        json.WriteNumber("devices", hardware.DeviceCount);
        Optional(json, "memory_bytes", hardware.MemoryBytes);
        Optional(json, "memory_bytes_per_second", hardware.MemoryBytesPerSecond);
        json.WriteStartArray("peaks");
        foreach (var peak in hardware.Peaks)
        {
            json.WriteStartObject();
            json.WriteString("precision", peak.Precision);
            json.WriteNumber("operations_per_second", peak.OperationsPerSecond);
            json.WriteString("source", peak.Source);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Raw(json, "metadata", hardware.MetadataJson);
        json.WriteEndObject();
    }

    private static HardwarePlatform ReadHardware(JsonElement json) => new(Required(json, "name"), Member<HardwareKind>(json, "kind"))
    {
        Vendor = Text(json, "vendor"), Device = Text(json, "device"), DeviceCount = Count(json, "devices") ?? 1,
        MemoryBytes = Integer(json, "memory_bytes"), MemoryBytesPerSecond = Quantity(json, "memory_bytes_per_second"),
        Peaks = [.. List(json, "peaks").Select(peak => Object(peak, "peaks")).Select(peak => new ArithmeticPeak(
            Required(peak, "precision"), Quantity(peak, "operations_per_second") is > 0 and var rate ? rate : throw new FormatException("a peak is 0"), Required(peak, "source")))],
        MetadataJson = json.TryGetProperty("metadata", out var metadata) ? metadata.GetRawText() : null,
    };

    private static void WriteWorkload(Utf8JsonWriter json, Workload workload)
    {
        json.WriteStartObject("workload");
        json.WriteString("task_type", Names.Of(workload.TaskType));
        json.WriteString("scenario", workload.Scenario);
        Optional(json, "precision", workload.Precision);
        Optional(json, "batch_size", workload.BatchSize);
        Optional(json, "input_tokens", workload.InputTokens);
        Optional(json, "output_tokens", workload.OutputTokens);
        Optional(json, "concurrency", workload.Concurrency);
        Optional(json, "offered_rate", workload.OfferedRate);
        json.WriteEndObject();
    }

    private static Workload ReadWorkload(JsonElement json) => new(Member<TaskType>(json, "task_type"), Required(json, "scenario"))
    {
        Precision = Text(json, "precision"), BatchSize = Count(json, "batch_size"), InputTokens = Count(json, "input_tokens"), OutputTokens = Count(json, "output_tokens"),
        Concurrency = Count(json, "concurrency"), OfferedRate = Quantity(json, "offered_rate"),
    };

    private static void WriteEngine(Utf8JsonWriter json, Engine engine)
    {
        json.WriteStartObject("engine");
        Optional(json, "backend", engine.Backend);
        Optional(json, "version", engine.Version);
        Optional(json, "execution_provider", engine.ExecutionProvider);
        Raw(json, "options", engine.OptionsJson);
        Optional(json, "driver_version", engine.DriverVersion);
        Optional(json, "threads", engine.Threads);
        json.WriteEndObject();
    }

    private static Engine ReadEngine(JsonElement json) => new(Text(json, "backend"))
    {
        Version = Text(json, "version"), ExecutionProvider = Text(json, "execution_provider"), DriverVersion = Text(json, "driver_version"), Threads = Count(json, "threads"),
        OptionsJson = json.TryGetProperty("options", out var options) ? options.GetRawText() : null,
    };

    private static void WriteMetric(Utf8JsonWriter json, MetricResult metric)
    {
        json.WriteStartObject();
        json.WriteString("name", metric.Metric.Name);
        json.WriteString("unit", metric.Metric.Unit);
        json.WriteNumber("n", metric.SampleCount);
        Optional(json, "mean", metric.Mean);
        Optional(json, "p50", metric.P50);
        Optional(json, "p90", metric.P90);
        Optional(json, "p95", metric.P95);
        Optional(json, "p99", metric.P99);
        Optional(json, "standard_deviation", metric.StandardDeviation);
        Optional(json, "ci_low", metric.ConfidenceLow);
        Optional(json, "ci_high", metric.ConfidenceHigh);
        Optional(json, "ci_level", metric.ConfidenceLevel);
        json.WriteEndObject();
    }

    private static List<MetricResult> ReadMetrics(JsonElement json)
    {
        List<MetricResult> results = [];
        foreach (var each in List(json, "metrics", canBeMissing: false))
        {
            var name = Required(Object(each, "metrics"), "name");
            var metric = Metric.Find(name) ?? throw new FormatException($"there is no metric '{name}'");
            if (Text(each, "unit") is { } unit && unit != metric.Unit)
                throw new FormatException($"{name} is in '{unit}', and its unit is '{metric.Unit}'");
            if (results.Exists(known => known.Metric == metric))
                throw new FormatException($"{name} is there twice");
            var result = new MetricResult(metric, Integer(each, "n") is >= 1 and var n ? n : throw new FormatException($"{name} has no samples"), Quantity(each, "mean"))
            {
                P50 = Quantity(each, "p50"), P90 = Quantity(each, "p90"), P95 = Quantity(each, "p95"), P99 = Quantity(each, "p99"),
                StandardDeviation = Quantity(each, "standard_deviation"), ConfidenceLow = Quantity(each, "ci_low"), ConfidenceHigh = Quantity(each, "ci_high"), ConfidenceLevel = Quantity(each, "ci_level"),
            };
            results.Add(result.HasValue ? result : throw new FormatException($"{name} has neither a mean nor percentiles"));
        }
        return results;
    }

    private static JsonElement Field(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value : throw new FormatException($"'{name}' is missing");

    /// <returns>Null where it is missing, or null.</returns>
    private static JsonElement? Optional(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static JsonElement Object(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object ? value : throw Wrong(name, value, "no object");

    private static JsonElement[] List(JsonElement json, string name, bool canBeMissing = true) =>
        (canBeMissing ? Optional(json, name) : Field(json, name)) is not { } value ? [] : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong(name, value, "no list");

    private static string Required(JsonElement json, string name) => TextOf(Field(json, name), name) is { Length: > 0 } text ? text : throw new FormatException($"'{name}' is empty");

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? TextOf(value, name) : null;

    private static string? TextOf(JsonElement value, string name) => value.ValueKind is JsonValueKind.String or JsonValueKind.Null ? value.GetString() : throw Wrong(name, value, "no text");

    private static byte[] Bytes(JsonElement json, string name) =>
        Field(json, name) is { ValueKind: JsonValueKind.String } text && text.TryGetBytesFromBase64(out var bytes) ? bytes : throw Wrong(name, Field(json, name), "no Base64");

    private static long? Integer(JsonElement json, string name) => Optional(json, name) is not { } value ? null
        : WholeOf(value) is not { } number ? throw Wrong(name, value, "no integer that 64 bits hold")
        : number >= 0 || name == "seed" ? number : throw Wrong(name, value, "below 0");

    // What writes numbers with a fraction writes 24000000000.0 for 24 GB. Beyond 2^53 a double does not tell every integer, and a decimal does.
    private static long? WholeOf(JsonElement value) => value.ValueKind != JsonValueKind.Number ? null : value.TryGetInt64(out var number) ? number
        : value.TryGetDecimal(out var fraction) && fraction == decimal.Truncate(fraction) && fraction is >= long.MinValue and <= long.MaxValue ? (long)fraction : null;

    private static int? Count(JsonElement json, string name, int least = 0) => Integer(json, name) is not { } number ? null
        : number >= least && number <= int.MaxValue ? (int)number : throw Wrong(name, Field(json, name), $"not between {least} and {int.MaxValue}");

    private static double? Quantity(JsonElement json, string name) => Optional(json, name) is not { } value ? null
        : value.ValueKind != JsonValueKind.Number ? throw Wrong(name, value, "no number")
        // JSON has no other numbers but those that overflow.
        : value.TryGetDouble(out var number) && number is >= 0 and < double.PositiveInfinity ? number : throw Wrong(name, value, number < 0 ? "below 0" : "no finite number");

    private static FormatException Wrong(string name, JsonElement value, string what) => new($"'{name}' is {Shown(value.GetRawText())}, which is {what}");

    private static string Shown(string json)
    {
        const int Length = 60;
        var line = new string([.. json.Take(Length).Select(letter => char.IsControl(letter) ? ' ' : letter)]);
        return json.Length > Length ? line + "..." : line;
    }

    private static T Member<T>(JsonElement json, string name) where T : struct, Enum =>
        Enum.TryParse<T>(Required(json, name), ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
            : throw new FormatException($"'{name}' is '{Required(json, name)}', and not one of {string.Join(", ", Enum.GetNames<T>().Select(each => each.ToLowerInvariant()))}");

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Optional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static void Optional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static void Raw(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
            return;
        json.WritePropertyName(name);
        json.WriteRawValue(value);
    }
}
