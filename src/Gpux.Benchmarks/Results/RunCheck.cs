using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>What a run must be to be stored. It is checked before any SQL runs, so that messages name what is wrong in the run's own words.</summary>
/// <remarks>The bounds are far beyond what is measured, and near enough to catch milliseconds that were taken for seconds or a sum that overflowed.</remarks>
internal static class RunCheck
{
    /// <summary>Of names and other short texts, in UTF-8. PostgreSQL's indexes take keys of up to 2,704 bytes.</summary>
    public const int MaxTextBytes = 2600;

    /// <summary>Of a JSON object, in UTF-8.</summary>
    public const int MaxJsonBytes = 1 << 20;

    public const int MaxJsonDepth = 32;

    /// <summary>Of a run's samples.</summary>
    public const int MaxSampleBytes = 256 << 20;

    public const int MaxReasons = 100;

    private const double MaxRate = 1e12; // a second
    private const double MaxBytes = 1e16;
    private const double MaxSamples = 1e15;
    private const double MaxBytesPerSecond = 1e18;
    private const double MaxOperationsPerSecond = 1e24;

    /// <summary>No benchmark that is compared today is older.</summary>
    public static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far a run may have started after the present of this machine: clocks differ, and some are set to local time.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromDays(1);

    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(3660);

    /// <exception cref="DatabaseException">It is not.</exception>
    public static void Require(BenchmarkRun run, DateTimeOffset now)
    {
        RequireText("the run's key", run.Key, canBeEmpty: false);
        var (workload, engine) = (run.Workload, run.Engine);
        Require(run.Model);
        Require(run.Hardware);
        RequireText("the version's tag", run.VersionTag, canBeEmpty: false);
        RequireText("the machine's fingerprint", run.MachineFingerprint, canBeEmpty: false);
        RequireText("the provenance's source", run.ProvenanceSource);
        RequireText("the suite", run.Suite);
        RequireText("the benchmark's version", run.BenchmarkVersion);
        RequireText("the scenario", workload.Scenario);
        RequireText("the precision", workload.Precision);
        RequireText("the backend", engine.Backend);
        RequireText("the backend's version", engine.Version);
        RequireText("the execution provider", engine.ExecutionProvider);
        RequireText("the driver's version", engine.DriverVersion);
        RequireJson("the environment", run.EnvironmentJson);
        RequireJson("the execution provider's options", engine.OptionsJson);
        RequireReasons(run.Reasons);
        RequireSize("the samples", run.Samples?.Content.LongLength ?? 0, MaxSampleBytes);
        RequireText("the samples' format", run.Samples?.Format, canBeEmpty: false);
        if (run.BundleSha256 is { } digest && (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit)))
            throw new UnfitTextException("the bundle's SHA-256", digest, "is not 64 hexadecimal digits");

        RequireRange("batch size", workload.BatchSize, 1, int.MaxValue);
        RequireRange("input tokens", workload.InputTokens, 0, int.MaxValue);
        RequireRange("output tokens", workload.OutputTokens, 0, int.MaxValue);
        RequireRange("concurrency", workload.Concurrency, 1, int.MaxValue);
        RequireRange("offered rate", workload.OfferedRate, 0, MaxRate, "1/s");
        RequireRange("threads", engine.Threads, 1, int.MaxValue);
        RequireRange("launches", run.LaunchCount, 1, int.MaxValue);
        RequireRange("duration", run.Duration.TotalSeconds, 0, MaxDuration.TotalSeconds, "s");
        if (run.StartedAt < Earliest || run.StartedAt > now + ClockDifference)
            throw new UnfitTimeException(run.Key, run.StartedAt, now);

