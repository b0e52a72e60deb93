using System.Globalization;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>The whole distribution of latencies: which share of the requests took at most so long.</summary>
public static class LatencyChart
{
    // A step for each is finer than a screen shows.
    private const int MostSteps = 1000;
    private const int MostRaw = 150;
    private const int MostBoxes = 40;

    private static readonly Need Latency = new(IsKnown, "neither samples nor percentiles of latency are known",
        "gpux db plot bars draws means, where they are known; gpux bench MODEL --save measures the whole distribution.");

    private static readonly Need RawSamples = new(run => RunLatencies.Of(run.Samples) is not null, "no raw samples are stored",
        "gpux db plot latency draws the percentiles that are known; gpux bench MODEL --save keeps raw samples.");

    /// <summary>Empirical distribution functions, on a logarithmic axis. Of runs without raw samples the percentiles that they state.</summary>
    /// <exception cref="Reports.PlotInputException">Of no valid run the distribution is known.</exception>
    public static Chart Of(RunNames names)
    {
        List<Series> series = [];
        List<Mark> marks = [];
        List<string> words = [];
        var (chosen, notes) = Choose(names);
        var shown = First(chosen, notes);
        foreach (var (name, run) in shown)
        {
            var place = series.Count;
            series.Add(new Series(name, !RunCharts.IsMeasured(run)));
            var sorted = RunLatencies.Of(run.Samples)?.Sorted();
            words.Add($"{name}: {string.Join(", ", Numbers(run, sorted))}.");
            if (sorted is not null)
                marks.Add(new LineMark(place, Steps(sorted), Steps: true));
            foreach (var (share, value) in Percentiles(run))
            {
                marks.Add(new PointMark(place, value, share, $"{name}: p{share * 100:0} {UnitScale.Format("s", value)}")
                {
                    HorizontalInterval = share == 0.5 ? RunCharts.IntervalOf(run[Metric.Latency]) : null, Label = shown.Count == 1 ? $"p{share * 100:0} {UnitScale.Format("s", value)}" : null,
                });
            }
        }
        if (shown.Count(run => RunLatencies.Of(run.Run.Samples) is null) is > 0 and var bare)
            notes.Add($"Of {bare} of {RunCharts.Count(shown.Count)} no raw samples are stored: the marks are all that is known.");
        notes.Add("Marks: p50, p90, p95 and p99 where the samples are enough to say; the bar at p50 is its interval.");
        return new Chart("Latency: share of requests that took at most so long", string.Join(' ', words), RunCharts.AxisOf(Metric.Latency, AxisScale.Log),
            new Axis("Share of requests", "1", AxisScale.Linear) { Shown = 0 }, series, marks) { Subtitle = Subtitle(names), RunCount = shown.Count, Notes = notes };
    }

    /// <summary>Quartiles and the raw values, a row for each run. Runs without raw samples are left out, and counted below.</summary>
    /// <exception cref="Reports.PlotInputException">No valid run has raw samples.</exception>
    public static Chart Boxes(RunNames names)
    {
        List<Mark> marks = [];
        List<string> words = [], categories = [];
        var (chosen, notes) = RunCharts.Choose(names, RawSamples);
        if (chosen.Count > MostBoxes)
            notes.Add($"The first {MostBoxes} of {chosen.Count} runs are shown: choose fewer to see others.");
        foreach (var (name, run) in chosen.Take(MostBoxes))
        {
            var sorted = RunLatencies.Of(run.Samples)!.Sorted(); // chosen by it
            double At(double share) => RunLatencies.Quantile(sorted, share);
            var text = $"{name}: p5 {UnitScale.Format("s", At(.05))}, quartiles {UnitScale.Format("s", At(.25))}, {UnitScale.Format("s", At(.5))} and {UnitScale.Format("s", At(.75))}, p95 {UnitScale.Format("s", At(.95))}, n {sorted.Length:#,##0}";
            words.Add(text + ".");
            marks.AddRange(Raw(categories.Count, RunLatencies.Of(run.Samples)!)); // has samples
            marks.Add(new BoxMark(0, categories.Count, At(.05), At(.25), At(.5), At(.75), At(.95), text));
            categories.Add($"{name} (n {sorted.Length:#,##0})");
        }
        notes.Add($"Boxes: middle half and median; whiskers: from p5 to p95; dots: raw values, at most {MostRaw} a run, evenly taken in the order of time.");
        return new Chart("Latency: quartiles and raw values", string.Join(' ', words), RunCharts.AxisOf(Metric.Latency, AxisScale.Log),
            new Axis("", "", AxisScale.Category) { Categories = categories }, [new Series("latency")], marks) { Subtitle = Subtitle(names), RunCount = categories.Count, Notes = notes };
    }

    internal static string? Subtitle(RunNames names) => names.Common.Length > 0 ? names.Common : null;

    internal static bool IsKnown(BenchmarkRun run) => Percentiles(run).Any() || RunLatencies.Of(run.Samples) is not null;

    /// <summary>The runs whose distribution is known at least by percentiles.</summary>
    internal static (IReadOnlyList<NamedRun> Runs, List<string> Notes) Choose(RunNames names) => RunCharts.Choose(names, Latency);

    /// <summary>What is known of a distribution: "p50 12.3 ms", "n 1,000".</summary>
    /// <param name="sorted">Null for a run without raw samples.</param>
    internal static IEnumerable<string> Numbers(BenchmarkRun run, double[]? sorted)
    {
        var known = Percentiles(run).Select(each => $"p{each.Share * 100:0} {UnitScale.Format("s", each.Value)}").ToArray();
        // Too few samples for a percentile still have ends.
        string[] ends = known.Length == 0 && sorted is not null ? [UnitScale.Format("s", sorted[0], sorted[^1])] : [];
        var count = run[Metric.Latency]?.SampleCount ?? sorted?.Length ?? 0;
        return [.. known, .. ends, string.Create(CultureInfo.InvariantCulture, $"n {count:#,##0}")];
    }

    internal static IEnumerable<(double Share, double Value)> Percentiles(BenchmarkRun run)
    {
        var latency = run[Metric.Latency];
        (double, double?)[] all = [(.5, latency?.P50), (.9, latency?.P90), (.95, latency?.P95), (.99, latency?.P99)];
        foreach (var (share, value) in all)
            if (value is > 0 and var known)
                yield return (share, known);
    }

    private static IReadOnlyList<NamedRun> First(IReadOnlyList<NamedRun> runs, List<string> notes)
    {
        if (runs.Count > RunCharts.MostSeries)
            notes.Add($"The first {RunCharts.MostSeries} of {runs.Count} runs are shown: choose fewer to see others.");
        return [.. runs.Take(RunCharts.MostSeries)];
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
