using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>The batch and the precision to run a model with on one machine, of those that were measured there.</summary>
/// <param name="BatchSize">The smallest that reaches 95 % of the best throughput that fits into the memory; null where none was said.</param>
/// <param name="Precision">The fastest of those that are fp32 or have a stored proof of their accuracy; null where none is.</param>
/// <param name="MemoryBytes">Peak at that setting, the largest where none is recommended; null where it was not measured.</param>
/// <param name="MemoryMetric">Whose memory that is.</param>
/// <param name="Notes">Why something is null, in sentences.</param>
public sealed record RecommendedSetting(int? BatchSize, string? Precision, double? MemoryBytes, Metric? MemoryMetric, IReadOnlyList<string> Notes)
{
    private const double NearlyBest = 0.95;

    // The rest is for the system and for what other programs need at times.
    private const double UsableMemory = 0.9;

    private static readonly Metric[] Throughputs = [Metric.Throughput, Metric.OutputTokenThroughput, Metric.InputTokenThroughput];

    /// <param name="observations">All valid runs of one model on this machine.</param>
    /// <param name="provenPrecisions">Whose accuracy was measured, and is within its bound.</param>
    public static RecommendedSetting Of(HardwarePlatform hardware, IEnumerable<RunObservation> observations, IReadOnlySet<string> provenPrecisions)
    {
        var runs = observations.DistinctBy(run => run.RunId).OrderBy(run => run.RunId).ToArray();
        List<string> notes = [];
        var trusted = Array.FindAll(runs, run => PrecisionClass.Of(run.Workload.Precision) == PrecisionClass.Reference
            || (run.Workload.Precision is { } name && provenPrecisions.Contains(name)));
        if (trusted.Length == 0)
        {
            var names = runs.Select(run => run.Workload.Precision ?? "unknown").Distinct().Order(StringComparer.Ordinal);
            notes.Add($"No precision is recommended: none of {string.Join(", ", names)} has a stored accuracy proof, and {PrecisionClass.Reference} was not measured.");
            return new RecommendedSetting(null, null, LargestMemory(runs, out var metric), metric, notes);
        }
        // One use of the model decides: the one that was measured most.
        var use = trusted.GroupBy(run => run.Stratum with { BatchClass = null, Precision = "" })
            .OrderByDescending(group => group.Sum(run => run.LaunchCount)).ThenBy(group => group.Key, WorkloadStratum.InOrder).First();
        var throughput = Throughputs.Where(metric => use.Any(run => Positive(run, metric) is not null))
            .MaxBy(metric => use.Count(run => Positive(run, metric) is not null));
        var settings = use.Where(run => run.Workload.Precision is not null).GroupBy(run => (Precision: run.Workload.Precision!, run.Workload.BatchSize)) // filtered so
            .Select(group => new Setting(group.Key.Precision, group.Key.BatchSize, throughput is null ? null : Median(group, throughput), LargestMemory(group, out var metric), metric))
            .Where(setting => Fits(setting, hardware) && setting.Throughput is not null).ToArray();
        if (settings.Length == 0)
        {
            notes.Add(throughput is null ? "No batch is recommended: no run says a throughput."
                : $"No batch is recommended: each takes more than {UsableMemory:P0} of the machine's memory.");
            return new RecommendedSetting(null, null, LargestMemory(trusted, out var metric), metric, notes);
        }
        var best = settings.OrderByDescending(setting => setting.Throughput).ThenBy(setting => setting.BatchSize).ThenBy(setting => setting.Precision, StringComparer.Ordinal).First();
        var chosen = settings.Where(setting => setting.Precision == best.Precision && setting.Throughput >= NearlyBest * best.Throughput)
            .OrderBy(setting => setting.BatchSize ?? int.MaxValue).First();
        return new RecommendedSetting(chosen.BatchSize, chosen.Precision, chosen.MemoryBytes, chosen.MemoryMetric, notes);
    }

    private static bool Fits(Setting setting, HardwarePlatform hardware) =>
        // Of a device's own memory, or of a processor's, which is the host's.
        setting.MemoryBytes is not { } needed || hardware.MemoryBytes is not > 0
        || (setting.MemoryMetric == Metric.PeakMemory && hardware.Kind != HardwareKind.Cpu) || needed <= UsableMemory * hardware.MemoryBytes;

    private static double? Median(IEnumerable<RunObservation> runs, Metric metric)
    {
        List<(double, int)> values = [.. runs.Where(run => Positive(run, metric) is not null).Select(run => (run.Values[metric], run.LaunchCount))];
        return values.Count == 0 ? null : WeightedMedian.Of(values);
    }

    // Memory that is needed is the most that was seen, not the median.
    private static double? LargestMemory(IEnumerable<RunObservation> runs, out Metric? metric)
    {
        foreach (var memory in (ReadOnlySpan<Metric>)[Metric.PeakDeviceMemory, Metric.PeakMemory])
        {
            if (runs.Max(run => Positive(run, memory)) is { } largest)
            {
                metric = memory;
                return largest;
            }
        }
        metric = null;
        return null;
    }

    private static double? Positive(RunObservation run, Metric metric) =>
        run.Values.TryGetValue(metric, out var value) && value > 0 && double.IsFinite(value) ? value : null;

    private sealed record Setting(string Precision, int? BatchSize, double? Throughput, double? MemoryBytes, Metric? MemoryMetric);
}
