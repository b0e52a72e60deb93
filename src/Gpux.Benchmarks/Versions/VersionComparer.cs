using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Versions;

/// <summary>Compares two snapshots, pair by pair of what was measured in the same way.</summary>
internal static class VersionComparer
{
    // As much of a digest as people compare.
    private const int ShownFingerprint = 12;

    private static readonly Metric[] Metrics =
    [
        Metric.Latency, Metric.TimeToFirstToken, Metric.TimePerOutputToken, Metric.Throughput, Metric.InputTokenThroughput, Metric.OutputTokenThroughput,
    ];

    public static VersionComparison Compare(CompatibilitySnapshot before, CompatibilitySnapshot after)
    {
        var (first, second) = (before.Entries.ToDictionary(entry => entry.Hardware), after.Entries.ToDictionary(entry => entry.Hardware));
        var both = first.Keys.Intersect(second.Keys).Order(StringComparer.Ordinal).ToArray();
        var changes = Adjusted([.. both.Select(hardware => Compare(first[hardware], second[hardware]))]);
        string[] onlyBefore = [.. first.Keys.Except(second.Keys).Order(StringComparer.Ordinal)], onlyAfter = [.. second.Keys.Except(first.Keys).Order(StringComparer.Ordinal)];
        List<string> notes = [];
        if (onlyBefore.Length + onlyAfter.Length > 0 && both.Length > 0)
            notes.Add("The two snapshots have different hardware: a score is relative to the best of its own snapshot.");
        notes.AddRange(both.Where(hardware => first[hardware].HardwareSha256 != second[hardware].HardwareSha256)
            .Select(hardware => $"What is known of {hardware}, such as its memory, was another at the second snapshot."));
        if (Array.Find(both, hardware => !HaveSameScore(first[hardware], second[hardware])) is { } unlike)
        {
            notes.Add($"The scores are of unlike formulas, and are not compared: {first[unlike].FormulaText} and {second[unlike].FormulaText}. New snapshots have one: "
                + $"{SnapshotCommand(before, second[unlike])}; {SnapshotCommand(after, second[unlike])}");
        }
        if (both.Length == 1 && onlyBefore.Length + onlyAfter.Length == 0)
            notes.Add("There is one machine, whose score compares it with itself: look at the workloads.");
        return new VersionComparison(before, after, changes, onlyBefore, onlyAfter, notes);
    }

    // Of an unknown formula nobody knows whether it is the other one.
    private static bool HaveSameScore(SnapshotEntry before, SnapshotEntry after) => before.ScoreVersion == after.ScoreVersion && before.Formula is not null && before.Formula == after.Formula;

    private static string SnapshotCommand(CompatibilitySnapshot of, SnapshotEntry like) =>
        $"gpux db create-snapshot --model {ShellWord.Of(of.Model)} --version {ShellWord.Of(of.VersionTag)} --score {Names.Of(like.Form)}";

    private static HardwareChange Compare(SnapshotEntry before, SnapshotEntry after)
    {
        var (workloads, differences) = CompareRuns(before.Runs, after.Runs);
        // Numbers that other rules made are no change of the model.
        var isSameScore = HaveSameScore(before, after);
        if (!isSameScore)
            differences.Add($"score version {before.ScoreVersion}, {before.FormulaText} -> {after.ScoreVersion}, {after.FormulaText}");
        return new HardwareChange(before.Hardware, before.Kind,
            isSameScore ? new Change(before.CompatibilityScore, after.CompatibilityScore) : default,
            isSameScore ? new Change(before.SuitabilityScore, after.SuitabilityScore) : default,
            new Change(before.MemoryRequirement, after.MemoryRequirement), workloads, differences)
        {
            FormulaBefore = before.Formula,
            FormulaAfter = after.Formula,
        };
    }

