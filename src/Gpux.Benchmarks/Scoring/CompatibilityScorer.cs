using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Scores the machines that one model was measured on: score version 1, described in docs/guides/hardware-scores.md.</summary>
/// <remarks>
/// In a workload, throughput is divided by the best machine's, and the best latency and the least memory by the machine's own: all
/// above 0, at most 1. The best is that of all machines with the model, whichever are asked about. Only workloads that all compared
/// machines have in common count, for the fastest of what was measured at batch 64 is not the fastest. The geometric form counts all that two
/// machines or more were measured in, see <see cref="GeometricFit"/>: who was measured in less takes nothing away from the others.
/// </remarks>
public static class CompatibilityScorer
{
    private static readonly Metric[] Throughputs = [Metric.Throughput, Metric.OutputTokenThroughput, Metric.InputTokenThroughput];
    private static readonly Metric[] Latencies = [Metric.Latency, Metric.TimePerOutputToken, Metric.TimeToFirstToken];

    /// <param name="observations">All valid runs of one model. A run that is given twice counts once.</param>
    /// <returns>The best first; machines that cannot be compared last. Equal scores: more launches first, then the smaller id.</returns>
    public static IReadOnlyList<CompatibilityScore> Score(IEnumerable<RunObservation> observations, ScoreOptions options)
    {
        var machines = observations.DistinctBy(observation => observation.RunId).OrderBy(observation => observation.RunId)
            .GroupBy(observation => observation.HardwareId).Select(runs => new Machine(runs.Key, [.. runs])).OrderBy(machine => machine.HardwareId).ToArray();
        if (options.Form == ScoreForm.Geometric && Geometric(machines, options) is { Count: > 0 } fitted)
            return Ordered(fitted);
        var (compared, strata) = Comparable(machines);
        var parts = strata.ToDictionary(stratum => stratum, stratum => Components(stratum, compared, compared.Length));
        return Ordered(machines.Select(machine => compared.Contains(machine) ? Score(machine, strata, parts, options, compared) : NotComparable(machine, strata, options)));
    }

    private static IReadOnlyList<CompatibilityScore> Ordered(IEnumerable<CompatibilityScore> scores) =>
    [
        .. scores.OrderByDescending(score => score.Compatibility.HasValue).ThenByDescending(score => score.Compatibility)
            .ThenByDescending(score => score.LaunchCount).ThenBy(score => score.HardwareId),
    ];

    /// <returns>None where no two machines were measured in the same.</returns>
    private static IReadOnlyList<CompatibilityScore> Geometric(Machine[] machines, ScoreOptions options)
    {
        WorkloadStratum[] strata = [.. machines.SelectMany(machine => machine.Strata.Keys).Distinct().Order(WorkloadStratum.InOrder)];
        var parts = strata.ToDictionary(stratum => stratum, stratum => Components(stratum, Array.FindAll(machines, machine => machine.Strata.ContainsKey(stratum)), machines.Length));
        var columns = parts.SelectMany(stratum => stratum.Value.Values.Select(part => (stratum.Key, part.Metric))).Distinct().Index().ToDictionary(column => column.Item, column => column.Index);
        List<MeasuredCell> cells = [];
        foreach (var (stratum, scores) in parts)
            foreach (var ((hardware, component), part) in scores)
                cells.Add(new MeasuredCell(Array.FindIndex(machines, machine => machine.HardwareId == hardware), columns[(stratum, part.Metric)],
                    part.Metric.HigherIsBetter ? Math.Log(part.Value) : -Math.Log(part.Value), options.Weights[component]));
        int[] linked = [.. GeometricFit.Linked(cells).Order()];
        if (linked.Length == 0)
            return [];
        var fitted = GeometricFit.Solve([.. cells.Where(cell => linked.Contains(cell.Machine)).Select(cell => cell with { Machine = Array.IndexOf(linked, cell.Machine) })], linked.Length);
        // What was fitted may lie above the best that was measured.
        var most = Math.Max(0, fitted.Max());
        var compared = Array.ConvertAll(linked, machine => machines[machine]);
        WorkloadStratum[] counted = [.. strata.Where(stratum => linked.Any(machine => parts[stratum].Keys.Any(key => key.HardwareId == machines[machine].HardwareId)))];
        return
        [
            .. machines.Select((machine, index) => Array.IndexOf(linked, index) is >= 0 and var place
                ? Score(machine, counted, parts, options, compared) with { Compatibility = Bounded(Math.Exp(fitted[place] - most)) }
                : NotComparable(machine, counted, options)),
        ];
    }

