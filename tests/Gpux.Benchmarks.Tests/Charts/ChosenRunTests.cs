using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Charts.Terminal;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Tests.Roofline;

namespace Gpux.Benchmarks.Tests.Charts;

/// <summary>Which runs a picture shows: one rule for all kinds.</summary>
public sealed class ChosenRunTests
{
    private static readonly Dictionary<string, Func<RunNames, Chart>> Kinds = new()
    {
        ["latency"] = LatencyChart.Of,
        ["box"] = LatencyChart.Boxes,
        ["pareto"] = runs => ParetoChart.Of(runs, Metric.Latency, Metric.Throughput),
        ["history"] = runs => HistoryChart.Of(runs, Metric.Latency, byVersion: false),
        ["versions"] = runs => HistoryChart.Of(runs, Metric.Latency, byVersion: true),
        ["heatmap"] = runs => HeatMapChart.Of(runs, Metric.Latency),
        ["bars"] = runs => BarChart.Of(runs, Metric.PeakMemory),
        ["roofline"] = runs => RooflineChart.Of(runs, [.. runs.Runs.Select(_ => GraphCost.Of(ExampleGraphs.Encoder(), ExampleGraphs.EncoderInputs(1, 128), "encoder"))]),
    };

    public static TheoryData<string> Names => [.. Kinds.Keys];

    private static BenchmarkRun[] Whole => [.. ExampleRuns.Versions.Take(3)];

    // As an import makes it: percentiles of MLPerf, without the values that they are of.
    private static BenchmarkRun Imported(string key, params ReadOnlySpan<MetricResult> metrics) =>
        ExampleRun.Of(key, model: key) with { Provenance = Provenance.Imported, Suite = "mlperf-inference", Metrics = [.. metrics], Samples = null };

