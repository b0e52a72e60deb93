using System.Globalization;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Reports;

/// <summary>How B differs from A.</summary>
public enum ComparisonVerdict
{
    Better,
    Worse,

    /// <summary>The whole interval lies within <see cref="LogRatio.Tolerance"/>.</summary>
    Equivalent,

    /// <summary>Chance explains the difference, or there are too few values to tell.</summary>
    Inconclusive,
}

/// <summary>One metric of A and B.</summary>
/// <param name="TypicalA">The geometric mean of A's values, in the metric's unit.</param>
/// <param name="Factor">How many times better B is; below 1 it is worse. Null where that cannot be said.</param>
/// <param name="AdjustedPValue">For all metrics and workloads that were compared together; null without a factor.</param>
/// <param name="Words">The verdict: "B is 1.32x faster (95 % 1.29-1.35)".</param>
public sealed record MetricComparison(Metric Metric, double TypicalA, double TypicalB, LogRatio? Factor, double? AdjustedPValue, ComparisonVerdict Verdict, string Words);

/// <summary>Whether B is better than A at one workload, by the launches of both.</summary>
/// <remarks>What is compared are independent values, as <see cref="RunEvidence"/> finds them; repetitions within a launch are none. The factor
/// and its interval are those of <see cref="LogRatio"/>. Why: docs/decisions/0015-comparisons.md.</remarks>
/// <param name="A">Runs of one kind; empty where B alone ran the workload.</param>
/// <param name="B">Runs of one kind; empty where A alone ran the workload.</param>
/// <param name="Obstacles">Why the two cannot be compared; empty when they can.</param>
/// <param name="Metrics">Those that both have, in the order of <see cref="Metric.All"/>; empty when the two cannot be compared.</param>
public sealed record RunComparison(IReadOnlyList<BenchmarkRun> A, IReadOnlyList<BenchmarkRun> B, IReadOnlyList<string> Obstacles, IReadOnlyList<MetricComparison> Metrics)
{
    // What tells runs of one workload on one platform apart, in the order in which they are taken apart.
    private static readonly (string Name, Func<BenchmarkRun, string> Value, bool MayDiffer)[] Traits =
    [
        ("machine", run => run.MachineFingerprint, false), ("benchmark", run => $"{run.Suite} {run.BenchmarkVersion}", false),
        ("model", run => run.Model.Name, true), ("version", run => run.VersionTag ?? "none", true),
        .. EngineTrait.All.Select(trait => (trait.Name, (Func<BenchmarkRun, string>)(run => trait.Of(run.Engine)), true)), ("precision", run => run.Workload.Precision ?? "unknown", true),
    ];

    /// <summary>How the two were measured otherwise, which may be what is to be compared: "provider cpu -> cuda". Of runs that one side alone has, what the other has not: "threads 1".</summary>
    public IReadOnlyList<string> Differences { get; init; } = [];

    /// <summary>Whether both sides ran the workload, in ways that may be compared.</summary>
    public bool IsComparable => A.Count > 0 && B.Count > 0 && Obstacles.Count == 0;

    /// <summary>Whether launches are the values, and not runs: see <see cref="Moments.OfRuns"/>.</summary>
    public bool IsOfLaunches => !Moments.AreValues(A.Count, B.Count);

    /// <summary>What was measured and is not compared, each with the reason; empty when the two cannot be compared.</summary>
    public IReadOnlyList<string> LeftOut => !IsComparable ? [] : [.. Metric.All.Select(metric => (metric, Why: WhyLeftOut(metric))).Where(each => each.Why is not null)
        .Select(each => $"{each.metric.Name}: {each.Why}")];

    /// <summary>Compares like with like: workload, machine, benchmark, model, version, engine and precision. The last four may be what the two differ by, where they have
    /// none in common and one each. Where they have no workload and hardware in common, all of one with all of the other, which says why that is not to be.</summary>
    /// <param name="a">At least one run.</param>
    /// <param name="b">At least one run.</param>
    /// <param name="level">Of the intervals, between 0 and 1.</param>
    public static IReadOnlyList<RunComparison> Of(IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b, double level = 0.95)
    {
        if (a.Count == 0 || b.Count == 0)
            throw new ArgumentException("Each side has at least one run.");
        var pairs = Pairs(a, b);
        var measured = pairs.ConvertAll(pair => pair.IsComparable ? MeasuredMetric.Of(pair.A, pair.B, level) : []);
        // One test in twenty would alarm by chance: those of all metrics and workloads are judged together.
        var adjusted = LogRatio.Adjust([.. measured.SelectMany(metrics => metrics).Select(metric => metric.Factor)]);
        var tests = measured.Sum(metrics => metrics.Count(metric => metric.Factor is { IsBounded: true }));
        var next = 0;
        return [.. pairs.Select((pair, i) => pair with { Metrics = [.. measured[i].Select(metric => metric.Judge(adjusted[next++], tests))] })];
    }

