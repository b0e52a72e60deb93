using System.Globalization;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Reports;

/// <summary>How B differs from A.</summary>
public enum ComparisonVerdict
{
    Better,
    Worse,

    /// <summary>The whole interval lies within <see cref="RunComparison.Tolerance"/>.</summary>
    Equivalent,

    /// <summary>The interval allows for better and worse, or there are too few launches for one.</summary>
    Inconclusive,

    /// <summary>Measured under other conditions: no number would mean anything.</summary>
    NotComparable,
}

/// <summary>One metric of A and B.</summary>
/// <param name="Factor">How many times better B is; below 1 it is worse. Null where that cannot be said.</param>
/// <param name="Verdict">In words too: "B is 1.32x faster (95 % 1.29-1.35)".</param>
/// <param name="TypicalA">The median of A's launches, in the metric's unit.</param>
public sealed record MetricComparison(Metric Metric, double TypicalA, double TypicalB, LogRatio? Factor, ComparisonVerdict Verdict, string Words);

/// <summary>Whether B is better than A, by the launches of both.</summary>
/// <remarks>What is compared are independent launches: the median of each where a run keeps its raw samples, else the median of the run.
/// Repetitions within a launch are no independent evidence. The factor and its interval are those of <see cref="LogRatio"/>.</remarks>
/// <param name="Obstacles">Why the two cannot be compared; empty when they can.</param>
/// <param name="Metrics">Those that both have, in the order of <see cref="Metric.All"/>; empty when the two cannot be compared.</param>
public sealed record RunComparison(IReadOnlyList<string> Obstacles, IReadOnlyList<MetricComparison> Metrics)
{
    /// <summary>A difference of up to this factor is none.</summary>
    public const double Tolerance = 1.05;

    private const int LeastLaunches = 4;

    /// <summary>What the runs are of: the same for those that may be compared. Another precision is what one may want to compare.</summary>
    public static string WorkloadOf(BenchmarkRun run) =>
        $"{run.Workload.TaskType.ToString().ToLowerInvariant()}, {run.Workload.Scenario}, {RunNames.Describe(run.Workload with { Precision = null })}".TrimEnd(',', ' ');

    /// <param name="a">Runs of one kind: at least one.</param>
    /// <param name="b">Runs of one kind: at least one.</param>
    /// <param name="level">Of the intervals, between 0 and 1.</param>
    public static RunComparison Of(IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b, double level = 0.95)
    {
        if (a.Count == 0 || b.Count == 0)
            throw new ArgumentException("Each side has at least one run.");
        var obstacles = ObstaclesOf(a, b);
        return obstacles.Count > 0 ? new RunComparison(obstacles, [])
            : new RunComparison([], [.. Metric.All.Where(metric => a.All(run => run[metric] is not null) && b.All(run => run[metric] is not null)).Select(metric => Compare(metric, a, b, level))]);
    }

    /// <summary>A factor as people read it: 1.32x.</summary>
    public static string Times(double factor) => factor >= 9.995 ? string.Create(CultureInfo.InvariantCulture, $"{factor:0.#}x") : string.Create(CultureInfo.InvariantCulture, $"{factor:0.00}x");

    private static List<string> ObstaclesOf(IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b)
    {
        BenchmarkRun[] all = [.. a, .. b];
        List<string> obstacles = [];
        void Require(string what, Func<BenchmarkRun, string> of)
        {
            var found = all.Select(of).Distinct().ToArray();
            if (found.Length > 1)
                obstacles.Add($"{what}: {string.Join(" and ", found.Take(3).Select(text => text.Length == 0 ? "unknown" : text))}");
        }
        Require("other machines", run => IsDigest(run.MachineFingerprint) ? $"{run.Hardware.Name} ({run.MachineFingerprint[..8]})" : $"{run.Hardware.Name} ({run.MachineFingerprint})");
        Require("other benchmarks", run => $"{run.Suite} {run.BenchmarkVersion}");
        Require("other workloads", WorkloadOf);
        foreach (var run in all.Where(run => run.Verdict != RunVerdict.Valid))
            obstacles.Add($"the run {run.Key} is {run.Verdict.ToString().ToLowerInvariant()}{(run.Reasons.Count > 0 ? $": {string.Join("; ", run.Reasons)}" : "")}");
        return obstacles;
    }

