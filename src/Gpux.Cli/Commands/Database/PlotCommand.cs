using System.CommandLine;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Charts.Terminal;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Cli.Commands.Database;

internal sealed class PlotCommand : GpuxCommand
{
    private const string Summary = "Draw benchmark results: to the terminal, or as SVG, PNG or HTML.";

    private static readonly string[] Kinds = ["latency", "box", "pareto", "history", "heatmap", "bars", "roofline"];

    // Twice the picture's own size, for screens of today.
    private const double PngScale = 2;

    private readonly Argument<string> _kind = new("kind") { Description = $"What to draw: {string.Join(", ", Kinds)}." };
    private readonly Argument<string[]> _runs = new("runs") { Description = $"Runs: {RunSelection.Forms}. Default: all that agree with the options.", Arity = ArgumentArity.ZeroOrMore };
    private readonly RunSelection _selection = new();
    private readonly Option<string?> _output = new("--output", "-o") { Description = "File to write: .svg, .png or .html. Default: draw in the terminal.", HelpName = "file" };
    private readonly Option<string?> _metric = new("--metric") { Description = "Of history, heatmap and bars: which metric. Default: latency.e2e.", HelpName = "name" };
    private readonly Option<string?> _across = new("--x") { Description = "Of pareto: the horizontal metric. Default: latency.e2e.", HelpName = "metric" };
    private readonly Option<string?> _upwards = new("--y") { Description = "Of pareto: the vertical metric. Default: throughput.samples.", HelpName = "metric" };
    private readonly Option<bool> _byVersion = new("--by-version") { Description = "Of history: from version to version instead of over time." };
    private readonly Option<string?> _graph = new("--graph") { Description = "Of roofline: the ONNX file that the runs ran.", HelpName = "model.onnx" };
    private readonly Option<string[]> _extents = new("--extent") { Description = "Of roofline: how long an open extent of the graph is: height=224. Batches and tokens come from the runs.", HelpName = "name=number" };

    public PlotCommand(Services services) : base(services, "plot", Summary, "gpux db plot latency --model bert-base-uncased -o latency.svg", "gpux db plot history 12,15,19 --metric throughput.samples --by-version")
    {
        Add(_kind);
        Add(_runs);
        _selection.AddTo(this);
        foreach (var option in (ReadOnlySpan<Option>)[_output, _metric, _across, _upwards, _byVersion, _graph, _extents])
            Add(option);
        _kind.AcceptOnlyFromAmong(Kinds);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var kind = parsed.GetRequiredValue(_kind);
        var output = parsed.GetValue(_output);
        var ending = output is null ? "" : Path.GetExtension(output).ToLowerInvariant();
        if (ending is not ("" or ".svg" or ".png" or ".html") || output is not null && ending.Length == 0)
            throw new UsageException($"-o is '{output}', which ends in none of .svg, .png and .html.", "Write -o plot.svg.");
        var runs = _selection.Read(Services, parsed, parsed.GetValue(_runs) ?? [], takesSamples: kind is "latency" or "box" || ending == ".html", cancellationToken);
        var chart = Draw(kind, runs, parsed);
        if (output is null)
        {
            Terminal.Print(text => Show(text, kind, runs, chart), json => WriteJson(json, kind, chart, null));
            return Task.FromResult(ExitCode.Done);
        }
        Save(chart, output, ending);
        Terminal.Print(text => text.WriteLine($"{output}: {chart.Title}, {(chart.RunCount == runs.Runs.Count ? "" : $"{chart.RunCount} of ")}{Plural.Of(runs.Runs.Count, "run")}."), json => WriteJson(json, kind, chart, output));
        return Task.FromResult(ExitCode.Done);
    }

