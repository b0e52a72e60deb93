using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>How a metric changed, over time or from version to version, with its interval as a band.</summary>
public static class HistoryChart
{
    private static readonly Need OfAVersion = new(run => run.VersionTag is not null, "of no version", "gpux db link-tests gives runs to versions; without --by-version the picture is over time.");

    /// <param name="byVersion">From version to version in the order in which they were first measured; else over time.</param>
    public static Chart Of(RunNames names, Metric metric, bool byVersion)
    {
        var (chosen, notes) = RunCharts.Choose(names, [Need.Of(metric, isLogarithmic: false), .. byVersion ? (Need[])[OfAVersion] : []]);
        var shown = chosen.OrderBy(run => run.Run.StartedAt).ToArray();
        List<string> versions = [.. shown.Select(run => run.Run.VersionTag ?? "").Distinct()];
        // Comparable with each other: one model, machine, workload and way to run it.
        var groups = shown.GroupBy(run => (Group(run.Run), ObjectivesOf(run.Run))).ToArray();
        var titles = RunNames.Of([.. groups.Select(group => group.First().Run with { VersionTag = null })], [.. groups.Select(group => $"from {group.First().Number} on")], metric);
        if (groups.Length > RunCharts.MostSeries)
            notes.Add($"The first {RunCharts.MostSeries} of {groups.Length} lines are shown: choose a model or hardware to see others.");
        List<Mark> marks = [];
        List<Series> series = [];
        List<string> words = [];
        foreach (var (group, title) in groups.Zip(titles.Runs).Take(RunCharts.MostSeries))
        {
            var place = series.Count;
            series.Add(new Series(title.Name, group.All(run => !RunCharts.IsMeasured(run.Run))));
            double At(NamedRun run) => byVersion ? versions.IndexOf(run.Run.VersionTag!) : run.Run.StartedAt.ToUnixTimeMilliseconds() / 1000.0; // those without were left out
            var points = group.Select(run => (X: At(run), Run: run, Result: run.Run[metric]!)).OrderBy(point => point.X).ToArray(); // as above
            var medians = points.GroupBy(point => point.X).Select(at => (X: at.Key, Y: Median([.. at.Select(point => RunCharts.Typical(point.Run.Run, metric))]), Count: at.Count())).ToArray();
            // Where several runs stand at one place, their scatter tells more than the interval of any.
            var band = medians.Any(at => at.Count > 1) ? [] : points.Where(point => RunCharts.IntervalOf(point.Result) is not null).Select(point => (point.X, point.Result.ConfidenceLow!.Value, point.Result.ConfidenceHigh!.Value)).DistinctBy(point => point.X).ToArray(); // have intervals
            if (band.Length > 1)
                marks.Add(new BandMark(place, band));
            if (medians.Length > 1)
                marks.Add(new LineMark(place, [.. medians.Select(at => (at.X, at.Y))]));
            foreach (var (i, (x, run, result)) in points.Index())
            {
                marks.Add(new PointMark(place, byVersion ? x + Beside(i, points.Length, medians.Length) : x, RunCharts.Typical(run.Run, metric),
                    $"{title.Name}{(run.Run.VersionTag is { } tag ? $" {tag}" : "")}, {run.Run.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm}: {RunCharts.Words(result)}") { Interval = RunCharts.IntervalOf(result) });
            }
            words.Add($"{title.Name}: from {UnitScale.Format(metric.Unit, RunCharts.Typical(points[0].Run.Run, metric))} to {UnitScale.Format(metric.Unit, RunCharts.Typical(points[^1].Run.Run, metric))} in {RunCharts.Count(points.Length)}.");
        }
        notes.Add($"Bands and bars: intervals of the medians; the line joins {(byVersion ? "the medians of the versions' runs" : "the runs")}. Only runs on one machine with one workload, provider, runtime and number of threads are joined.");
        string ObjectivesOf(BenchmarkRun run) => metric == Metric.Goodput ? RunCharts.Objectives(run) : "";
        return new Chart($"{RunCharts.Title(metric)} {(byVersion ? "by version" : "over time")}", string.Join(' ', words),
            byVersion ? new Axis("Version", "", AxisScale.Category) { Categories = versions } : new Axis("Measured", "", AxisScale.Time), RunCharts.AxisOf(metric, AxisScale.Linear), series, marks)
        {
            Subtitle = titles.Common.Length > 0 ? titles.Common : null, RunCount = groups.Take(RunCharts.MostSeries).Sum(group => group.Count()), Notes = notes,
        };
    }

    // Runs of a version stand beside each other.
    private static double Beside(int i, int points, int places) => points == places ? 0 : (i * 0.618034 % 1 - 0.5) * 0.3;

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[values.Length / 2 - 1] + values[values.Length / 2]) / 2;
    }

    // A later runtime or driver is what a history may be about.
    private static (string, string, string, Workload, string, (string?, string?, int?)) Group(BenchmarkRun run) =>
        (run.Model.Name, run.Hardware.Name, run.MachineFingerprint, run.Workload, $"{run.Suite} {run.BenchmarkVersion}", (run.Engine.ExecutionProvider, run.Engine.Backend, run.Engine.Threads));
}
