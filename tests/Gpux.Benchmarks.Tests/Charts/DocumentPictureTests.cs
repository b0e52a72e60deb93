using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Tests.Roofline;

namespace Gpux.Benchmarks.Tests.Charts;

/// <summary>The pictures of docs/guides/plots.md: made of fixed runs, and the same to the byte.</summary>
public sealed class DocumentPictureTests
{
    public static TheoryData<string> Names => [.. Pictures.Keys];

    internal static Dictionary<string, Func<Chart>> Pictures { get; } = new()
    {
        ["plot-latency"] = () => LatencyChart.Of(RunNames.Of(ExampleRuns.Precisions)),
        ["plot-box"] = () => LatencyChart.Boxes(RunNames.Of(ExampleRuns.Precisions)),
        ["plot-pareto"] = () => ParetoChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Latency, Metric.Throughput),
        ["plot-history"] = () => HistoryChart.Of(RunNames.Of(ExampleRuns.Versions), Metric.Latency, byVersion: false),
        ["plot-versions"] = () => HistoryChart.Of(RunNames.Of(ExampleRuns.Versions), Metric.Latency, byVersion: true),
        ["plot-heatmap"] = () => HeatMapChart.Of(RunNames.Of(ExampleRuns.Batches), Metric.Throughput),
        ["plot-bars"] = () => BarChart.Of(RunNames.Of(ExampleRuns.Precisions), Metric.PeakMemory),
        ["plot-roofline"] = () => RooflineChart.Of(RunNames.Of([.. ExampleRuns.Batches.Where(run => run.Workload.Precision == "fp32")]),
            [.. ExampleRuns.Batches.Where(run => run.Workload.Precision == "fp32").Select(run => GraphCost.Of(ExampleGraphs.Encoder(), ExampleGraphs.EncoderInputs(run.Workload.BatchSize!.Value, 128), "encoder"))]), // fixed runs have batches
    };

    private static bool Update => Environment.GetEnvironmentVariable("GPUX_UPDATE_DOCS") == "1";

    [Theory]
    [MemberData(nameof(Names))]
    public void Picture_is_what_the_program_draws(string name) => SameFile(Path.Combine("docs", "images", $"{name}.svg"), ChartSvg.Write(Pictures[name]()));

    [Fact]
    public void Runs_of_the_examples_are_in_files()
    {
        Same("runs", ExampleRuns.All);
        Same("before", [.. ExampleRuns.Versions.Where(run => run.VersionTag == "v1.1.0").Select(run => run with { Samples = null })]);
        Same("after", [.. ExampleRuns.Versions.Where(run => run.VersionTag == "v1.2.0").Select(run => run with { Samples = null })]);
    }

    private static void Same(string name, IReadOnlyList<BenchmarkRun> runs)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("runs");
            foreach (var run in runs)
                RunJson.Write(json, run);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        SameFile(Path.Combine("tests", "Golden", "charts", $"{name}.json"), Encoding.UTF8.GetString(memory.ToArray()) + "\n");
    }

    private static void SameFile(string name, string text)
    {
        var path = Path.Combine(Corpus.Repository, name);
        if (Update)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file's path
            File.WriteAllText(path, text);
            return;
        }
        Assert.True(File.Exists(path) && File.ReadAllText(path) == text, $"{name} is not what the program makes: run the tests with GPUX_UPDATE_DOCS=1, and look at it.");
    }
}
