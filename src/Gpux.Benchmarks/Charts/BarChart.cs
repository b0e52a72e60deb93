using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>A metric that is one number a run, such as memory: a bar from zero, with its interval where there is one.</summary>
public static class BarChart
{
    private const int MostRows = 40;

    public static Chart Of(RunNames names, Metric metric)
    {
        names = names.For(metric);
        var (chosen, notes) = RunCharts.Choose(names, Need.Of(metric, isLogarithmic: false));
        var shown = chosen.Take(MostRows).ToArray();
        if (chosen.Count > shown.Length)
            notes.Add($"The first {shown.Length} of {chosen.Count} runs are shown: choose fewer to see others.");
        var hasPredicted = shown.Any(run => !RunCharts.IsMeasured(run.Run));
        return new Chart($"{RunCharts.Title(metric)} by run", string.Join(' ', shown.Select(run => $"{run.Name}: {RunCharts.Words(run.Run[metric]!)}.")), // shown runs have it
            RunCharts.AxisOf(metric, AxisScale.Linear) with { Shown = 0 },
            new Axis("", "", AxisScale.Category) { Categories = [.. shown.Select(run => $"{run.Name} ({UnitScale.Format(metric.Unit, RunCharts.Typical(run.Run, metric))})")] },
            [new Series("measured"), .. hasPredicted ? (Series[])[new Series("predicted", true)] : []],
            [.. shown.Select((run, i) => new BarMark(RunCharts.IsMeasured(run.Run) ? 0 : 1, i, RunCharts.Typical(run.Run, metric), $"{run.Name}: {RunCharts.Words(run.Run[metric]!)}")
            {
                Interval = RunCharts.IntervalOf(run.Run[metric]),
            })]) { Subtitle = LatencyChart.Subtitle(names), RunCount = shown.Length, Notes = notes };
    }
}
