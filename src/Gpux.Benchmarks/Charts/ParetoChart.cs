using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>Two metrics of many runs against each other, and the front: the runs that none beats in both.</summary>
public static class ParetoChart
{
    private const int MostLabels = 40;

    public static Chart Of(RunNames names, Metric across, Metric upwards)
    {
        names = names.For(across, upwards);
        var (shown, notes) = RunCharts.Choose(names, Need.Of(across, isLogarithmic: true), Need.Of(upwards, isLogarithmic: true));
        if (across == Metric.Goodput || upwards == Metric.Goodput)
            RequireSameObjectives(shown);
        // By hardware, because that is what is chosen; what is predicted is a group of its own.
        var groups = shown.GroupBy(run => (run.Run.Hardware.Name, IsMeasured: RunCharts.IsMeasured(run.Run))).OrderByDescending(group => group.Key.IsMeasured)
            .ThenBy(group => group.Key.Name, StringComparer.Ordinal).ToArray();
        var front = Front(shown, across, upwards);
        List<Mark> marks = [];
        if (front.Count > 1)
        {
            marks.Add(new LineMark(groups.Length, [.. front.Select(run => (RunCharts.Typical(run.Run, across), RunCharts.Typical(run.Run, upwards)))]));
        }
        foreach (var (place, group) in groups.Index())
        {
            // The hardware stands in the legend: points are called by the rest.
            foreach (var (run, label) in group.Zip(RunNames.Among([.. group], across, upwards).Runs, (run, own) => (run, group.Count() == 1 ? run : own)))
            {
                var (x, y) = (run.Run[across]!, run.Run[upwards]!); // shown runs have both
                marks.Add(new PointMark(place, RunCharts.Typical(run.Run, across), RunCharts.Typical(run.Run, upwards), $"{run.Name}: {RunCharts.Words(x)}; {RunCharts.Words(y)}{(front.Contains(run) ? "; on the front" : "")}")
                {
                    HorizontalInterval = RunCharts.IntervalOf(x), Interval = RunCharts.IntervalOf(y),
                    Label = shown.Count <= MostLabels || front.Contains(run) ? label.Name : null, Kind = label.Kind,
                });
            }
        }
        Series[] series = [.. groups.Select(group => new Series(group.Key.Name, !group.Key.IsMeasured)), .. front.Count > 1 ? (Series[])[new Series("front")] : []];
        return new Chart($"{RunCharts.Title(upwards)} against {RunCharts.Title(across).ToLowerInvariant()}",
            $"{RunCharts.Count(shown.Count)}. On the front: {string.Join("; ", front.Select(run => $"{run.Name} ({UnitScale.Format(across.Unit, RunCharts.Typical(run.Run, across))}, {UnitScale.Format(upwards.Unit, RunCharts.Typical(run.Run, upwards))})"))}.",
            RunCharts.AxisOf(across, AxisScale.Log), RunCharts.AxisOf(upwards, AxisScale.Log), series, marks)
        {
            Subtitle = LatencyChart.Subtitle(names), RunCount = shown.Count,
            Notes = [.. notes, "The front joins the runs that no other beats in both. Intervals are those of the runs' medians."],
        };
    }

    // There is no front of what is not comparable.
    private static void RequireSameObjectives(IReadOnlyList<NamedRun> runs)
    {
        var groups = runs.GroupBy(run => RunCharts.Objectives(run.Run)).ToArray();
        if (groups.Length == 1)
            return;
        throw new PlotInputException($"Goodputs of unlike objectives have no front in common: {string.Join("; ", groups.Select(group => $"{group.Key} ({string.Join(", ", group.Select(run => run.Number))})"))}.",
            "Name the runs of one by their numbers, such as gpux db plot pareto 1,2,3; or draw gpux db plot bars --metric goodput, which names the objectives.");
    }

    /// <summary>The runs that no other one beats, in the order of the horizontal axis.</summary>
    internal static IReadOnlyList<NamedRun> Front(IReadOnlyList<NamedRun> runs, Metric across, Metric upwards)
    {
        double Cost(NamedRun run, Metric metric) => RunCharts.Typical(run.Run, metric) * (metric.HigherIsBetter ? -1 : 1); // callers choose runs that have both
        List<NamedRun> front = [];
        var best = double.PositiveInfinity;
        foreach (var run in runs.OrderBy(run => Cost(run, across)).ThenBy(run => Cost(run, upwards)))
        {
            if (Cost(run, upwards) >= best)
                continue;
            best = Cost(run, upwards);
            front.Add(run);
        }
        return [.. front.OrderBy(run => RunCharts.Typical(run.Run, across))];
    }
}