    /// <summary>A factor as people read it: 1.32x.</summary>
    public static string Times(double factor) => factor >= 9.995 ? string.Create(CultureInfo.InvariantCulture, $"{factor:0.#}x") : string.Create(CultureInfo.InvariantCulture, $"{factor:0.00}x");

    private static List<RunComparison> Pairs(IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b)
    {
        static string Place(BenchmarkRun run) => $"{WorkloadOf(run)} {run.Hardware.Name}";
        var (ofA, ofB) = (a.ToLookup(Place), b.ToLookup(Place));
        var common = ofA.Where(group => ofB.Contains(group.Key)).ToArray();
        if (common.Length == 0)
            return [new RunComparison(a, b, ObstaclesOf(a, b), [])];
        return
        [
            .. common.SelectMany(group => LikeWithLike([.. group], [.. ofB[group.Key]], 0))
                .Concat(Alone(a.Where(run => !ofB.Contains(Place(run))), b.Where(run => !ofA.Contains(Place(run))))).OrderBy(pair => pair.A.Count == 0 || pair.B.Count == 0),
        ];
    }

    /// <summary>Trait by trait: where the sides have a value in common, each such value is compared with itself, and the rest is left out. Where they have none, that is what they differ by.</summary>
    /// <param name="trait">The first of <see cref="Traits"/> that is not decided.</param>
    private static IEnumerable<RunComparison> LikeWithLike(BenchmarkRun[] a, BenchmarkRun[] b, int trait)
    {
        if (trait == Traits.Length)
            return [new RunComparison(a, b, ObstaclesOf(a, b), []) { Differences = DifferencesOf(a, b) }];
        var (name, value, _) = Traits[trait];
        var (ofA, ofB) = (a.ToLookup(value), b.ToLookup(value));
        var common = ofA.Select(group => group.Key).Where(ofB.Contains).ToArray();
        if (common.Length == 0)
            return LikeWithLike(a, b, trait + 1);
        return common.SelectMany(each => LikeWithLike([.. ofA[each]], [.. ofB[each]], trait + 1))
            .Concat(Alone(a.Where(run => !ofB.Contains(value(run))), b.Where(run => !ofA.Contains(value(run))), run => [$"{name} {(IsDigest(value(run)) ? value(run)[..8] : value(run))}"]));
    }

    /// <param name="why">What the other side has not.</param>
    private static IEnumerable<RunComparison> Alone(IEnumerable<BenchmarkRun> a, IEnumerable<BenchmarkRun> b, Func<BenchmarkRun, string[]>? why = null)
    {
        string Kind(BenchmarkRun run) => $"{WorkloadOf(run)} {run.Workload.Precision} {string.Join(' ', why?.Invoke(run) ?? [])}";
        return a.GroupBy(Kind).Select(group => new RunComparison([.. group], [], [], []) { Differences = why?.Invoke(group.First()) ?? [] })
            .Concat(b.GroupBy(Kind).Select(group => new RunComparison([], [.. group], [], []) { Differences = why?.Invoke(group.First()) ?? [] }));
    }

    // What may be compared though it differs; what may not is an obstacle.
    private static string[] DifferencesOf(BenchmarkRun[] a, BenchmarkRun[] b) =>
    [
        .. Traits.Where(trait => trait.MayDiffer).Select(trait => (trait.Name, A: Values(a, trait.Value), B: Values(b, trait.Value)))
            .Where(trait => trait.A != trait.B).Select(trait => $"{trait.Name} {trait.A} -> {trait.B}"),
    ];

    private static string Values(IReadOnlyList<BenchmarkRun> runs, Func<BenchmarkRun, string> value) => string.Join(" and ", runs.Select(value).Distinct().Order(StringComparer.Ordinal));

