using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Charts;

/// <summary>Pictures put runs together that were measured in one way, and no others.</summary>
public sealed class PooledRunTests
{
    private static BenchmarkRun Run(string key, double latency, Func<BenchmarkRun, BenchmarkRun> change) => change(ExampleRun.Of(key, latencySeconds: latency, throughput: 1 / latency));

    public static TheoryData<string, string, Func<BenchmarkRun, BenchmarkRun>> Ways => new()
    {
        { "NVIDIA L4, cuda, 8 threads", "NVIDIA L4, cpu, 8 threads", run => run with { Engine = run.Engine with { ExecutionProvider = "cpu" } } },
        { "NVIDIA L4, cuda, 8 threads", "NVIDIA L4, cuda, 1 thread", run => run with { Engine = run.Engine with { Threads = 1 } } },
        { "NVIDIA L4, cuda, 8 threads", "NVIDIA L4, cuda, 8 threads, vllm", run => run with { Engine = run.Engine with { Backend = "vllm" } } },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Heat_map_has_a_row_and_history_a_line_for_each_way_to_run(string usualRow, string otherRow, Func<BenchmarkRun, BenchmarkRun> change)
    {
        BenchmarkRun Usual(BenchmarkRun run) => run with { Engine = run.Engine with { Threads = 8 } };
        var runs = RunNames.Of([Run("a", 0.010, Usual), Run("b", 0.010, Usual), Run("c", 0.100, run => change(Usual(run))), Run("d", 0.100, run => change(Usual(run)))]);
        var map = HeatMapChart.Of(runs, Metric.Latency);
        Assert.Equal(new[] { usualRow, otherRow }.Order(StringComparer.Ordinal), map.Y.Categories);
        Assert.Equal([(usualRow, "10.0 ms"), (otherRow, "100 ms")], map.Marks.Cast<CellMark>().Select(cell => (map.Y.Categories[cell.Row], cell.Value)).OrderBy(cell => cell.Item2, StringComparer.Ordinal));
        var history = HistoryChart.Of(runs, Metric.Latency, byVersion: false);
        Assert.Equal(2, history.Series.Count);
        Assert.Equal([(0, 0.010), (0, 0.010), (1, 0.100), (1, 0.100)], history.Marks.OfType<PointMark>().Select(point => (point.Series, point.Y)).Order());
    }

    [Fact]
    public void Hardware_that_ran_in_one_way_is_called_by_its_name() =>
        Assert.Equal(["NVIDIA L4"], HeatMapChart.Of(RunNames.Of([ExampleRun.Of("a"), ExampleRun.Of("b")]), Metric.Latency).Y.Categories);

    [Fact]
    public void Versions_of_a_benchmark_are_columns_and_lines_of_their_own()
    {
        var runs = RunNames.Of([Run("a", 0.010, run => run), Run("b", 0.020, run => run with { BenchmarkVersion = "2" })]);
        Assert.Equal(["gpux bench 1", "gpux bench 2"], runs.Runs.Select(run => run.Name));
        var map = HeatMapChart.Of(runs, Metric.Latency);
        Assert.Equal(["gpux bench 1", "gpux bench 2"], map.X.Categories);
        Assert.Equal(["10.0 ms", "20.0 ms"], map.Marks.Cast<CellMark>().OrderBy(cell => cell.Column).Select(cell => cell.Value));
        Assert.Equal(["gpux bench 1", "gpux bench 2"], HistoryChart.Of(runs, Metric.Latency, byVersion: false).Series.Select(series => series.Name));
    }

    // More rows than a picture has, of which the last alone has a workload.
    [Fact]
    public void Column_of_which_no_row_is_shown_is_empty()
    {
        var many = Enumerable.Range(0, 31).Select(i => ExampleRun.Of($"{i}", hardware: $"machine {i:00}"));
        var chart = HeatMapChart.Of(RunNames.Of([.. many, Run("last", 0.01, run => run with { Hardware = new HardwarePlatform("machine 99", HardwareKind.Gpu), Workload = run.Workload with { BatchSize = 8 } })]), Metric.Latency);
        Assert.All(chart.Marks.Cast<CellMark>(), cell => Assert.Equal(0, cell.Column));
    }
}