    [Theory]
    [MemberData(nameof(Names))]
    public void Picture_of_nothing_is_an_error_that_says_why(string kind)
    {
        Assert.Contains("There is nothing to draw.", Assert.Throws<PlotInputException>(() => Kinds[kind](RunNames.Of([]))).Message, StringComparison.Ordinal);
        var invalid = RunNames.Of([.. Whole.Select((run, i) => run with { Verdict = i == 0 ? RunVerdict.Unstable : RunVerdict.Invalid })]);
        var refused = Assert.Throws<PlotInputException>(() => Kinds[kind](invalid));
        Assert.Contains("3 of 3 runs are left out: unstable or invalid.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("gpux bench", refused.Remedy, StringComparison.Ordinal);
        var bare = Assert.Throws<PlotInputException>(() => Kinds[kind](RunNames.Of([Imported("a", new MetricResult(Metric.LoadTime, 1, 1))])));
        Assert.Contains("1 of 1 run is left out:", bare.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_not_valid_is_left_out_and_counted(string kind)
    {
        var runs = RunNames.Of([.. Whole, Whole[0] with { Key = "bad", Verdict = RunVerdict.Invalid, VersionTag = "v9-invalid" }]);
        var chart = Kinds[kind](runs);
        Assert.Equal(3, chart.RunCount);
        Assert.Contains("1 of 4 runs is left out: unstable or invalid.", chart.Notes);
        var svg = ChartSvg.Write(chart);
        Assert.Contains("1 of 4 runs is left out: unstable or invalid.", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("v9-invalid", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Terminal_and_report_follow_the_same_rule()
    {
        var runs = RunNames.Of([.. Whole, Whole[0] with { Key = "bad", Verdict = RunVerdict.Invalid, VersionTag = "v9-invalid" }]);
        using var output = new StringWriter();
        TerminalChart.WriteDistribution(output, runs, 80, colours: false);
        Assert.Contains("1 of 4 runs is left out", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("v9-invalid", output.ToString(), StringComparison.Ordinal);
        var page = BenchmarkReport.ToHtml(runs);
        Assert.Contains("class=\"tag invalid\"", page, StringComparison.Ordinal);
        foreach (var picture in page.Split("<figure>")[1..].Select(rest => rest[..rest.IndexOf("</figure>", StringComparison.Ordinal)]))
        {
            Assert.Contains("is left out", picture, StringComparison.Ordinal);
            Assert.DoesNotContain("v9-invalid", picture, StringComparison.Ordinal);
        }
        Assert.Contains("No run is drawn: unstable or invalid.", BenchmarkReport.ToHtml(RunNames.Of([Whole[0] with { Verdict = RunVerdict.Unstable }])), StringComparison.Ordinal);
    }

    // As gpux bench --goodput stores it.
    private static BenchmarkRun Good(string key, double goodput, double? boundSeconds, int day = 1) => ExampleRun.Of(key) with
    {
        StartedAt = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero),
        Metrics = [new MetricResult(Metric.Latency, 1000, 0.01), new MetricResult(Metric.Goodput, 1000, goodput)],
        EnvironmentJson = boundSeconds is { } bound ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"goodput":{"objectives":{"latency":{{bound}} },"good":9,"requests":10,"share":0.9} }""") : null,
    };

    [Fact]
    public void Goodputs_of_unlike_objectives_are_not_one_series()
    {
        var runs = RunNames.Of([Good("a", 10, 0.05, 1), Good("b", 90, 0.5, 2), Good("c", 11, 0.05, 3), Good("d", 91, 0.5, 4), Good("e", 50, null, 5)]);
        string[] objectives = ["latency <= 50 ms", "latency <= 500 ms", "unknown objectives"];
        var history = HistoryChart.Of(runs, Metric.Goodput, byVersion: false);
        Assert.Equal(objectives, history.Series.Select(series => series.Name));
        Assert.Equal([[10, 11], [90, 91]], history.Marks.OfType<LineMark>().Select(line => line.Points.Select(point => point.Y)));
        Assert.Equal(objectives, HeatMapChart.Of(runs, Metric.Goodput).X.Categories);
        var bars = BarChart.Of(runs, Metric.Goodput).Y.Categories;
        Assert.All(bars.Zip([objectives[0], objectives[1], objectives[0], objectives[1], objectives[2]]), bar => Assert.StartsWith(bar.Second + " (", bar.First, StringComparison.Ordinal));
        // Of another metric they tell nothing.
        Assert.Single(HistoryChart.Of(runs, Metric.Latency, byVersion: false).Series);
        Assert.DoesNotContain("50 ms", string.Join(' ', runs.Runs.Select(run => run.Name)), StringComparison.Ordinal);
    }

    [Fact]
    public void Goodputs_of_unlike_objectives_have_no_front()
    {
        var runs = RunNames.Of([Good("a", 10, 0.05), Good("b", 90, 0.5), Good("c", 11, 0.05)]);
        var refused = Assert.Throws<PlotInputException>(() => ParetoChart.Of(runs, Metric.Latency, Metric.Goodput));
        Assert.Equal("Goodputs of unlike objectives have no front in common: latency <= 50 ms (run 1, run 3); latency <= 500 ms (run 2).", refused.Message);
        Assert.Contains("gpux db plot pareto", refused.Remedy, StringComparison.Ordinal);
        var alike = ParetoChart.Of(RunNames.Of([runs.Runs[0].Run, runs.Runs[2].Run]), Metric.Latency, Metric.Goodput);
        Assert.Contains("latency <= 50 ms", alike.Subtitle, StringComparison.Ordinal);
        Assert.Equal(3, ParetoChart.Of(runs, Metric.Latency, Metric.Latency).RunCount);
    }

    [Fact]
    public void Of_runs_without_samples_the_percentiles_are_drawn()
    {
        var runs = RunNames.Of(
        [
            Imported("tail", new MetricResult(Metric.Latency, 24_576, null) { P99 = 0.012 }),
            Imported("whole", new MetricResult(Metric.Latency, 100, 0.005) { P50 = 0.004, P90 = 0.007 }),
            Imported("mean", new MetricResult(Metric.Latency, 5, 0.005)),
        ]);
        var chart = LatencyChart.Of(runs);
        Assert.Equal([("tail", 0.012, 0.99), ("whole", 0.004, 0.5), ("whole", 0.007, 0.9)], chart.Marks.Cast<PointMark>().Select(mark => (chart.Series[mark.Series].Name.Split(',')[0], mark.X, mark.Y)));
        Assert.Contains("p99 12.0 ms, n 24,576", chart.Description, StringComparison.Ordinal);
        Assert.Contains("1 of 3 runs is left out: neither samples nor percentiles of latency are known.", chart.Notes);
        Assert.Contains("Of 2 of 2 runs no raw samples are stored: the marks are all that is known.", chart.Notes);
        // The axis is that of the data.
        Assert.Contains("Latency, ms (log)", ChartSvg.Write(chart), StringComparison.Ordinal);
        using var output = new StringWriter();
        TerminalChart.WriteDistribution(output, runs, 80, colours: false);
        Assert.Contains("p99 12.0 ms  n 24,576", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Of 2 of 2 runs no raw samples are stored", output.ToString(), StringComparison.Ordinal);
        // Of percentiles there are no quartiles.
        Assert.Contains("no raw samples are stored", Assert.Throws<PlotInputException>(() => LatencyChart.Boxes(runs)).Message, StringComparison.Ordinal);
    }
}