    /// <summary>As many machines as have a workload in common, and all workloads that these have in common.</summary>
    private static (Machine[] Machines, WorkloadStratum[] Strata) Comparable(Machine[] machines)
    {
        var widest = machines.SelectMany(machine => machine.Strata.Keys).GroupBy(stratum => stratum)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, WorkloadStratum.InOrder).FirstOrDefault()?.Key;
        if (widest is null)
            return ([], []);
        var compared = Array.FindAll(machines, machine => machine.Strata.ContainsKey(widest));
        return (compared, [.. compared[0].Strata.Keys.Where(stratum => compared.All(machine => machine.Strata.ContainsKey(stratum))).Order(WorkloadStratum.InOrder)]);
    }

    private static Dictionary<(long HardwareId, ScoreComponent Component), ComponentScore> Components(
        WorkloadStratum stratum, Machine[] compared, int all)
    {
        Dictionary<(long, ScoreComponent), ComponentScore> scores = [];
        foreach (var component in Enum.GetValues<ScoreComponent>())
        {
            var measured = compared.Select(machine => (Machine: machine, Metric: MetricOf(component, machine, stratum, compared)))
                .Where(pair => pair.Metric is not null).ToLookup(pair => pair.Metric!, pair => pair.Machine); // filtered so
            foreach (var group in measured)
            {
                // The only one of its kind would be the best of its kind for nothing.
                if (group.Count() == 1 && all > 1)
                    continue;
                var values = group.Select(machine => (Machine: machine, Value: machine.Strata[stratum][group.Key])).ToArray();
                var best = group.Key.HigherIsBetter ? values.Max(entry => entry.Value) : values.Min(entry => entry.Value);
                foreach (var (machine, value) in values)
                {
                    scores.Add((machine.HardwareId, component),
                        new ComponentScore(component, group.Key, value, best, Bounded(group.Key.HigherIsBetter ? value / best : best / value)));
                }
            }
        }
        return scores;
    }

    /// <returns>What the component is judged by on a machine; null where it was not measured.</returns>
    private static Metric? MetricOf(ScoreComponent component, Machine machine, WorkloadStratum stratum, Machine[] compared)
    {
        var values = machine.Strata[stratum];
        // A device's memory is compared with devices', a host's with hosts': the lack of one does not make the other its measure.
        if (component == ScoreComponent.Memory)
            return values.ContainsKey(Metric.PeakDeviceMemory) ? Metric.PeakDeviceMemory : values.ContainsKey(Metric.PeakMemory) ? Metric.PeakMemory : null;
        // The metric that most machines have.
        return (component == ScoreComponent.Throughput ? Throughputs : Latencies).Where(values.ContainsKey)
            .MaxBy(metric => compared.Count(other => other.Strata[stratum].ContainsKey(metric)));
    }

    private static CompatibilityScore Score(Machine machine, WorkloadStratum[] strata,
        Dictionary<WorkloadStratum, Dictionary<(long, ScoreComponent), ComponentScore>> parts, ScoreOptions options, Machine[] compared)
    {
        List<StratumScore> scores = [];
        var missing = new SortedSet<ScoreComponent>();
        var unmeasured = Array.FindAll(strata, stratum => !machine.Strata.ContainsKey(stratum));
        foreach (var stratum in strata.Except(unmeasured))
        {
            List<ComponentScore> components = [];
            foreach (var component in Enum.GetValues<ScoreComponent>())
            {
                if (parts[stratum].TryGetValue((machine.HardwareId, component), out var part))
                    components.Add(part);
                else
                    missing.Add(component);
            }
            if (components.Count == 0)
                continue;
            var sum = components.Sum(part => options.Weights[part.Component]);
            var score = options.Form == ScoreForm.Arithmetic
                ? components.Sum(part => options.Weights[part.Component] * part.Score) / sum
                : Math.Exp(components.Sum(part => options.Weights[part.Component] * Math.Log(part.Score)) / sum);
            scores.Add(new StratumScore(stratum, Bounded(score), components, [.. machine.RunsIn(stratum).Select(run => run.RunId)]));
        }
        List<string> notes = [];
        if (compared.Length == 1)
            notes.Add("No other machine was measured with this model in this workload: the score compares it with itself.");
        if (unmeasured.Length > 0)
            notes.Add($"Not measured in: {Listed(unmeasured)}. What it shares with other machines stands for that.");
        if (options.Form == ScoreForm.Arithmetic && compared.Length > 1 && machine.Strata.Keys.Except(strata).ToArray() is { Length: > 0 } left)
            notes.Add($"Left out, for not all machines were measured in it: {Listed(left)}. The geometric score counts it.");
        if (scores.Count == 0)
            notes.Add("It has no metric in common with the other machines: measure it in the same way.");
        else if (missing.Count > 0)
            notes.Add($"Not compared, in one workload or more: {string.Join(", ", missing.Select(component => Names.Of(component)))}.");
        var used = scores.SelectMany(score => machine.RunsIn(score.Stratum)).ToArray();
        notes.AddRange(MeasuringDifferences.Of([.. scores.Select(score => machine.RunsIn(score.Stratum).ToArray())],
            [.. scores.Select(score => compared.Where(other => other != machine).SelectMany(other => other.RunsIn(score.Stratum)).ToArray())]));
        return new CompatibilityScore
        {
            HardwareId = machine.HardwareId,
            Form = options.Form,
            Weights = options.Weights,
            Compatibility = scores.Count switch { 0 => null, 1 => scores[0].Score, _ => Bounded(Math.Exp(scores.Average(score => Math.Log(score.Score)))) },
            IsPartial = missing.Count + unmeasured.Length > 0,
            RunIds = [.. used.Select(run => run.RunId)],
            LaunchCount = used.Sum(run => run.LaunchCount),
            Strata = scores,
            Rejected = machine.Rejected,
            Notes = notes,
        };
    }

    private static CompatibilityScore NotComparable(Machine machine, WorkloadStratum[] strata, ScoreOptions options) => new()
    {
        HardwareId = machine.HardwareId,
        Form = options.Form,
        Weights = options.Weights,
        Compatibility = null,
        IsPartial = true,
        RunIds = [],
        LaunchCount = 0,
        Strata = [],
        Rejected = machine.Rejected,
        Notes =
        [
            machine.Strata.Count == 0 ? "None of its runs has a throughput, or a median or mean latency, above 0."
                : $"It was not measured in {(options.Form == ScoreForm.Geometric ? "any workload of the others" : $"the workload that the others have in common ({strata[0]})")}, but in: {Listed(machine.Strata.Keys)}.",
        ],
    };

    private static string Listed(IReadOnlyCollection<WorkloadStratum> strata) =>
        string.Join("; ", strata.Order(WorkloadStratum.InOrder).Take(3)) + (strata.Count > 3 ? $" and {strata.Count - 3} more" : "");

    // A quotient may be less than a double can be, and a rounding may exceed 1 by a last digit.
    private static double Bounded(double score) => Math.Clamp(score, double.Epsilon, 1);

    /// <summary>What one machine did, by workload: a median over launches for each metric. Workloads without speed do not count.</summary>
    private sealed class Machine
    {
        private readonly ILookup<WorkloadStratum, RunObservation> _runs;

        public Machine(long hardwareId, RunObservation[] runs)
        {
            HardwareId = hardwareId;
            _runs = runs.ToLookup(run => run.Stratum);
            foreach (var stratum in _runs)
            {
                Dictionary<Metric, double> medians = [];
                foreach (var metric in ObservationColumns.Metrics)
                {
                    List<(double Value, int Weight)> values = [];
                    foreach (var run in stratum)
                    {
                        if (!run.Values.TryGetValue(metric, out var value))
                            continue;
                        if (value > 0 && double.IsFinite(value))
                            values.Add((value, run.LaunchCount));
                        else
                            Rejected.Add(new RejectedValue(run.RunId, metric, value));
                    }
                    if (values.Count > 0)
                        medians.Add(metric, WeightedMedian.Of(values));
                }
                if (Throughputs.Any(medians.ContainsKey) || Latencies.Any(medians.ContainsKey))
                    Strata.Add(stratum.Key, medians);
            }
        }

        public long HardwareId { get; }
        public Dictionary<WorkloadStratum, Dictionary<Metric, double>> Strata { get; } = [];
        public List<RejectedValue> Rejected { get; } = [];

        public IEnumerable<RunObservation> RunsIn(WorkloadStratum stratum) => _runs[stratum];
    }
}

/// <summary>The median of values that each stand for several launches.</summary>
internal static class WeightedMedian
{
    /// <param name="values">At least one; weights of 1 or more.</param>
    public static double Of(List<(double Value, int Weight)> values)
    {
        values.Sort((left, right) => left.Value.CompareTo(right.Value));
        var total = values.Sum(entry => (long)entry.Weight);
        var passed = 0L;
        for (var i = 0; i < values.Count; i++)
        {
            passed += values[i].Weight;
            if (passed * 2 == total)
                return values[i].Value + ((values[i + 1].Value - values[i].Value) / 2); // half of the weight is behind it
            if (passed * 2 > total)
                return values[i].Value;
        }
        throw new ArgumentException("There are no values.", nameof(values));
    }
}
