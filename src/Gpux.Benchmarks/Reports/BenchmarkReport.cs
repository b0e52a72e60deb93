using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Reports;

/// <summary>A page about runs that stands by itself: what was found, how sure it is, on what machine, and how it was measured.</summary>
/// <remarks>One file without scripts; nothing is fetched. Its content security policy allows its one style sheet, by its digest, and nothing
/// else. Pictures are SVG in the page; names of strangers are escaped.</remarks>
public static class BenchmarkReport
{
    /// <summary>Writes the page as <see cref="OutputFile"/> does.</summary>
    /// <param name="runs">At least one. Their samples, where they have them, make the distributions.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteHtml(IReadOnlyList<BenchmarkRun> runs, string path) => WriteHtml(RunNames.Of(runs), path);

    /// <inheritdoc cref="WriteHtml(IReadOnlyList{BenchmarkRun}, string)"/>
    public static void WriteHtml(RunNames runs, string path) => OutputFile.WriteText(path, ToHtml(runs));

    /// <summary>A page with one picture.</summary>
    public static string ToHtml(Chart chart)
    {
        var html = Begin(chart.Title);
        html.Open("figure").Line().Raw(ChartSvg.WriteInline(chart, "chart-1")).Close();
        return End(html);
    }

    /// <summary>The page as text. The same runs give the same text.</summary>
    public static string ToHtml(RunNames runs)
    {
        if (runs.Runs.Count == 0)
            throw new ArgumentException("A report is about at least one run.", nameof(runs));
        var all = runs.Runs.Select(run => run.Run).ToArray();
        var models = all.Select(run => run.Model.Name).Distinct().ToArray();
        var title = models is [var one] ? $"Benchmark of {one}" : $"Benchmark of {models.Length} models";
        var html = Begin(title).Text("h1", title);
        if (runs.Common.Length > 0)
            html.Text("p", runs.Common, "class", "lead");
        Summary(html, runs);
        Verdicts(html, runs);
        Pictures(html, runs);
        Metrics(html, runs);
        Machines(html, all);
        Method(html, all);
        Origins(html, runs);
        return End(html);
    }