        for (var i = 0; i < run.Metrics.Count; i++)
        {
            Require(run.Metrics[i]);
            for (var j = 0; j < i; j++)
                if (ReferenceEquals(run.Metrics[j].Metric, run.Metrics[i].Metric))
                    throw new ImpossibleValueException($"{run.Metrics[i].Metric} is given twice", "a run has one result of a metric");
        }
    }

    public static void Require(BenchmarkedModel model)
    {
        RequireText("the model's name", model.Name, canBeEmpty: false);
        RequireText("the model's registry", model.Registry);
        RequireText("the model's architecture", model.Architecture);
        RequireText("the model's task", model.Task);
        RequireRange("parameters of the model", model.ParameterCount, 0, MaxBytes);
        RequireRange("size of the model", model.SizeBytes, 0, MaxBytes, "B");
        RequireJson("the model's metadata", model.MetadataJson);
    }

    public static void Require(HardwarePlatform hardware)
    {
        RequireText("the hardware's name", hardware.Name, canBeEmpty: false);
        RequireText("the hardware's vendor", hardware.Vendor);
        RequireText("the hardware's device", hardware.Device);
        RequireRange("devices", hardware.DeviceCount, 1, int.MaxValue);
        RequireRange("memory of the hardware", hardware.MemoryBytes, 0, MaxBytes, "B");
        RequireRange("memory bandwidth of the hardware", hardware.MemoryBytesPerSecond, 0, MaxBytesPerSecond, "B/s");
        RequireJson("the hardware's metadata", hardware.MetadataJson);
        foreach (var peak in hardware.Peaks)
        {
            RequireText("the precision of a peak", peak.Precision, canBeEmpty: false);
            RequireText("the source of a peak", peak.Source);
            RequireRange("peak of the hardware", peak.OperationsPerSecond, double.Epsilon, MaxOperationsPerSecond, "1/s");
        }
    }

    public static void RequireText(string what, string? text, bool canBeEmpty = true)
    {
        if (text is null)
            return;
        if (text.Length == 0 && !canBeEmpty)
            throw new UnfitTextException(what, text, "is empty");
        if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 || text.AsSpan().IndexOfAnyInRange('\u007f', '\u009f') >= 0)
            throw new UnfitTextException(what, text, "has a control character");
        RequireUnicode(what, text, MaxTextBytes);
    }

    private static void Require(MetricResult result)
    {
        var metric = result.Metric;
        RequireRange("number of samples", result.SampleCount, 1, MaxSamples, "", metric);
        RequireRange("mean", result.Mean, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("p50", result.P50, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("p90", result.P90, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("p95", result.P95, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("p99", result.P99, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("standard deviation", result.StandardDeviation, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("lower confidence limit", result.ConfidenceLow, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("upper confidence limit", result.ConfidenceHigh, 0, metric.Maximum, metric.Unit, metric);
        RequireRange("confidence level", result.ConfidenceLevel, double.Epsilon, Math.BitDecrement(1), "", metric);
        RequireOrder(metric, "p50", result.P50, "p90", result.P90);
        RequireOrder(metric, "p50", result.P50, "p95", result.P95);
        RequireOrder(metric, "p50", result.P50, "p99", result.P99);
        RequireOrder(metric, "p90", result.P90, "p95", result.P95);
        RequireOrder(metric, "p90", result.P90, "p99", result.P99);
        RequireOrder(metric, "p95", result.P95, "p99", result.P99);
        RequireOrder(metric, "lower confidence limit", result.ConfidenceLow, "upper one", result.ConfidenceHigh);
    }

    private static void RequireOrder(Metric metric, string lower, double? low, string higher, double? high)
    {
        if (low > high)
            throw new ImpossibleValueException($"{lower} of {metric} is {Number(low)} {metric.Unit}", $"its {higher} is {Number(high)} {metric.Unit}");
    }

    /// <param name="metric">Whose <paramref name="what"/> the value is; null: the run's.</param>
    private static void RequireRange(string what, double? value, double least, double most, string unit = "", Metric? metric = null)
    {
        // Also false for what is no number.
        if (value is null || value >= least && value <= most)
            return;
        if (metric is not null)
            what = $"{what} of {metric}";
        unit = unit is "" or "1" ? "" : " " + unit;
        throw new ImpossibleValueException($"{what} is {Number(value)}{unit}",
            value > most ? $"the most is {Number(most)}{unit}" : value < least ? $"the least is {Number(least == double.Epsilon ? 0 : least)}{unit}" : "that is no number");
    }

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static void RequireReasons(IReadOnlyList<string> reasons)
    {
        if (reasons.Count > MaxReasons)
            throw new UnfitTextException("the list of reasons", $"{reasons.Count} of them", $"is longer than {MaxReasons}");
        foreach (var reason in reasons)
            RequireUnicode("a reason of the verdict", reason, MaxTextBytes);
    }

    private static void RequireJson(string what, string? json)
    {
        if (json is null)
            return;
        // Before its bytes are counted, which takes as much memory again.
        RequireSize(what, json.Length, MaxJsonBytes);
        var length = RequireUnicode(what, json, MaxJsonBytes);
        var bytes = new byte[length];
        Encoding.UTF8.GetBytes(json, bytes);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new UnfitJsonException(what, "it is no object");
            while (reader.Read())
            {
            }
        }
        catch (JsonException exception)
        {
            throw new UnfitJsonException(what, reader.CurrentDepth >= MaxJsonDepth ? $"it is nested deeper than {MaxJsonDepth} levels" : exception.Message);
        }
    }

    private static void RequireSize(string what, long size, int most)
    {
        if (size > most)
            throw new UnfitJsonException(what, $"it has {size} bytes, and may have {most}");
    }

    /// <returns>How many bytes the text has in UTF-8.</returns>
    private static int RequireUnicode(string what, string text, int maxBytes)
    {
        int length;
        try
        {
            length = text.Contains('\0') ? throw new UnfitTextException(what, text, "has a NUL") : StrictUtf8.Encoding.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            throw new UnfitTextException(what, text, "has half a surrogate pair");
        }
        return length <= maxBytes ? length : throw new UnfitTextException(what, text, $"has {length} bytes in UTF-8, and may have {maxBytes}");
    }
}

/// <summary>A run says a number that cannot have been measured.</summary>
public sealed class ImpossibleValueException(string problem, string bound) : DatabaseException(
    ErrorCode.RunValueImpossible,
    $"The run cannot be stored: its {problem}, and {bound}.",
    "Check the unit: times are in seconds, memory in bytes, energy in joules, rates in 1/s, shares from 0 to 1. Nothing was stored.");

/// <summary>A name or another short text of a run is too long, or has what no name has.</summary>
public sealed class UnfitTextException(string what, string text, string problem) : DatabaseException(
    ErrorCode.RunTextUnfit,
    $"The run cannot be stored: {what} '{Start(text)}' {problem}.",
    "Shorten or correct it. Nothing was stored.")
{
    // Enough to know it by, without what a terminal would obey.
    private static string Start(string text)
    {
        const int Length = 40;
        var start = string.Concat(text.Take(Length).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\ufffd' : letter));
        return text.Length > Length ? start + "..." : start;
    }
}

/// <summary>An attachment of a run is too large, is nested too deeply, or is no JSON object.</summary>
public sealed class UnfitJsonException(string what, string problem) : DatabaseException(
    ErrorCode.RunJsonUnfit,
    $"The run cannot be stored: {what} does not fit: {problem}.",
    "Correct it, or leave it away. Nothing was stored.");

/// <summary>A run says that it started in the future, or before there was anything to compare it with.</summary>
public sealed class UnfitTimeException(string key, DateTimeOffset startedAt, DateTimeOffset now) : DatabaseException(
    ErrorCode.RunTimeUnfit,
    string.Create(CultureInfo.InvariantCulture, $"The run '{key}' cannot be stored: it started at {startedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, and here it is {now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}."),
    "Set the clock of the machine that measured, or of this one, and correct the run. Times from the year 2000 to a day from now are taken. Nothing was stored.");
