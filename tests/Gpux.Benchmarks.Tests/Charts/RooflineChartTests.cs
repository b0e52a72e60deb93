using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Tests.Roofline;

namespace Gpux.Benchmarks.Tests.Charts;

public sealed class RooflineChartTests
{
    private static readonly GraphCost Cost = GraphCost.Of(ExampleGraphs.Encoder(), ExampleGraphs.EncoderInputs(1, 128), "encoder");

    private static readonly HardwarePlatform Machine = new("machine", HardwareKind.Cpu) { MemoryBytesPerSecond = 45e9, Peaks = [new("fp32", 1.6e12, "measured")] };

    private static BenchmarkRun Run(string key, double latency, double? rows, Func<Workload, Workload>? change = null)
    {
        var run = ExampleRun.Of(key, hardware: "machine", kind: HardwareKind.Cpu, latencySeconds: latency, throughput: rows ?? 1);
        return run with { Hardware = Machine, Workload = change?.Invoke(run.Workload) ?? run.Workload, Metrics = [.. run.Metrics.Where(result => rows is not null || result.Metric != Metric.Throughput)] };
    }

    private static Chart Draw(params BenchmarkRun[] runs) => RooflineChart.Of(RunNames.Of(runs), [.. runs.Select(_ => Cost)]);

    private static double[] Achieved(Chart chart) => [.. chart.Marks.OfType<PointMark>().Select(point => point.Y)];

    [Fact]
    public void What_counts_is_how_many_end_in_a_second_and_not_how_long_each_takes()
    {
        var expected = Cost.Flop * 100.0;
        Assert.All(Achieved(Draw(
            Run("one caller", 0.010, 100), Run("four callers", 0.040, 100, workload => workload with { Concurrency = 4 }), Run("eight rows a request", 0.010, 800, workload => workload with { BatchSize = 8 }),
            Run("no throughput", 0.010, null), Run("no throughput, callers not known", 0.010, null, workload => workload with { Concurrency = null }))),
            achieved => Assert.Equal(expected, achieved, expected * 1e-9));
        // As gpux bench counts it: least time times requests a second.
        var bound = RooflineBound.Of(Cost, Machine)!; // the machine is known
        Assert.Contains($"({bound.Least.TotalSeconds * 100 * 100:0} %)", Draw(Run("four callers", 0.040, 100, workload => workload with { Concurrency = 4 })).Marks.OfType<PointMark>().Single().Label, StringComparison.Ordinal);
    }

    public static TheoryData<string, BenchmarkRun> Without => new()
    {
        { "of an open loop, where the share would be what was offered", Run("rate", 0.010, 20, workload => workload with { OfferedRate = 20 }) },
        { "of an open loop, where the share would be what was offered", Run("open", 0.010, 20, workload => workload with { Scenario = "open-loop" }) },
        { "a request is more than one run of the graph, as end to end, in generation and in training", Run("end to end", 0.010, 100) with { Suite = "gpux bench --end-to-end" } },
        { "a request is more than one run of the graph, as end to end, in generation and in training", Run("text", 0.640, 1.5, workload => workload with { OutputTokens = 64 }) },
        { "a request is more than one run of the graph, as end to end, in generation and in training", Run("training", 0.010, 100, workload => workload with { TaskType = TaskType.Training }) },
        { "neither their throughput and batch nor the latency of one caller is known", Run("callers", 0.040, null, workload => workload with { Concurrency = 4 }) },
    };

    [Theory]
    [MemberData(nameof(Without))]
    public void What_has_no_share_is_left_out_and_counted(string why, BenchmarkRun run)
    {
        var chart = Draw(Run("usual", 0.010, 100), run);
        Assert.Equal(1, chart.RunCount);
        Assert.Single(Achieved(chart));
        Assert.Contains($"1 of 2 runs is left out: {why}.", chart.Notes);
        Assert.Contains(why, Assert.Throws<PlotInputException>(() => Draw(run)).Message, StringComparison.Ordinal);
    }
}
