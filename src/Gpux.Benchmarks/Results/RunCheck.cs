using System.Buffers;
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

    /// <exception cref="UnfitRunException">It is not.</exception>
    public static void Require(BenchmarkRun run, DateTimeOffset now)
    {
        RequireText("run_key", "the run's key", run.Key, canBeEmpty: false);
        var (workload, engine) = (run.Workload, run.Engine);
        Require(run.Model);
        Require(run.Hardware);
        RequireText("version_tag", "the version's tag", run.VersionTag, canBeEmpty: false);
        RequireText("machine_fingerprint", "the machine's fingerprint", run.MachineFingerprint, canBeEmpty: false);
        RequireText("provenance_source", "the provenance's source", run.ProvenanceSource);
        RequireText("suite", "the suite", run.Suite);
        RequireText("benchmark_version", "the benchmark's version", run.BenchmarkVersion);
        RequireText("scenario", "the scenario", workload.Scenario);
        RequireText("precision", "the precision", workload.Precision);
        RequireText("backend", "the backend", engine.Backend);
        RequireText("runtime_version", "the backend's version", engine.Version);
        RequireText("execution_provider", "the execution provider", engine.ExecutionProvider);
        RequireText("driver_version", "the driver's version", engine.DriverVersion);
        RequireJson("environment", "the environment", run.EnvironmentJson);
        RequireJson("execution_provider_options", "the execution provider's options", engine.OptionsJson);
        RequireReasons(run.Reasons);
        RequireSize("samples_base64", "the samples", run.Samples?.Content.LongLength ?? 0, MaxSampleBytes);
        RequireText("samples_format", "the samples' format", run.Samples?.Format, canBeEmpty: false);
        if (run.BundleSha256 is { } digest && (digest.Length != 64 || !digest.All(char.IsAsciiHexDigit)))
            throw new UnfitTextException("bundle_sha256", "the bundle's SHA-256", digest, "is not 64 hexadecimal digits");

        RequireRange("batch_size", "batch size", workload.BatchSize, 1, int.MaxValue);
        RequireRange("input_tokens", "input tokens", workload.InputTokens, 0, int.MaxValue);
        RequireRange("output_tokens", "output tokens", workload.OutputTokens, 0, int.MaxValue);
        RequireRange("concurrency", "concurrency", workload.Concurrency, 1, int.MaxValue);
        RequireRange("offered_rate", "offered rate", workload.OfferedRate, 0, MaxRate, "1/s");
        RequireRange("threads", "threads", engine.Threads, 1, int.MaxValue);
        RequireRange("launch_count", "launches", run.LaunchCount, 1, int.MaxValue);
        RequireRange("duration", "duration", run.Duration.TotalSeconds, 0, MaxDuration.TotalSeconds, "s");
        if (run.StartedAt < Earliest || run.StartedAt > now + ClockDifference)
            throw new UnfitTimeException(run.Key, run.StartedAt, now);

        for (var i = 0; i < run.Metrics.Count; i++)
        {
            Require(run.Metrics[i]);
            if (run.Verdict == RunVerdict.Valid)
                RequireSomething(run.Metrics[i]);
            if (run is { Verdict: RunVerdict.Valid, LaunchCount: 1 }) // of several launches it is that of their medians
                RequireCentre(run.Metrics[i]);
            for (var j = 0; j < i; j++)
                if (ReferenceEquals(run.Metrics[j].Metric, run.Metrics[i].Metric))
                    throw new ImpossibleValueException(run.Metrics[i].Metric.Name, $"{run.Metrics[i].Metric} is given twice", "it is given twice", "a run has one result of a metric");
        }
    }

    public static void Require(BenchmarkedModel model)
    {
        RequireText("model", "the model's name", model.Name, canBeEmpty: false);
        RequireText("model_registry", "the model's registry", model.Registry);
        RequireText("model_architecture", "the model's architecture", model.Architecture);
        RequireText("model_task", "the model's task", model.Task);
        RequireRange("model_parameters", "parameters of the model", model.ParameterCount, 0, MaxBytes);
        RequireRange("model_size_bytes", "size of the model", model.SizeBytes, 0, MaxBytes, "B");
        RequireJson("model_metadata", "the model's metadata", model.MetadataJson);
    }

    public static void Require(HardwarePlatform hardware)
    {
        RequireText("hardware", "the hardware's name", hardware.Name, canBeEmpty: false);
        RequireText("hardware_vendor", "the hardware's vendor", hardware.Vendor);
        RequireText("hardware_device", "the hardware's device", hardware.Device);
        RequireRange("hardware_device_count", "devices", hardware.DeviceCount, 1, int.MaxValue);
        RequireRange("hardware_memory_bytes", "memory of the hardware", hardware.MemoryBytes, 0, MaxBytes, "B");
        RequireRange("hardware_memory_bytes_per_second", "memory bandwidth of the hardware", hardware.MemoryBytesPerSecond, 0, MaxBytesPerSecond, "B/s");
        RequireJson("hardware_metadata", "the hardware's metadata", hardware.MetadataJson);
        foreach (var peak in hardware.Peaks)
        {
            RequireText("hardware_peaks", "the precision of a peak", peak.Precision, canBeEmpty: false);
            RequireText("hardware_peaks", "the source of a peak", peak.Source);
            RequireRange("hardware_peaks", "peak of the hardware", peak.OperationsPerSecond, double.Epsilon, MaxOperationsPerSecond, "1/s");
        }
    }

    private static void RequireText(string field, string what, string? text, bool canBeEmpty = true)
    {
        if (text is null)
            return;
        if (text.Length == 0 && !canBeEmpty)
            throw new UnfitTextException(field, what, text, "is empty");
        if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 || text.AsSpan().IndexOfAnyInRange('\u007f', '\u009f') >= 0)
            throw new UnfitTextException(field, what, text, "has a control character");
        RequireUnicode(field, what, text, MaxTextBytes);
    }

    private static void Require(MetricResult result)
    {
        var metric = result.Metric;
        RequireStatistic(metric, "n", "number of samples", result.SampleCount, 1, MaxSamples, "");
        RequireStatistic(metric, "mean", "mean", result.Mean, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "p50", "p50", result.P50, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "p90", "p90", result.P90, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "p95", "p95", result.P95, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "p99", "p99", result.P99, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "stdev", "standard deviation", result.StandardDeviation, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "ci_low", "lower confidence limit", result.ConfidenceLow, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "ci_high", "upper confidence limit", result.ConfidenceHigh, 0, metric.Maximum, metric.Unit);
        RequireStatistic(metric, "ci_level", "confidence level", result.ConfidenceLevel, double.Epsilon, Math.BitDecrement(1), "");
        if (!result.HasValue)
            throw new ImpossibleValueException($"{metric}.mean", $"{metric} has neither a mean nor a percentile", "it is missing", "so are all percentiles");
        RequireOrder(metric, "p50", result.P50, "p90", result.P90);
        RequireOrder(metric, "p50", result.P50, "p95", result.P95);
        RequireOrder(metric, "p50", result.P50, "p99", result.P99);
        RequireOrder(metric, "p90", result.P90, "p95", result.P95);
        RequireOrder(metric, "p90", result.P90, "p99", result.P99);
        RequireOrder(metric, "p95", result.P95, "p99", result.P99);
        RequireOrder(metric, "lower confidence limit", result.ConfidenceLow, "upper one", result.ConfidenceHigh);
    }

    // The interval is the median's, or of some sources the mean's: one of them lies in it.
    private static void RequireCentre(MetricResult result)
    {
        // Sources round each number in its own way.
        const double Rounding = 0.01;
        if (result is not { ConfidenceLow: { } low, ConfidenceHigh: { } high } || (result.P50 ?? result.Mean) is not { } centre)
            return;
        if (Holds(result.P50) || Holds(result.Mean))
            return;
        var unit = result.Metric.Unit is "1" ? "" : " " + result.Metric.Unit;
        var (name, shown) = (result.P50 is null ? "mean" : "p50", $"{Number(centre)}{unit}");
        throw new ImpossibleValueException($"{result.Metric}.ci_low", $"{name} of {result.Metric} is {shown}", $"{name} is {shown}",
            $"the confidence interval from {Number(low)} to {Number(high)}{unit} holds neither the median nor the mean");

        bool Holds(double? value) => value is { } number && number >= low - (low * Rounding) && number <= high + (high * Rounding);
    }

    // Nothing answers in no time, and what answered nothing was not measured. Of a run that is not valid this may be the reason.
    private static void RequireSomething(MetricResult result)
    {
        if (result.Metric != Metric.Latency && result.Metric != Metric.Throughput)
            return;
        (string Column, double? Value)[] values = [("p50", result.P50), ("mean", result.Mean), ("p90", result.P90), ("p95", result.P95), ("p99", result.P99)];
        if (Array.Find(values, value => value.Value is not null) is { Value: 0 } zero)
            throw new ImpossibleValueException($"{result.Metric}.{zero.Column}", $"{zero.Column} of {result.Metric} is 0 {result.Metric.Unit}", $"0 {result.Metric.Unit}",
                "that of a valid run is above 0");
    }

    private static void RequireOrder(Metric metric, string lower, double? low, string higher, double? high)
    {
        if (low > high)
        {
            var found = $"{lower} is {Number(low)} {metric.Unit}";
            throw new ImpossibleValueException(metric.Name, $"{lower} of {metric} is {Number(low)} {metric.Unit}", found, $"its {higher} is {Number(high)} {metric.Unit}");
        }
    }

    private static void RequireRange(string field, string what, double? value, double least, double most, string unit = "")
    {
        if (!IsWithin(value, least, most))
            throw Impossible(field, what, value, least, most, unit);
    }

    private static void RequireStatistic(Metric metric, string column, string what, double? value, double least, double most, string unit)
    {
        if (!IsWithin(value, least, most))
            throw Impossible($"{metric}.{column}", $"{what} of {metric}", value, least, most, unit);
    }

    // False for what is no number.
    private static bool IsWithin(double? value, double least, double most) => value is null || value >= least && value <= most;

    private static ImpossibleValueException Impossible(string field, string what, double? value, double least, double most, string unit)
    {
        unit = unit is "" or "1" ? "" : " " + unit;
        return new ImpossibleValueException(field, $"{what} is {Number(value)}{unit}", $"{Number(value)}{unit}",
            value > most ? $"the most is {Number(most)}{unit}" : value < least ? $"the least is {Number(least == double.Epsilon ? 0 : least)}{unit}" : "that is no number");
    }

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static void RequireReasons(IReadOnlyList<string> reasons)
    {
        const string Field = "verdict_reasons";
        if (reasons.Count > MaxReasons)
            throw new UnfitTextException(Field, "the list of reasons", $"{reasons.Count} of them", $"is longer than {MaxReasons}");
        foreach (var reason in reasons)
            RequireUnicode(Field, "a reason of the verdict", reason, MaxTextBytes);
    }

    private static void RequireJson(string field, string what, string? json)
    {
        if (json is null)
            return;
        // Before its bytes are counted, which takes as much memory again.
        RequireSize(field, what, json.Length, MaxJsonBytes);
        var length = RequireUnicode(field, what, json, MaxJsonBytes);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Encoding.UTF8.GetBytes(json, rented);
            RequireObject(field, what, rented.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void RequireObject(string field, string what, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new UnfitJsonException(field, what, "it is no object");
            while (reader.Read())
            {
            }
        }
        catch (JsonException exception)
        {
            throw new UnfitJsonException(field, what, reader.CurrentDepth >= MaxJsonDepth ? $"it is nested deeper than {MaxJsonDepth} levels" : exception.Message);
        }
    }

    private static void RequireSize(string field, string what, long size, int most)
    {
        if (size > most)
            throw new UnfitJsonException(field, what, $"it has {size} bytes, and may have {most}");
    }

    /// <returns>How many bytes the text has in UTF-8.</returns>
    private static int RequireUnicode(string field, string what, string text, int maxBytes)
    {
        int length;
        try
        {
            length = text.Contains('\0') ? throw new UnfitTextException(field, what, text, "has a NUL") : StrictUtf8.Encoding.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            throw new UnfitTextException(field, what, text, "has half a surrogate pair");
        }
        return length <= maxBytes ? length : throw new UnfitTextException(field, what, text, $"has {length} bytes in UTF-8, and may have {maxBytes}");
    }
}