    // A digest says little at full length.
    private static bool IsDigest(string fingerprint) => fingerprint.Length > 12 && fingerprint.All(char.IsAsciiHexDigit);

    private static MetricComparison Compare(Metric metric, IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b, double level)
    {
        var (x, y) = (Launches(metric, a), Launches(metric, b));
        var (typicalA, typicalB) = (Median(x), Median(y));
        if (x.Concat(y).Any(value => value is not (> 0 and < double.PositiveInfinity)))
        {
            var same = typicalA == typicalB && x.Concat(y).All(value => value == typicalA);
            return new MetricComparison(metric, typicalA, typicalB, null, same ? ComparisonVerdict.Equivalent : ComparisonVerdict.Inconclusive,
                same ? $"both {UnitScale.Format(metric.Unit, typicalA)}" : "inconclusive: there is no ratio to zero");
        }
        var factor = metric.HigherIsBetter ? LogRatio.Of(x, y, level) : LogRatio.Of(y, x, level);
        var verdict = !factor.IsBounded ? ComparisonVerdict.Inconclusive
            : factor.Low >= 1 / Tolerance && factor.High <= Tolerance ? ComparisonVerdict.Equivalent
            : factor.Low > 1 ? ComparisonVerdict.Better
            : factor.High < 1 ? ComparisonVerdict.Worse : ComparisonVerdict.Inconclusive;
        return new MetricComparison(metric, typicalA, typicalB, metric.HigherIsBetter ? factor : factor with { CountA = x.Length, CountB = y.Length }, verdict, Say(metric, factor, verdict, Math.Min(x.Length, y.Length)));
    }

    private static string Say(Metric metric, LogRatio factor, ComparisonVerdict verdict, int launches)
    {
        var (does, may, better, worse) = Words(metric);
        var word = factor.Ratio >= 1 ? better : worse;
        var (size, low, high) = factor.Ratio >= 1 ? (factor.Ratio, factor.Low, factor.High) : (1 / factor.Ratio, 1 / factor.High, 1 / factor.Low);
        var level = string.Create(CultureInfo.InvariantCulture, $"{factor.Level * 100:0.#} %");
        var interval = $"{level} {Times(low)[..^1]}-{Times(high)[..^1]}";
        return verdict switch
        {
            ComparisonVerdict.Better or ComparisonVerdict.Worse => $"B {does} {Times(size)} {word} ({interval})",
            ComparisonVerdict.Equivalent => $"equivalent: within 5 % ({interval}{(factor.Ratio == 1 ? "" : $" {word}")})",
            _ when factor.IsBounded => $"inconclusive: B may {may} {Times(size)} {word}, but the interval reaches both sides ({interval} {word})",
            _ => $"inconclusive: B may {may} {Times(size)} {word}, but {launches} launch{(launches == 1 ? "" : "es")} a side tell nothing at {level}; {LeastLaunches} are the least: gpux bench --launches 5",
        };
    }

    private static (string Does, string May, string Better, string Worse) Words(Metric metric) => metric.Unit switch
    {
        "B" or "J" => ("takes", "take", "less", "more"),
        _ when metric == Metric.ErrorRate => ("fails", "fail", "less", "more"),
        _ when metric == Metric.RooflineShare => ("achieves", "achieve", "more", "less"),
        _ => ("is", "be", "faster", "slower"),
    };

    private static double[] Launches(Metric metric, IReadOnlyList<BenchmarkRun> runs) =>
    [
        .. runs.SelectMany(run => metric == Metric.Latency && RunLatencies.Of(run.Samples) is { Launches.Count: > 1 } latencies
            ? latencies.Launches.Select(Median) : [run[metric]!.Typical]), // both have the metric
    ];

    private static double Median(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
