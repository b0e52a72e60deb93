using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>What a result can be. Beyond it is a mistake of units or a damaged file, and the row is refused.</summary>
internal static class RunLimits
{
    /// <summary>Characters of a name.</summary>
    public const int NameLength = 1000;

    private const int LongestText = 1 << 20;

    /// <exception cref="RowRefusedException">It makes no sense.</exception>
    public static void Check(BenchmarkRun run, DateTimeOffset now)
    {
        Name("model", run.Model.Name, isRequired: true);
        Name("hardware", run.Hardware.Name, isRequired: true);
        Name("version_tag", run.VersionTag);
        Name("run_key", run.Key, isRequired: true);
        Name("suite", run.Suite);
        Name("scenario", run.Workload.Scenario);
        Name("precision", run.Workload.Precision);
        Name("backend", run.Engine.Backend);
        Name("runtime_version", run.Engine.Version);
        Name("execution_provider", run.Engine.ExecutionProvider);
        Name("machine_fingerprint", run.MachineFingerprint, isRequired: true);
        foreach (var (column, text) in (ReadOnlySpan<(string, string?)>)
            [("environment", run.EnvironmentJson), ("model_metadata", run.Model.MetadataJson), ("hardware_metadata", run.Hardware.MetadataJson),
                ("execution_provider_options", run.Engine.OptionsJson)])
            Json(column, text);
        if (run.StartedAt < RunCheck.Earliest || run.StartedAt > now + RunCheck.ClockDifference)
            throw new RowRefusedException("started_at", $"{run.StartedAt:yyyy-MM-ddTHH:mm:ssZ} is not between 2000 and now");
        if (run.Metrics.Count == 0)
            throw new RowRefusedException(null, "it has no metric that GPUX keeps");
        var names = new HashSet<string>();
        foreach (var result in run.Metrics)
        {
            if (!names.Add(result.Metric.Name))
                throw new RowRefusedException(result.Metric.Name, "it comes twice");
            Check(result);
        }
    }

    private static void Check(MetricResult result)
    {
        var name = result.Metric.Name;
        var largest = result.Metric.Maximum;
        foreach (var (statistic, value) in (ReadOnlySpan<(string, double?)>)
            [("mean", result.Mean), ("p50", result.P50), ("p90", result.P90), ("p95", result.P95), ("p99", result.P99),
                ("stdev", result.StandardDeviation), ("ci_low", result.ConfidenceLow), ("ci_high", result.ConfidenceHigh)])
        {
            if (value is { } number && !(number >= 0 && number <= largest))
                throw new RowRefusedException($"{name}.{statistic}", FormattableString.Invariant($"{number:R} {result.Metric.Unit} is not between 0 and {largest:R}"));
        }
        if (result.SampleCount < 1)
            throw new RowRefusedException($"{name}.n", $"{result.SampleCount} is less than 1");
        if (result.P50 > result.P90 || result.P90 > result.P95 || result.P95 > result.P99 || result.P50 > result.P95 || result.P50 > result.P99 || result.P90 > result.P99)
            throw new RowRefusedException(name, "its percentiles fall");
        if (result.ConfidenceLow > result.ConfidenceHigh || result.ConfidenceLevel is <= 0 or >= 1)
            throw new RowRefusedException(name, "its interval is none");
    }

    private static void Name(string column, string? name, bool isRequired = false)
    {
        if (name is null or "" && isRequired)
            throw new RowRefusedException(column, "it is missing");
        if (name?.Length > NameLength)
            throw new RowRefusedException(column, $"it has {name.Length:N0} characters; at most {NameLength:N0} are kept");
        if (name?.Any(char.IsControl) == true)
            throw new RowRefusedException(column, "it has a control character");
    }

    private static void Json(string column, string? text)
    {
        if (text is null)
            return;
        if (text.Length > LongestText)
            throw new RowRefusedException(column, $"it has {text.Length:N0} characters; at most {LongestText:N0} are kept");
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = RunCheck.MaxJsonDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new RowRefusedException(column, "it is no JSON object");
        }
        catch (JsonException exception)
        {
            throw new RowRefusedException(column, $"it is no JSON: {exception.Message}");
        }
    }
}
