using Gpux.Bench;
using Gpux.Bench.Benches;
using Gpux.Bench.Reports;

if (args is [SessionOpenBench.Child, var first, var model, var how])
{
    SessionOpenBench.OpenInThisProcess(first, model, how);
    return 0;
}

(string Name, string Summary, Func<BenchSettings, IEnumerable<Row>> Measure)[] benches =
[
    ("conversion", "a checkpoint of 438 MB becomes ONNX; one of 13 GB is planned", ConversionBench.Measure),
    ("session-open", "a converted model becomes a session", SessionOpenBench.Measure),
    ("encoder", "an encoder of BERT-base shape runs, beside the machine's peak", EncoderBench.Measure),
    ("shapes", "encoders of texts, images and sounds convert and run, and each in 8 bits", ShapesBench.Measure),
    ("cold-start", "from process start to an answer", ColdStartBench.Measure),
    ("pull", "a file of 512 MB comes from servers of four kinds", PullBench.Measure),
    ("embed", "sentences become vectors", EmbedBench.Measure),
    ("images", "a photo of 12 megapixels becomes a model's input", ImagesBench.Measure),
    ("tokenize", "text becomes ids on one thread", TokenizeBench.Measure),
    ("insights", "10 M benchmark results are stored, and asked", InsightsBench.Measure),
    ("advice", "which hardware suits a model, asked of ten million results", AdviceBench.Measure),
];

var names = args.Where(argument => !argument.StartsWith('-')).ToArray();
var unknown = args.Except(["--json", "--quick"]).Except(benches.Select(bench => bench.Name)).ToArray();
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"bench/run [name...] [--json] [--quick]: '{unknown[0]}' is none of these. The benches are:");
    foreach (var (name, summary, _) in benches)
        Console.Error.WriteLine($"  {name,-13} {summary}");
    return 2;
}
using var settings = new BenchSettings(Quick: args.Contains("--quick"));
var reports = new List<Report>();
// What is served from stored results is a part of how they are stored.
foreach (var (name, _, measure) in benches.Where(bench => names.Length == 0 || names.Contains(bench.Name) || (bench.Name == "advice" && names.Contains("insights"))))
{
    Console.Error.WriteLine($"{name} ...");
    var load = Machine.Load();
    var rows = new List<Row>();
    foreach (var row in measure(settings))
    {
        Console.Error.WriteLine($"  {row.Name}"); // minutes may lie between two
        rows.Add(row);
    }
    var report = new Report(name, load, rows);
    reports.Add(report);
    if (!args.Contains("--json"))
        TableText.Write(Console.Out, report);
}
if (args.Contains("--json"))
    JsonText.Write(Console.OpenStandardOutput(), reports);
return 0;
