using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Charts;

/// <summary>What all pictures of runs share.</summary>
internal static class RunCharts
{
    /// <summary>More groups than this cannot be told apart.</summary>
    public const int MostSeries = ChartStyle.SeriesStyles;

    /// <summary>What people call a metric, as a heading.</summary>
    public static string Title(Metric metric) => metric.Name switch
    {
        "latency.e2e" => "Latency",
        "latency.first_inference" => "First inference",
        "latency.ttft" => "Time to first token",
        "latency.tpot" => "Time per output token",
        "load_time" => "Load time",
        "conversion_time" => "Conversion time",
        "throughput.samples" => "Throughput",
        "throughput.tokens_in" => "Input tokens a second",
        "throughput.tokens_out" => "Output tokens a second",
        "goodput" => "Goodput",
        "error_rate" => "Errors",
        "memory.peak_rss" => "Peak memory",
        "memory.peak_device" => "Peak device memory",
        "memory.weights" => "Weights",
        "memory.cache" => "Keys and values",
        "energy" => "Energy per inference",
        "roofline_share" => "Share of the roofline",
        _ => metric.Name,
    };

    public static string Better(Metric metric) => metric.HigherIsBetter ? "higher is better" : "lower is better";

    public static Axis AxisOf(Metric metric, AxisScale scale) => new(Title(metric), metric.Unit, scale) { Better = Better(metric) };

    public static (double Low, double High)? IntervalOf(MetricResult? result) =>
        result is { ConfidenceLow: { } low, ConfidenceHigh: { } high } ? (low, high) : null;

    /// <summary>"12.3 ms, 95 % 12.1–12.6 ms, n 1,000".</summary>
    public static string Words(MetricResult result)
    {
        var unit = result.Metric.Unit;
        var interval = IntervalOf(result) is var (low, high) ? $", {(result.ConfidenceLevel ?? 0.95) * 100:0.#} % {UnitScale.Format(unit, low, high)}" : "";
        return $"{Value(result)}{interval}, n {result.SampleCount:#,##0}";
    }

    /// <summary>The typical value, "12.3 ms"; where it is not known the percentiles that are, "p99 20 ms".</summary>
    public static string Value(MetricResult result)
    {
        var unit = result.Metric.Unit;
        if (result.Typical is { } typical)
            return UnitScale.Format(unit, typical);
        (string Name, double? Value)[] percentiles = [("p90", result.P90), ("p95", result.P95), ("p99", result.P99)];
        return string.Join(", ", percentiles.Where(each => each.Value is not null).Select(each => $"{each.Name} {UnitScale.Format(unit, each.Value!.Value)}")); // filtered
    }

    /// <summary>Of runs that were chosen because it is known.</summary>
    public static double Typical(BenchmarkRun run, Metric metric) => run[metric]!.Typical!.Value;

    /// <summary>What the goodput of a run is of, in words: "latency &lt;= 50 ms". Only goodputs of the same objectives are comparable.</summary>
    public static string Objectives(BenchmarkRun run) => GoodputShare.Of(run)?.Objectives.ToString() ?? (run[Metric.Goodput] is null ? "" : "unknown objectives");

    public static bool IsMeasured(BenchmarkRun run) => run.Provenance != Provenance.Simulated;

    /// <summary>The runs that a picture can show, one rule for all kinds: valid, and with what it draws. The others are left out, and counted.</summary>
    /// <exception cref="PlotInputException">None is left: the error says why, for there is no picture of nothing.</exception>
    public static (IReadOnlyList<NamedRun> Runs, List<string> Notes) Choose(RunNames names, params ReadOnlySpan<Need> needs)
    {
        var shown = names.Runs;
        List<string> notes = [];
        foreach (var need in (ReadOnlySpan<Need>)[Need.Valid, .. needs])
        {
            var kept = shown.Where(run => need.IsMet(run.Run)).ToArray();
            if (shown.Count > kept.Length)
                notes.Add($"{shown.Count - kept.Length} of {names.Runs.Count} run{(names.Runs.Count == 1 ? "" : "s")} {(shown.Count - kept.Length == 1 ? "is" : "are")} left out: {need.Otherwise}.");
            if (kept.Length == 0)
                throw new PlotInputException($"There is nothing to draw. {string.Join(' ', notes)}".TrimEnd(), need.Remedy);
            shown = kept;
        }
        return (shown, notes);
    }

    /// <summary>"1 run", "12 runs".</summary>
    public static string Count(int runs) => $"{runs} run{(runs == 1 ? "" : "s")}";
}

/// <summary>What a picture needs of a run.</summary>
/// <param name="Otherwise">Why a run without it is left out.</param>
/// <param name="Remedy">What to do where all are without it.</param>
internal sealed record Need(Func<BenchmarkRun, bool> IsMet, string Otherwise, string Remedy)
{
    public static readonly Need Valid = new(run => run.Verdict == RunVerdict.Valid, "unstable or invalid", "gpux db show ID says why. Measure again while nothing else runs: gpux bench MODEL --save.");

    /// <summary>A typical value of the metric.</summary>
    /// <param name="isLogarithmic">Whether its axis has no zero.</param>
    public static Need Of(Metric metric, bool isLogarithmic) => new(run => run[metric]?.Typical is { } typical && (typical > 0 || !isLogarithmic),
        $"no typical value of {metric} is known", "gpux db show ID says what a run measured; choose a metric that these did.");
}
