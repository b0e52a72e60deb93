using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Charts.Terminal;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Charts.Terminal;

public sealed class TerminalChartTests
{
    private static string Drawn(Chart chart, int width = 80, bool colours = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        TerminalChart.Write(output, chart, width, colours);
        return output.ToString();
    }

    private static string Distribution(RunNames names, int width = 80, bool colours = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        TerminalChart.WriteDistribution(output, names, width, colours);
        return output.ToString();
    }

    [Theory]
    [InlineData(60), InlineData(80), InlineData(137)]
    public void No_line_is_wider_than_the_terminal(int width)
    {
        foreach (var make in DocumentPictureTests.Pictures.Values)
            Assert.All(Drawn(make(), width).Split('\n'), line => Assert.True(line.Length <= width, $"{line.Length}: {line}"));
        Assert.All(Distribution(RunNames.Of(ExampleRuns.Precisions), width).Split('\n'), line => Assert.True(line.Length <= width, $"{line.Length}: {line}"));
    }

    [Fact]
    public void Without_colours_there_is_no_escape()
    {
        var chart = ParetoChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Latency, Metric.Throughput);
        Assert.DoesNotContain('\e', Drawn(chart));
        Assert.Contains("\e[94m", Drawn(chart, colours: true), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', Distribution(RunNames.Of([ExampleRun.Of("a", model: "\e[31mred\a"), ExampleRun.Of("b", model: "b\n\u202Ec")])));
    }

    [Fact]
    public void Distribution_shows_where_the_values_lie()
    {
        var text = Distribution(RunNames.Of(ExampleRuns.Precisions));
        var rows = text.Split('\n');
        Assert.StartsWith("● fp32", rows[2], StringComparison.Ordinal);
        Assert.Contains("n 400", rows[2], StringComparison.Ordinal);
        // int8 is the fastest: its highest block stands left of that of fp32.
        Assert.True(rows[7].IndexOf('█', StringComparison.Ordinal) < rows[3].IndexOf('█', StringComparison.Ordinal), text);
    }

    [Fact]
    public void Every_series_has_a_shape_of_its_own()
    {
        var text = Drawn(ParetoChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Latency, Metric.Throughput));
        Assert.Contains("● laptop, 8 cores", text, StringComparison.Ordinal);
        Assert.Contains("■ server, 32 cores", text, StringComparison.Ordinal);
        Assert.Contains("△ server, 1 GPU (not measured)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Heat_map_is_a_table_that_marks_what_was_not_measured()
    {
        var text = Drawn(HeatMapChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Throughput), 200);
        Assert.Contains("(n 3)", text, StringComparison.Ordinal);
        Assert.Matches(@"server, 1 GPU.*\[[\d,.]+/s\]", text);
        Assert.Contains("-", text.Split('\n').Single(line => line.StartsWith("laptop", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60), InlineData(80), InlineData(100)]
    public void Versions_of_a_long_name_are_told_apart(int width)
    {
        var runs = RunNames.Of([.. ((string[])["v1.0.0", "v1.1.0"]).SelectMany(version => ((int[])[1, 8]).Select(batch => ExampleRuns.Versions[0] with
        {
            Key = $"{version} {batch}", Model = new BenchmarkedModel("google-bert/bert-base-uncased"), VersionTag = version, Workload = ExampleRuns.Versions[0].Workload with { BatchSize = batch },
        }))]);
        var drawn = string.Join('\n', Drawn(HeatMapChart.Of(runs, Metric.Latency), width), Drawn(BarChart.Of(runs, Metric.Latency), width), Distribution(runs, width));
        foreach (var name in (string[])["v1.0.0, batch 1", "v1.0.0, batch 8", "v1.1.0, batch 1", "v1.1.0, batch 8"])
            Assert.Equal(3, drawn.Split(name).Length - 1);
        // The model is said once, above each picture.
        Assert.Equal(3, drawn.Split("google-bert/bert-base-uncased").Length - 1);
    }
}