    // What was asked of the model. The precision is not: another one is what one may want to compare.
    private static string WorkloadOf(BenchmarkRun run) =>
        $"{run.Workload.TaskType.ToString().ToLowerInvariant()}, {run.Workload.Scenario}, {RunNames.Describe(run.Workload with { Precision = null })}".TrimEnd(',', ' ');

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
        foreach (var (name, value, _) in Traits.Where(trait => trait.MayDiffer))
            foreach (var side in (ReadOnlySpan<IReadOnlyList<BenchmarkRun>>)[a, b])
                if (side.Select(value).Distinct().Count() > 1)
                    obstacles.Add($"several {name}{(name.EndsWith('s') ? "" : "s")} on one side, and none in common: {Values(side, value)}");
        foreach (var run in all.Where(run => run.Verdict != RunVerdict.Valid))
            obstacles.Add($"the run {run.Key} is {Names.Of(run.Verdict)}{(run.Reasons.Count > 0 ? $": {string.Join(" ", run.Reasons)}" : "")}");
        return obstacles;
    }

    private string? WhyLeftOut(Metric metric)
    {
        bool Has(BenchmarkRun run) => run[metric] is not null;
        if (Metrics.Any(compared => compared.Metric == metric) || !(A.Any(Has) || B.Any(Has)))
            return null;
        if (!A.Any(Has) || !B.Any(Has))
            return A.Any(Has) ? "A alone has it" : "B alone has it";
        return metric == Metric.Goodput ? "the objectives are not the same, or not known" : A.Concat(B).All(Has) ? "of some runs the tail alone is known, no median and no mean" : "some of the runs do not have it";
    }

    private static bool HaveSameObjectives(BenchmarkRun[] runs) => GoodputShare.Of(runs[0])?.Objectives is { } first && Array.TrueForAll(runs, run => GoodputShare.Of(run)?.Objectives == first);

    // A digest says little at full length.
    private static bool IsDigest(string fingerprint) => fingerprint.Length > 12 && fingerprint.All(char.IsAsciiHexDigit);

    /// <summary>A metric with its factor, before it is known how many others are judged with it.</summary>
    /// <param name="LaunchesTell">Whether more launches in a run would make more values.</param>
    private sealed record MeasuredMetric(Metric Metric, double TypicalA, double TypicalB, LogRatio? Factor, bool LaunchesTell)
    {
        public static List<MeasuredMetric> Of(IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b, double level) =>
            [.. Metric.All.Where(metric => a.Concat(b).All(run => run[metric]?.Typical is not null) && (metric != Metric.Goodput || HaveSameObjectives([.. a, .. b]))).Select(metric => Of(metric, a, b, level))];

        private static MeasuredMetric Of(Metric metric, IReadOnlyList<BenchmarkRun> a, IReadOnlyList<BenchmarkRun> b, double level)
        {
            if (RunEvidence.Of(metric, a, b) is not { } values)
                return new MeasuredMetric(metric, a.Average(run => run[metric]!.Typical!.Value), b.Average(run => run[metric]!.Typical!.Value), null, false); // both have the metric
            var ratio = LogRatio.Of(values.A, values.B, level);
            return new MeasuredMetric(metric, Math.Exp(values.A.Mean), Math.Exp(values.B.Mean), metric.HigherIsBetter ? ratio : ratio.Inverse(), values.LaunchesTell);
        }

        public MetricComparison Judge(double? adjusted, int tests)
        {
            if (Factor is null)
            {
                var same = TypicalA == TypicalB;
                return new MetricComparison(Metric, TypicalA, TypicalB, null, null, same ? ComparisonVerdict.Equivalent : ComparisonVerdict.Inconclusive,
                    same ? $"both {UnitScale.Format(Metric.Unit, TypicalA)}" : "inconclusive: there is no ratio to zero");
            }
            var verdict = Factor.Verdict(adjusted!.Value); // of a factor there is one
            return new MetricComparison(Metric, TypicalA, TypicalB, Factor, adjusted, verdict switch
            {
                RatioVerdict.Greater => ComparisonVerdict.Better,
                RatioVerdict.Less => ComparisonVerdict.Worse,
                RatioVerdict.Equivalent => ComparisonVerdict.Equivalent,
                _ => ComparisonVerdict.Inconclusive,
            }, Say(Factor, verdict, tests));
        }

        private string Say(LogRatio factor, RatioVerdict verdict, int tests)
        {
            var (does, may, better, worse) = Words(Metric);
            var word = factor.Ratio >= 1 ? better : worse;
            // The sides are told as A and B are, whichever way round the factor is.
            var (size, low, high) = factor.Ratio >= 1 ? (factor.Ratio, factor.Low, factor.High) : (1 / factor.Ratio, 1 / factor.High, 1 / factor.Low);
            var level = string.Create(CultureInfo.InvariantCulture, $"{factor.Level * 100:0.#} %");
            var interval = $"{level} {Times(low)[..^1]}-{Times(high)[..^1]}";
            return verdict switch
            {
                RatioVerdict.Greater or RatioVerdict.Less => $"B {does} {Times(size)} {word} ({interval})",
                RatioVerdict.Equivalent => $"equivalent: within 5 % ({interval}{(Times(factor.Ratio) == Times(1) ? "" : $" {word}")})",
                RatioVerdict.TooFew => $"inconclusive: B may {may} {Times(size)} {word}, but {Fewest(factor)} {LogRatio.LeastValues} are the least"
                    + (LaunchesTell ? $": gpux bench --launches {LogRatio.UsualLaunches}" : ", of as many runs"),
                _ when low > 1 => $"inconclusive: B may {may} {Times(size)} {word} ({interval}), but among {tests} comparisons chance explains that",
                _ => $"inconclusive: B may {may} {Times(size)} {word}, but the interval reaches both sides ({interval} {word})",
            };
        }

        private static string Fewest(LogRatio factor) => Math.Min(factor.CountA, factor.CountB) is var count && count == 1 ? "1 value a side tells nothing;" : $"{count} values a side tell nothing;";

        private static (string Does, string May, string Better, string Worse) Words(Metric metric) => metric.Unit switch
        {
            "B" or "J" => ("takes", "take", "less", "more"),
            _ when metric == Metric.ErrorRate => ("fails", "fail", "less", "more"),
            _ when metric == Metric.RooflineShare => ("achieves", "achieve", "more", "less"),
            _ => ("is", "be", "faster", "slower"),
        };
    }
}
