using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>The whole distribution of latencies: which share of the requests took at most so long.</summary>
public static class LatencyChart
{
    // A step for each is finer than a screen shows.
    private const int MostSteps = 1000;
    private const int MostRaw = 150;

    /// <summary>Empirical distribution functions, on a logarithmic axis. Of runs without raw samples the percentiles that they state.</summary>
    public static Chart Of(RunNames names)
    {
        List<Series> series = [];
        List<Mark> marks = [];
        List<string> words = [], notes = [];
        foreach (var (name, run) in Shown(names, notes))
        {
            var place = series.Count;
            if (run[Metric.Latency] is not { } latency)
            {
                notes.Add($"{name} measured no latency.");
                continue;
            }
            series.Add(new Series(name, !RunCharts.IsMeasured(run)));
            words.Add($"{name}: {string.Join(", ", Percentiles(latency).Select(each => $"p{each.Share * 100:0} {UnitScale.Format("s", each.Value)}"))}, n {latency.SampleCount:#,##0}.");
            if (RunLatencies.Of(run.Samples)?.Sorted() is { } sorted)
                marks.Add(new LineMark(place, Steps(sorted), Steps: true));
            else
                notes.Add($"{name}: raw samples are not stored; the marks are its percentiles.");
            foreach (var (share, value) in Percentiles(latency))
            {
                marks.Add(new PointMark(place, value, share, $"{name}: p{share * 100:0} {UnitScale.Format("s", value)}")
                {
                    HorizontalInterval = share == 0.5 ? RunCharts.IntervalOf(latency) : null, Label = names.Runs.Count == 1 ? $"p{share * 100:0} {UnitScale.Format("s", value)}" : null,
                });
            }
        }
        notes.Add("Marks: p50, p90, p95 and p99 where the samples are enough to say; the bar at p50 is its interval.");
        return new Chart("Latency: share of requests that took at most so long", string.Join(' ', words), RunCharts.AxisOf(Metric.Latency, AxisScale.Log),
            new Axis("Share of requests", "1", AxisScale.Linear) { Shown = 0 }, series, marks) { Subtitle = Subtitle(names), Notes = notes };
    }

    /// <summary>Quartiles and the raw values, a row for each run. Runs without raw samples are named below.</summary>
    public static Chart Boxes(RunNames names)
    {
        List<Mark> marks = [];
        List<string> words = [], notes = [], categories = [];
        foreach (var (name, run) in names.Runs)
        {
            if (RunLatencies.Of(run.Samples)?.Sorted() is not { } sorted)
            {
                notes.Add($"{name}: raw samples are not stored.");
                continue;
            }
            double At(double share) => RunLatencies.Quantile(sorted, share);
            var text = $"{name}: p5 {UnitScale.Format("s", At(.05))}, quartiles {UnitScale.Format("s", At(.25))}, {UnitScale.Format("s", At(.5))} and {UnitScale.Format("s", At(.75))}, p95 {UnitScale.Format("s", At(.95))}, n {sorted.Length:#,##0}";
            words.Add(text + ".");
            marks.AddRange(Raw(categories.Count, RunLatencies.Of(run.Samples)!)); // has samples
            marks.Add(new BoxMark(0, categories.Count, At(.05), At(.25), At(.5), At(.75), At(.95), text));
            categories.Add($"{name} (n {sorted.Length:#,##0})");
        }
        notes.Add($"Boxes: middle half and median; whiskers: from p5 to p95; dots: raw values, at most {MostRaw} a run, evenly taken in the order of time.");
        return new Chart("Latency: quartiles and raw values", string.Join(' ', words), RunCharts.AxisOf(Metric.Latency, AxisScale.Log),
            new Axis("", "", AxisScale.Category) { Categories = categories }, [new Series("latency")], marks) { Subtitle = Subtitle(names), Notes = notes };
    }

    internal static string? Subtitle(RunNames names) => names.Common.Length > 0 ? names.Common : null;

    internal static IEnumerable<NamedRun> Shown(RunNames names, List<string> notes)
    {
        if (names.Runs.Count > RunCharts.MostSeries)
            notes.Add($"The first {RunCharts.MostSeries} of {names.Runs.Count} runs are shown: choose fewer to see others.");
        return names.Runs.Take(RunCharts.MostSeries);
    }

    internal static IEnumerable<(double Share, double Value)> Percentiles(MetricResult latency)
    {
        (double, double?)[] all = [(.5, latency.P50), (.9, latency.P90), (.95, latency.P95), (.99, latency.P99)];
        foreach (var (share, value) in all)
            if (value is > 0 and var known)
                yield return (share, known);
    }

    private static List<(double, double)> Steps(double[] sorted)
    {
        List<(double, double)> steps = [(sorted[0], 0)];
        var stride = Math.Max(1, sorted.Length / MostSteps);
        for (var i = 0; i < sorted.Length; i += stride)
            steps.Add((sorted[i], (i + 1.0) / sorted.Length));
        steps.Add((sorted[^1], 1));
        return steps;
    }

    // Spread over the row by the golden ratio, so that neighbours in time do not hide each other.
    private static IEnumerable<PointMark> Raw(int row, RunLatencies latencies)
    {
        double[] all = [.. latencies.Launches.SelectMany(launch => launch)];
        var stride = Math.Max(1, (all.Length + MostRaw - 1) / MostRaw);
        for (var i = 0; i < all.Length; i += stride)
            yield return new PointMark(0, all[i], row + ((i / stride * 0.618034) % 1 - 0.5) * 0.42, "") { IsRaw = true };
    }
}