/// <summary>A run says what no run can be stored with.</summary>
/// <param name="field">See <see cref="Field"/>.</param>
/// <param name="reason">See <see cref="Reason"/>.</param>
public abstract class UnfitRunException(ErrorCode code, string field, string reason, string problem, string remedy) : DatabaseException(code, problem, remedy)
{
    /// <summary>What of the run it is, as the column of an export is called: "batch_size", "latency.e2e.p99".</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it, for a list of fields: "-1 s, and the least is 0 s".</summary>
    public string Reason { get; } = reason;
}

/// <summary>A run says a number that cannot have been measured.</summary>
public sealed class ImpossibleValueException(string field, string problem, string found, string bound) : UnfitRunException(
    ErrorCode.RunValueImpossible,
    field, $"{found}, and {bound}",
    $"The run cannot be stored: its {problem}, and {bound}.",
    "Check the unit: times are in seconds, memory in bytes, energy in joules, rates in 1/s, shares from 0 to 1. Nothing was stored.");

/// <summary>A name or another short text of a run is too long, or has what no name has.</summary>
public sealed class UnfitTextException(string field, string what, string text, string problem) : UnfitRunException(
    ErrorCode.RunTextUnfit,
    field, $"it {problem}",
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
public sealed class UnfitJsonException(string field, string what, string problem) : UnfitRunException(
    ErrorCode.RunJsonUnfit,
    field, problem,
    $"The run cannot be stored: {what} does not fit: {problem}.",
    "Correct it, or leave it away. Nothing was stored.");

/// <summary>A run says that it started in the future, or before there was anything to compare it with.</summary>
public sealed class UnfitTimeException(string key, DateTimeOffset startedAt, DateTimeOffset now) : UnfitRunException(
    ErrorCode.RunTimeUnfit,
    "started_at", $"{Text(startedAt)} is not between the year 2000 and a day from now ({Text(now)})",
    $"The run '{key}' cannot be stored: it started at {Text(startedAt)}, and here it is {Text(now)}.",
    "Set the clock of the machine that measured, or of this one, and correct the run. Times from the year 2000 to a day from now are taken. Nothing was stored.")
{
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