    private static SvgText Begin(string title)
    {
        var html = new SvgText();
        html.Raw("<!DOCTYPE html>\n").Open("html", "lang", "en").Line().Open("head").Line();
        html.Empty("meta", "charset", "utf-8").Empty("meta", "http-equiv", "Content-Security-Policy", "content",
            $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Sheet)))}'; base-uri 'none'; form-action 'none'");
        html.Empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1").Empty("meta", "name", "color-scheme", "content", "light dark").Text("title", title);
        html.Open("style").Raw(Sheet).Close().Close();
        html.Open("body").Line().Open("main").Line();
        return html;
    }

    private static string End(SvgText html) => html.Close().Close().Close().ToString();

    private static string Sheet { get; } = ChartStyle.Sheet + """

        body{margin:0;background:#ffffff;color:#1f2328;font:15px/1.5 'Segoe UI',Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}
        main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}
        h1{font-size:1.6rem;margin:.5rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #d0d7de;padding-bottom:.3rem}
        .lead{color:#57606a;margin-top:0;overflow-wrap:anywhere}.scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.88rem}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #e3e7eb;vertical-align:top}
        th{color:#57606a;font-weight:600}th.run{color:inherit;padding-top:1rem;overflow-wrap:anywhere}td.what{white-space:nowrap}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td.name{overflow-wrap:anywhere;min-width:9rem}
        .ci{color:#57606a;font-size:.82rem}.tag{font-weight:600;white-space:nowrap}.valid{color:#1a7f37}.unstable{color:#9a6700}.invalid{color:#cf222e}
        figure{margin:1.2rem 0;overflow-x:auto}figure svg{display:block;max-width:100%;min-width:34rem;height:auto}code,pre{font:.85em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}summary{cursor:pointer;color:#57606a}pre{white-space:pre-wrap;background:#f6f8fa;padding:.7rem;border-radius:6px}
        dl{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:.25rem 1rem;margin:.5rem 0 1.2rem}dt{color:#57606a;overflow-wrap:anywhere}dd{margin:0;grid-column:2;overflow-wrap:anywhere}
        @media (prefers-color-scheme: dark){body{background:#0d1117;color:#e6edf3}h2{border-color:#30363d}th,td{border-color:#262c34}th,.lead,.ci,dt,summary{color:#9198a1}pre{background:#161b22}.valid{color:#3fb950}.unstable{color:#d29922}.invalid{color:#f85149}}
        @media print{main{max-width:none;padding:0}figure,tr{break-inside:avoid}h2{break-after:avoid}}

        """;

    private static void Summary(SvgText html, RunNames named)
    {
        // What none of the runs has needs no column.
        Metric[] columns = [.. ((Metric[])[Metric.Latency, Metric.Throughput, Metric.Goodput, Metric.TimeToFirstToken, Metric.TimePerOutputToken, Metric.OutputTokenThroughput, Metric.PeakMemory, Metric.PeakDeviceMemory, Metric.Energy])
            .Where(metric => named.Runs.Any(run => run.Run[metric] is not null))];
        html.Text("h2", "Summary").Open("div", "class", "scroll").Open("table").Open("thead").Open("tr").Text("th", "Run");
        foreach (var metric in columns)
            html.Text("th", RunCharts.Title(metric), "class", "n");
        html.Text("th", "Verdict").Close().Close().Open("tbody");
        foreach (var (name, run) in named.Runs)
        {
            html.Open("tr").Text("td", name, "class", "name");
            foreach (var metric in columns)
            {
                html.Open("td", "class", "n");
                if (run[metric] is { } result)
                    Value(html, result);
                else
                    html.Text("no data");
                html.Close();
            }
            html.Text("td", Names.Of(run.Verdict), "class", $"tag {Names.Of(run.Verdict)}").Close();
        }
        html.Close().Close().Close();
        html.Text("p", "Numbers are medians, means where there is no median; below them the interval and n, the number of samples. Samples of one launch depend on each other: what counts as evidence are launches.", "class", "ci");
    }

    private static void Value(SvgText html, MetricResult result)
    {
        html.Text(RunCharts.Value(result)).Raw("<br/>");
        var interval = RunCharts.IntervalOf(result) is var (low, high) ? $"{UnitScale.Format(result.Metric.Unit, low, high)}, " : "";
        html.Text("span", string.Create(CultureInfo.InvariantCulture, $"{interval}n {result.SampleCount:#,##0}"), "class", "ci");
    }

    private static void Verdicts(SvgText html, RunNames named)
    {
        if (named.Runs.All(run => run.Run.Reasons.Count == 0))
            return;
        html.Text("h2", "Why these verdicts").Open("dl").Line();
        foreach (var (name, run) in named.Runs.Where(run => run.Run.Reasons.Count > 0))
        {
            html.Text("dt", $"{name}: {Names.Of(run.Verdict)}");
            foreach (var reason in run.Reasons)
                html.Text("dd", reason);
        }
        html.Close();
    }

    private static void Pictures(SvgText html, RunNames named)
    {
        var valid = named.Runs.Where(run => Need.Valid.IsMet(run.Run)).ToArray();
        bool Have(Metric metric) => valid.Any(run => run.Run[metric] is { Typical: > 0 });
        List<Chart> charts = [];
        if (valid.Any(run => LatencyChart.IsKnown(run.Run)))
            charts.Add(LatencyChart.Of(named));
        if (valid.Any(run => RunLatencies.Of(run.Run.Samples) is not null))
            charts.Add(LatencyChart.Boxes(named));
        if (valid.Count(run => run.Run[Metric.Latency] is { Typical: > 0 } && run.Run[Metric.Throughput] is { Typical: > 0 }) > 1)
            charts.Add(ParetoChart.Of(named, Metric.Latency, Metric.Throughput));
        foreach (var metric in (ReadOnlySpan<Metric>)[Metric.PeakMemory, Metric.PeakDeviceMemory, Metric.RooflineShare, Metric.Energy])
            if (named.Runs.Count > 1 && Have(metric))
                charts.Add(BarChart.Of(named, metric));
        html.Text("h2", "Pictures");
        if (charts.Count == 0)
            html.Text("p", valid.Length == 0 ? $"No run is drawn: {Need.Valid.Otherwise}." : "Nothing of these runs makes a picture.", "class", "ci");
        foreach (var (i, chart) in charts.Index())
            html.Open("figure").Line().Raw(ChartSvg.WriteInline(chart, $"chart-{i + 1}")).Close();
    }

    private static void Metrics(SvgText html, RunNames named)
    {
        html.Text("h2", "All that was measured").Open("div", "class", "scroll").Open("table").Open("thead").Open("tr");
        html.Text("th", "Metric");
        foreach (var heading in (ReadOnlySpan<string>)["mean", "p50", "p90", "p95", "p99", "deviation", "interval", "n"])
            html.Text("th", heading, "class", "n");
        html.Close().Close();
        foreach (var (name, run) in named.Runs)
        {
            html.Open("tbody");
            if (named.Runs.Count > 1)
                html.Open("tr").Text("th", name, "class", "run", "colspan", "9", "scope", "rowgroup").Close();
            foreach (var result in run.Metrics)
            {
                string Cell(double? value) => value is { } known ? UnitScale.Format(result.Metric.Unit, known) : "–";
                html.Open("tr").Text("td", RunCharts.Title(result.Metric), "class", "what");
                foreach (var value in (ReadOnlySpan<double?>)[result.Mean, result.P50, result.P90, result.P95, result.P99, result.StandardDeviation])
                    html.Text("td", Cell(value), "class", "n");
                html.Text("td", RunCharts.IntervalOf(result) is var (low, high) ? $"{UnitScale.Format(result.Metric.Unit, low, high)} ({(result.ConfidenceLevel ?? 0.95) * 100:0.#} %)" : "–", "class", "n");
                html.Text("td", result.SampleCount.ToString("#,##0", CultureInfo.InvariantCulture), "class", "n").Close();
            }
            html.Close();
        }
        html.Close().Close();
        html.Text("p", "A percentile that the samples are too few to tell is left out: –.", "class", "ci");
    }

    private static void Machines(SvgText html, IReadOnlyList<BenchmarkRun> runs)
    {
        html.Text("h2", "Machine and software");
        foreach (var run in runs.DistinctBy(run => (run.MachineFingerprint, run.Hardware.Name, run.Engine, run.EnvironmentJson)))
        {
            var hardware = run.Hardware;
            html.Open("dl").Line();
            Row(html, "Hardware", $"{hardware.Name} ({Names.Of(hardware.Kind)})");
            Row(html, "Memory", hardware.MemoryBytes is { } bytes ? UnitScale.Format("B", bytes) : null);
            Row(html, "Bandwidth", hardware.MemoryBytesPerSecond is { } bandwidth ? UnitScale.Format("B/s", bandwidth) : null);
            foreach (var peak in hardware.Peaks)
                Row(html, $"Peak {peak.Precision}", $"{UnitScale.Format("FLOP/s", peak.OperationsPerSecond)} ({peak.Source})");
            Row(html, "Engine", string.Join(' ', ((string?[])[run.Engine.Backend, run.Engine.Version, run.Engine.ExecutionProvider]).Where(part => part is not null)));
            Row(html, "Driver", run.Engine.DriverVersion);
            Row(html, "Threads", run.Engine.Threads?.ToString(CultureInfo.InvariantCulture));
            Row(html, "Fingerprint", run.MachineFingerprint);
            html.Close();
            if (run.EnvironmentJson is { } environment)
            {
                html.Open("details").Text("summary", "Everything that was recorded of the machine and the measurement").Open("pre");
                foreach (var line in Indented(environment).Split('\n'))
                    html.Text(line.TrimEnd('\r')).Line();
                html.Close().Close();
            }
        }
    }

    private static void Method(SvgText html, IReadOnlyList<BenchmarkRun> runs)
    {
        html.Text("h2", "How it was measured");
        foreach (var run in runs.DistinctBy(run => (run.Suite, run.BenchmarkVersion, run.Workload, run.LaunchCount, run.Seed, GoodputShare.Of(run))))
        {
            html.Open("dl").Line();
            Row(html, "Benchmark", $"{run.Suite}, version {run.BenchmarkVersion}");
            Row(html, "Workload", $"{Names.Of(run.Workload.TaskType)}, {run.Workload.Scenario}{(RunNames.Describe(run.Workload with { TaskType = TaskType.Inference }) is { Length: > 0 } words ? ", " + words : "")}");
            Row(html, "Goodput", GoodputShare.Of(run) is { } goodput ? string.Create(CultureInfo.InvariantCulture, $"{goodput.Objectives}; kept by {goodput.Good:#,##0} of {goodput.Requests:#,##0} requests") : null);
            Row(html, "Launches", $"{run.LaunchCount} separate process{(run.LaunchCount == 1 ? "" : "es")}");
            Row(html, "Seed", run.Seed?.ToString(CultureInfo.InvariantCulture));
            html.Close();
        }
    }

    private static void Origins(SvgText html, RunNames named)
    {
        html.Text("h2", "Where it comes from").Open("div", "class", "scroll").Open("table").Open("thead").Open("tr");
        foreach (var heading in (ReadOnlySpan<string>)["Run", "Model", "Origin", "Started", "Took", "Key"])
            html.Text("th", heading);
        html.Close().Close().Open("tbody");
        foreach (var (name, run) in named.Runs)
        {
            html.Open("tr").Text("td", name, "class", "name");
            html.Text("td", string.Join(", ", ((string?[])[run.Model.Name, run.Model.Registry, run.VersionTag is { } tag ? $"version {tag}" : null]).Where(part => part is not null)), "class", "name");
            html.Text("td", Names.Of(run.Provenance) + (run.ProvenanceSource is { } source ? $": {source}" : ""), "class", "name");
            html.Text("td", run.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
            html.Text("td", run.Duration > TimeSpan.Zero ? UnitScale.Format("s", run.Duration.TotalSeconds) : "-", "class", "n").Open("td").Text("code", run.Key).Close().Close();
        }
        html.Close().Close().Close();
    }

    private static void Row(SvgText html, string name, string? value)
    {
        if (value is { Length: > 0 })
            html.Text("dt", name).Text("dd", value);
    }

    private static string Indented(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            using var memory = new MemoryStream();
            using (var writer = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
                document.RootElement.WriteTo(writer);
            return Encoding.UTF8.GetString(memory.ToArray());
        }
        catch (JsonException)
        {
            return json;
        }
    }
}
