using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>MLPerf Inference: the summary.csv of the submission checker, a row a result of a submission.</summary>
/// <remarks>
/// Source: tools/submission/submission_checker/results.py, v4.0 to v6.0. The checker writes what passed, so its rows are valid unless it counts
/// errors. A latency there is the 90th percentile (single stream) or the 99th (multi stream) alone, by MLPerf's rules; the run's
/// mlperf_log_detail.txt has the others and the mean. Watts are no metric of ours.
/// </remarks>
internal sealed class MlperfTableReader : IResultReader
{
    private static readonly string[] Needed = ["Model", "Scenario", "Result", "Units", "accelerator_model_name", "host_processor_model_name"];

    // What else of a submission people look for.
    private static readonly string[] Told =
        ["Organization", "Division", "Availability", "SystemName", "Platform", "Accuracy", "Location", "operating_system", "host_processor_model_name", "notes"];

    public string Format => "mlperf-csv";

    public bool Recognizes(SourceFile file) => file.Kind == SourceKind.Text && file.Columns.Contains("MlperfModel") && Needed.All(file.Columns.Contains);

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        file.Require(Needed, "Write it with the submission checker of MLPerf Inference v4.0 or later.");
        return SourceRows.Of(file, refuse, cancellationToken);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        var result = row.Double("Result") ?? throw new RowRefusedException("Result", "it is missing");
        var scenario = row.RequiredText("Scenario");
        var measured = row.RequiredText("Units") switch
        {
            "Samples/s" or "Queries/s" => new MetricResult(Metric.Throughput, 1, result),
            "Tokens/s" => new MetricResult(Metric.OutputTokenThroughput, 1, result),
            "Latency (ms)" => Latency(scenario, result / 1e3),
            "millijoules" => new MetricResult(Metric.Energy, 1, result / 1e3),
            var other => throw new RowRefusedException("Units", $"{SourceRow.Shown(other)} is no unit of a metric"),
        };
        var nodes = row.Int32("number_of_nodes", atLeast: 1) ?? 1;
        var accelerator = row.Text("accelerator_model_name") is { } name and not ("N/A" or "-" or "None") ? name : null;
        var devices = accelerator is not null ? row.Int32("total_accelerators") ?? 1 : (row.Int32("host_processors_per_node") ?? 1) * nodes;
        return context.Complete(new ImportedRun($"MLPerf Inference {row.Text("version")}".TrimEnd(), "mlperf-inference")
        {
            Model = new BenchmarkedModel(row.RequiredText("Model")),
            Hardware = accelerator ?? row.Text("host_processor_model_name"),
            DeviceCount = Math.Max(1, devices),
            HardwareKind = accelerator is null ? HardwareKind.Cpu : null,
            Workload = new Workload(TaskType.Inference, scenario) { Precision = row.Text("weight_data_types") },
            Engine = new Engine(row.Text("framework")),
            EnvironmentJson = RunColumns.Json(json =>
            {
                json.WriteStartObject();
                foreach (var column in Told)
                    if (row.Text(column) is { } value)
                        json.WriteString(column, value);
                json.WriteEndObject();
            }),
            Verdict = row.Int64("errors") > 0 ? RunVerdict.Invalid : RunVerdict.Valid,
            Reasons = row.Int64("errors") is > 0 and var errors ? [$"the submission checker counts {errors} errors"] : [],
            Metrics = [measured],
        });
    }

    private static MetricResult Latency(string scenario, double seconds) => scenario switch
    {
        "SingleStream" => new MetricResult(Metric.Latency, 1, Mean: null) { P90 = seconds },
        "MultiStream" => new MetricResult(Metric.Latency, 1, Mean: null) { P99 = seconds },
        _ => throw new RowRefusedException("Scenario", $"which percentile of the latency {SourceRow.Shown(scenario)} gives is not known"),
    };
}