    private static (List<WorkloadChange> Changes, List<string> Differences) CompareRuns(IReadOnlyList<RunObservation> before, IReadOnlyList<RunObservation> after)
    {
        var (first, second) = (before.ToLookup(Condition.Of), after.ToLookup(Condition.Of));
        List<WorkloadChange> changes = [];
        var differences = Differences([.. before.Where(run => !second.Contains(Condition.Of(run)))], [.. after.Where(run => !first.Contains(Condition.Of(run)))]);
        foreach (var condition in first.Select(group => group.Key).Where(second.Contains).OrderBy(condition => condition.Stratum, WorkloadStratum.InOrder))
        {
            var pairs = ByPrecision([.. first[condition]], [.. second[condition]]);
            if (pairs.Length == 0)
                differences.Add($"precision {Precisions(first[condition])} -> {Precisions(second[condition])}");
            foreach (var (from, to) in pairs)
                changes.AddRange(Compare(condition.Workload, from, to));
        }
        return (changes, [.. differences.Distinct()]);

        static string Precisions(IEnumerable<RunObservation> runs) =>
            string.Join(" and ", runs.Select(run => run.Workload.Precision ?? "unknown").Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A precision is compared with itself. Where the versions have none in common and one each, that is what the versions differ by.</summary>
    private static (RunObservation[] Before, RunObservation[] After)[] ByPrecision(RunObservation[] before, RunObservation[] after)
    {
        var (first, second) = (before.ToLookup(run => run.Workload.Precision), after.ToLookup(run => run.Workload.Precision));
        var common = first.Select(group => group.Key).Where(second.Contains).Order(StringComparer.Ordinal).ToArray();
        if (common.Length > 0)
            return Array.ConvertAll(common, precision => (first[precision].ToArray(), second[precision].ToArray()));
        return first.Count == 1 && second.Count == 1 ? [(before, after)] : [];
    }

    private static IEnumerable<WorkloadChange> Compare(Workload workload, RunObservation[] before, RunObservation[] after)
    {
        var changes = Metrics.Select(metric => Compare(metric, workload, before, after)).OfType<WorkloadChange>().ToArray();
        // A run has one throughput, and many latencies. Where the latencies tell, the throughput is their mirror, and that it has too few values tells nobody anything.
        return changes.Any(change => change.Metric == Metric.Latency && change.Factor.IsBounded)
            ? changes.Where(change => change.Factor.IsBounded || !change.Metric.HigherIsBetter) : changes;
    }

    private static WorkloadChange? Compare(Metric metric, Workload workload, RunObservation[] before, RunObservation[] after)
    {
        var (ofBefore, ofAfter) = (Logarithms(metric, before), Logarithms(metric, after));
        if (ofBefore.Length == 0 || ofAfter.Length == 0)
            return null;
        var (first, second) = Moments.OfRuns(ofBefore, ofAfter);
        return new WorkloadChange
        {
            Workload = workload,
            PrecisionBefore = before[0].Workload.Precision,
            PrecisionAfter = after[0].Workload.Precision,
            Metric = metric,
            Before = Math.Exp(first.Mean),
            After = Math.Exp(second.Mean),
            Factor = LogRatio.Of(first, second),
        };
    }

    // Of each run whose values have one.
    private static Moments[] Logarithms(Metric metric, RunObservation[] runs) =>
    [
        .. runs.Select(run => run.LaunchLatencies.TryGetValue(metric, out var launches) ? launches : run.Values.TryGetValue(metric, out var value) ? [value] : [])
            .Where(values => values.Count > 0 && values.All(value => value is > 0 and < double.PositiveInfinity)).Select(Moments.OfLogarithms),
    ];

    /// <summary>With the verdicts that all tests together allow.</summary>
    private static HardwareChange[] Adjusted(HardwareChange[] changes)
    {
        var adjusted = LogRatio.Adjust([.. changes.SelectMany(change => change.Workloads).Select(workload => workload.Factor)]);
        var next = 0;
        return Array.ConvertAll(changes, change => change with
        {
            Workloads = [.. change.Workloads.Select(workload => workload with { AdjustedPValue = adjusted[next++] })],
        });
    }

    /// <summary>What keeps runs from being compared, each with what it was and became.</summary>
    /// <param name="before">Runs to which the other side has none that were measured in the same way.</param>
    /// <param name="after">Those of the other side.</param>
    private static List<string> Differences(RunObservation[] before, RunObservation[] after)
    {
        List<string> differences = [];
        Add("workload", run => WithoutPrecision(run).ToString().TrimEnd(' ', ','));
        // Of the same workloads, what else differs.
        var workloads = before.Select(WithoutPrecision).Intersect(after.Select(WithoutPrecision)).ToHashSet();
        before = Array.FindAll(before, run => workloads.Contains(WithoutPrecision(run)));
        after = Array.FindAll(after, run => workloads.Contains(WithoutPrecision(run)));
        Add("benchmark", run => $"{run.Suite} {run.BenchmarkVersion}");
        foreach (var trait in EngineTrait.All)
            Add(trait.Name, run => trait.Of(run.Engine));
        Add("machine", run => run.MachineFingerprint.Length > ShownFingerprint ? run.MachineFingerprint[..ShownFingerprint] : run.MachineFingerprint);
        return differences;

        void Add(string what, Func<RunObservation, string?> value)
        {
            string[] from = Distinct(before), to = Distinct(after);
            if (!from.SequenceEqual(to))
                differences.Add($"{what} {Joined(from.Except(to))} -> {Joined(to.Except(from))}");

            string[] Distinct(RunObservation[] runs) => [.. runs.Select(run => value(run) is { Length: > 0 } text ? text : "unknown").Distinct().Order(StringComparer.Ordinal)];
        }

        static string Joined(IEnumerable<string> texts) => string.Join(" and ", texts) is { Length: > 0 } text ? text : "none";
    }

    private static WorkloadStratum WithoutPrecision(RunObservation run) => run.Stratum with { Precision = "" };

    /// <summary>What must be the same for times to be compared. The precision need not: it may be what a version changed.</summary>
    private sealed record Condition(Workload Workload, WorkloadStratum Stratum, string Engine, string MachineFingerprint)
    {
        public static Condition Of(RunObservation run) => new(run.Workload with { Precision = null }, WithoutPrecision(run),
            EngineTrait.AllOf(run.Engine), run.MachineFingerprint);
    }
}