    private Chart Draw(string kind, RunNames runs, ParseResult parsed) => kind switch
    {
        "latency" => LatencyChart.Of(runs),
        "box" => LatencyChart.Boxes(runs),
        "pareto" => ParetoChart.Of(runs, MetricOf(parsed.GetValue(_across), Metric.Latency), MetricOf(parsed.GetValue(_upwards), Metric.Throughput)),
        "history" => HistoryChart.Of(runs, MetricOf(parsed.GetValue(_metric), Metric.Latency), parsed.GetValue(_byVersion)),
        "heatmap" => HeatMapChart.Of(runs, MetricOf(parsed.GetValue(_metric), Metric.Latency)),
        "bars" => BarChart.Of(runs, MetricOf(parsed.GetValue(_metric), Metric.Latency)),
        _ => RooflineChart.Of(runs, Costs(runs, parsed)),
    };

    private void Show(TextWriter output, string kind, RunNames runs, Chart chart)
    {
        if (kind == "latency")
            TerminalChart.WriteDistribution(output, runs, Terminal.Width, Terminal.Colours);
        else
            TerminalChart.Write(output, chart, Terminal.Width, Terminal.Colours);
    }

    // A picture for people; for programs, what it says.
    private static void WriteJson(System.Text.Json.Utf8JsonWriter json, string kind, Chart chart, string? file)
    {
        json.WriteStartObject();
        json.WriteString("plot", kind);
        json.WriteString("title", chart.Title);
        json.WriteString("description", chart.Description);
        json.WriteStartArray("notes");
        foreach (var note in chart.Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        if (file is not null)
            json.WriteString("file", file);
        json.WriteEndObject();
    }

    private static void Save(Chart chart, string output, string ending)
    {
        try
        {
            if (Path.GetDirectoryName(output) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
            if (ending == ".png")
                SvgRenderer.Render(ChartSvg.Write(chart), PngScale, output).Save(output);
            else
                OutputFile.WriteText(output, ending == ".html" ? BenchmarkReport.ToHtml(chart) : ChartSvg.Write(chart));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(output, exception);
        }
    }

    private static Metric MetricOf(string? name, Metric otherwise) => name is null ? otherwise : Metric.Find(name)
        ?? throw new UsageException($"There is no metric '{name}'.", $"Metrics are: {string.Join(", ", Metric.All)}.");

    private List<GraphCost?> Costs(RunNames runs, ParseResult parsed)
    {
        var graph = parsed.GetValue(_graph) ?? throw new UsageException("A roofline needs the work of a graph.", "Name the ONNX file that the runs ran: --graph model.onnx.");
        Dictionary<string, long> extents = [];
        foreach (var extent in parsed.GetValue(_extents) ?? [])
        {
            if (extent.Split('=') is not [var name, var size] || !long.TryParse(size, out var number) || number < 0)
                throw new UsageException($"--extent is '{extent}', where a name and a number were expected.", "Write --extent height=224.");
            extents[name] = number;
        }
        // Runs of one workload have one cost.
        Dictionary<(int?, int?), GraphCost> known = [];
        List<GraphCost?> costs = [];
        foreach (var (_, run) in runs.Runs)
        {
            var workload = (run.Workload.BatchSize, run.Workload.InputTokens);
            if (!known.TryGetValue(workload, out var cost))
                known.Add(workload, cost = GraphCost.OfExtents(graph, extents, symbol => ExtentOf(symbol, run.Workload)));
            costs.Add(cost);
        }
        foreach (var uncounted in known.Values.SelectMany(cost => cost.Uncounted).DistinctBy(uncounted => uncounted.Operator))
            Terminal.Note($"Not counted: {uncounted.Operator} ({Plural.Of(uncounted.Nodes, "node")}, {uncounted.NodeShare:P1} of all): {uncounted.Reason}.");
        return costs;
    }

    // As graphs of GPUX and of Optimum name them.
    private static long? ExtentOf(string symbol, Workload workload) => symbol.Contains("batch", StringComparison.OrdinalIgnoreCase) ? workload.BatchSize
        : symbol.Contains("past", StringComparison.OrdinalIgnoreCase) && !symbol.Contains('+', StringComparison.Ordinal) ? 0
        : symbol.Contains("seq", StringComparison.OrdinalIgnoreCase) || symbol.Contains("token", StringComparison.OrdinalIgnoreCase) ? workload.InputTokens : null;
}
