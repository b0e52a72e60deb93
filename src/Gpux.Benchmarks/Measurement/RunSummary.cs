using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
using Gpux.Models;
using Gpux.Models.Precision;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Makes one run of what several launches found: pooled percentiles, metrics, and a verdict with its reasons.</summary>
internal sealed class RunSummary(LaunchRequest request, BenchmarkSubject subject, MachineDescription machine, HardwarePlatform hardware)
{
    /// <summary>Of <see cref="BenchmarkRun.BenchmarkVersion"/>: changes with whatever makes the same machine give other numbers.</summary>
    public const string Version = "2";

    public const string Suite = "gpux bench";

    /// <summary>What is measured with --end-to-end is something else, and is compared with its like only.</summary>
    public const string EndToEndSuite = "gpux bench --end-to-end";

    // A run is kept with a part of the windows of hours: what is told of them is to fit into the database.
    private const int MostWindows = 8192;

    private const int LongestReason = 600;

    public string? VersionTag { get; init; }
    public string Title { get; init; } = "";
    public DateTimeOffset StartedAt { get; init; }

    public BenchmarkOutcome Of(IReadOnlyList<LaunchReport> launches, IReadOnlyList<GpuxException> failures)
    {
        if (launches.Count == 0)
            return new BenchmarkOutcome(Title, Run: null, failures);
        var found = new RunMetrics(request, subject, hardware, launches);
        var verdict = RunJudgement.Of(request, launches, failures);
        var run = new BenchmarkRun
        {
            Key = Guid.NewGuid().ToString(),
            Model = subject.Model with { Task = launches[0].Task, SizeBytes = launches[0].WeightBytes },
            VersionTag = VersionTag,
            Hardware = hardware,
            Workload = new Results.Workload(TaskType.Inference, request.Rate is null ? "closed-loop" : "open-loop")
            {
                Precision = PrecisionNames.Of(request.Precision), BatchSize = request.Batch, InputTokens = launches[0].InputTokens, OutputTokens = launches[0].OutputTokens,
                Concurrency = request.Concurrency, OfferedRate = request.Rate,
            },
            Engine = new Engine("onnxruntime")
            {
                Version = machine.Libraries.FirstOrDefault(library => library.Name == "onnxruntime").Version,
                ExecutionProvider = subject.Provider?.ToLowerInvariant() ?? "cpu",
                DriverVersion = NvidiaDriver(),
                Threads = launches[0].Threads,
            },
            Provenance = Provenance.Measured,
            MachineFingerprint = machine.Fingerprint,
            EnvironmentJson = Environment(launches, found),
            Suite = request.IsEndToEnd ? EndToEndSuite : Suite,
            BenchmarkVersion = Version,
            Seed = request.Seed,
            LaunchCount = launches.Count,
            Verdict = verdict.Verdict,
            Reasons = [.. verdict.Reasons.Concat(found.Notes).Take(RunCheck.MaxReasons).Select(Fitting)],
            StartedAt = StartedAt,
            Duration = TimeSpan.FromSeconds(launches.Sum(launch => launch.Seconds)),
            Metrics = found.Results,
            Samples = SampleSeries.Write(found.Samples),
        };
        return new BenchmarkOutcome(Title, run, failures) { Percentiles = found.LatencyPercentiles, Latencies = found.Latencies, Goodput = found.Goodput, EnergyAbsence = launches[0].EnergyAbsence };
    }

    // What another process said may be of any length, and of any letters.
    private static string Fitting(string reason)
    {
        var fitting = new StringBuilder();
        foreach (var rune in reason.EnumerateRunes())
        {
            if (fitting.Length >= LongestReason)
                return fitting.Append("...").ToString();
            fitting.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return fitting.ToString();
    }

    private string? NvidiaDriver() => hardware.Vendor == "NVIDIA" && machine.Devices.FirstOrDefault(device => device.StartsWith(hardware.Name, StringComparison.Ordinal))
        ?.Split(", driver ") is [_, var driver] ? driver : null;

    // What is good to know of a run beside its metrics.
    private string Environment(IReadOnlyList<LaunchReport> launches, RunMetrics found)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("gpux", ModelLibrary.Version);
            json.WriteString("commit", subject.Commit);
            json.WriteBoolean("end_to_end", request.IsEndToEnd);
            json.WriteString("input", launches[0].InputDescription);
            json.WriteString("profile", request.Limits.Name ?? "default");
            json.WritePropertyName("machine");
            machine.WriteTo(json);
            json.WritePropertyName("providers");
            ProviderShare.Write(json, launches[0].Providers);
            json.WriteString("energy_source", launches[0].EnergySource);
            if (launches[0].EnergyAbsence is { } absence)
                json.WriteString("energy_absence", absence);
            if (launches[0].IdleWatts is { } watts)
                json.WriteNumber("idle_watts", watts);
            json.WriteStartArray("percentiles");
            foreach (var percentile in found.LatencyPercentiles)
                Write(json, percentile);
            json.WriteEndArray();
            if (request.Limits.IsStrict)
                WriteStrict(json, found.Latencies);
            found.Goodput?.WriteTo(json);
            var windows = Math.Max(1, MostWindows / launches.Count);
            json.WriteStartArray("launches");
            foreach (var launch in launches)
                Write(json, launch, windows);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, Percentile percentile)
    {
        json.WriteStartObject();
        json.WriteNumber("percentile", Math.Round(percentile.Share * 100, 3));
        json.WriteNumber("value", percentile.Value);
        if (percentile.Low is { } low)
            json.WriteNumber("low", low);
        if (percentile.High is { } high)
            json.WriteNumber("high", high);
        json.WriteNumber("level", percentile.Level);
        json.WriteEndObject();
    }

    // What the samples allow to claim, at 99 %.
    private static void WriteStrict(Utf8JsonWriter json, double[] latencies)
    {
        json.WriteStartArray("early_stopping");
        foreach (var share in (ReadOnlySpan<double>)[0.9, 0.95, 0.99])
        {
            if (EarlyStopping.Estimate(latencies, share) is not { } estimate)
                continue;
            json.WriteStartObject();
            json.WriteNumber("percentile", share * 100);
            json.WriteNumber("below", estimate);
            json.WriteNumber("confidence", EarlyStopping.Confidence);
            json.WriteNumber("fixed_requests", FixedSamples.Count(share));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, LaunchReport launch, int mostWindows)
    {
        json.WriteStartObject();
        json.WriteNumber("load_seconds", launch.LoadSeconds);
        json.WriteNumber("first_inference_seconds", launch.FirstInferenceSeconds);
        json.WriteNumber("warm_up_seconds", launch.WarmUpSeconds);
        json.WriteBoolean("warm", launch.IsWarm);
        json.WriteNumber("seconds", launch.Seconds);
        json.WriteNumber("requests", launch.Count);
        if (launch.Due is { } due)
            json.WriteNumber("due", due);
        if (launch.Good is { } good)
            json.WriteNumber("good", good);
        json.WriteStartObject("failures");
        foreach (var (name, count) in launch.Failures)
            json.WriteNumber(name, count);
        json.WriteEndObject();
        json.WriteStartArray("window_medians");
        for (var i = 0; i < launch.Windows.Count; i += Math.Max(1, (launch.Windows.Count + mostWindows - 1) / mostWindows))
            json.WriteNumberValue(launch.Windows[i].Median);
        json.WriteEndArray();
        json.WritePropertyName("disturbances");
        launch.Disturbances.WriteTo(json);
        json.WriteEndObject();
    }
}
