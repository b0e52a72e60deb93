using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>vLLM: the JSON of bench serve (--save-result, also --append-result), bench throughput and bench latency (--output-json).</summary>
/// <remarks>
/// Source: vllm/benchmarks/serve.py, throughput.py and latency.py, vLLM 0.6 to 0.11. serve writes milliseconds ("mean_ttft_ms"), latency seconds.
/// None of them names the hardware, and only serve the model. The inter-token latency (itl) is of single tokens, not of requests, and is no metric of ours.
/// </remarks>
internal sealed class VllmReader : IResultReader
{
    // Protocol: more failures than this make a run invalid.
    private const double LargestErrorRate = 0.01;

    public string Format => "vllm";

    public bool Recognizes(SourceFile file) => file.Kind == SourceKind.Json && Kind(file.Columns) is not null;

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (file.Kind != SourceKind.Json)
            throw new UnknownResultFormatException(file.Path, "vLLM writes JSON.");
        return SourceRows.Of(file, refuse, cancellationToken);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context) => context.Complete(Kind(row.Columns) switch
    {
        "serve" => Serve(row),
        "throughput" => Throughput(row),
        "latency" => Latency(row),
        _ => throw new RowRefusedException(null, "it is none of vLLM's serve, throughput and latency"),
    });

    private static string? Kind(IReadOnlyList<string> columns)
    {
        bool Has(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                if (!columns.Contains(name))
                    return false;
            return true;
        }
        return Has("request_throughput", "completed", "duration") ? "serve"
            : Has("elapsed_time", "num_requests", "requests_per_second") ? "throughput"
            : Has("avg_latency", "percentiles") ? "latency" : null;
    }

    private static ImportedRun Serve(SourceRow row)
    {
        var completed = row.Int64("completed") ?? 0;
        if (completed < 1)
            throw new RowRefusedException("completed", "no request was answered");
        var failed = row.Int64("failed");
        var duration = row.Double("duration") is { } seconds and > 0 ? seconds : throw new RowRefusedException("duration", "it is not more than 0");
        var metrics = new List<MetricResult>();
        Add(metrics, Times(row, Metric.Latency, "e2el", completed));
        Add(metrics, Times(row, Metric.TimeToFirstToken, "ttft", completed));
        Add(metrics, Times(row, Metric.TimePerOutputToken, "tpot", completed));
        Add(metrics, Metric.Throughput, completed, row.Double("request_throughput"));
        Add(metrics, Metric.InputTokenThroughput, completed, row.Double("total_input_tokens") / duration);
        Add(metrics, Metric.OutputTokenThroughput, completed, row.Double("output_throughput"));
        Add(metrics, Metric.Goodput, completed, row.Double("request_goodput"));
        var errorRate = failed is { } count and >= 0 ? (double)count / (completed + count) : (double?)null;
        Add(metrics, Metric.ErrorRate, completed + (failed ?? 0), errorRate);
        var rate = row.Text("request_rate") is "inf" or null ? null : row.Double("request_rate");
        var concurrency = row.Int32("max_concurrency", atLeast: 1);
        List<string> reasons = [];
        if (row.Text("date") is not null)
            reasons.Add("the date says no time zone: UTC");
        if (errorRate > LargestErrorRate)
            reasons.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{failed} of {completed + failed} requests failed"));
        return new ImportedRun("vllm bench serve", "vllm bench serve")
        {
            Model = row.Text("model_id") is { } model ? new BenchmarkedModel(model) { Task = "text-generation" } : null,
            Workload = new Workload(TaskType.Inference, rate is not null ? "open-loop" : concurrency is not null ? "closed-loop" : "all at once")
            {
                Concurrency = concurrency, OfferedRate = rate,
                InputTokens = Mean(row, "total_input_tokens", completed), OutputTokens = Mean(row, "total_output_tokens", completed),
            },
            Engine = new Engine(row.Text("backend") ?? row.Text("endpoint_type") ?? "vllm"),
            StartedAt = Date(row),
            Duration = TimeSpan.FromSeconds(Math.Min(duration, 1e9)),
            Verdict = errorRate > LargestErrorRate ? RunVerdict.Invalid : RunVerdict.Valid,
            Reasons = reasons,
            Metrics = metrics,
        };
    }

    private static ImportedRun Throughput(SourceRow row)
    {
        var metrics = new List<MetricResult>();
        // tokens_per_second is of input and output together, which is none of our metrics.
        Add(metrics, Metric.Throughput, Math.Max(1, row.Int64("num_requests") ?? 1), row.Double("requests_per_second"));
        return new ImportedRun("vllm bench throughput", "vllm bench throughput")
        {
            Workload = new Workload(TaskType.Inference, "offline"),
            Engine = new Engine("vllm"),
            Duration = RunTime(row.Double("elapsed_time")),
            Metrics = metrics,
        };
    }

    private static ImportedRun Latency(SourceRow row)
    {
        var count = ((JsonRow)row).Element.TryGetProperty("latencies", out var latencies) && latencies.ValueKind == JsonValueKind.Array
            ? latencies.GetArrayLength() : 1;
        return new ImportedRun("vllm bench latency", "vllm bench latency")
        {
            Workload = new Workload(TaskType.Inference, "closed-loop") { Concurrency = 1 },
            Engine = new Engine("vllm"),
            Metrics =
            [
                new MetricResult(Metric.Latency, Math.Max(1, count), row.Double("avg_latency") ?? throw new RowRefusedException("avg_latency", "it is missing"))
                {
                    P50 = row.Double("percentiles.50"), P90 = row.Double("percentiles.90"), P95 = row.Double("percentiles.95"), P99 = row.Double("percentiles.99"),
                },
            ],
        };
    }

    private static MetricResult? Times(SourceRow row, Metric metric, string name, long count) =>
        row.Double($"mean_{name}_ms") is not { } mean ? null : new MetricResult(metric, count, mean / 1e3)
        {
            P50 = row.Double($"median_{name}_ms") / 1e3, P90 = row.Double($"p90_{name}_ms") / 1e3, P95 = row.Double($"p95_{name}_ms") / 1e3,
            P99 = row.Double($"p99_{name}_ms") / 1e3, StandardDeviation = row.Double($"std_{name}_ms") / 1e3,
        };

    private static void Add(List<MetricResult> metrics, MetricResult? result)
    {
        if (result is not null)
            metrics.Add(result);
    }

    private static void Add(List<MetricResult> metrics, Metric metric, long count, double? mean)
    {
        if (mean is { } value)
            metrics.Add(new MetricResult(metric, count, value));
    }

    private static int? Mean(SourceRow row, string column, long completed) =>
        row.Int64(column) is { } total and >= 0 && total / completed <= int.MaxValue ? (int)Math.Round((double)total / completed) : null;

    private static TimeSpan? RunTime(double? seconds) => seconds is >= 0 and < 1e9 and { } known ? TimeSpan.FromSeconds(known) : null;

    /// <summary>"20250131-235959", in the clock of the machine that measured.</summary>
    private static DateTimeOffset? Date(SourceRow row)
    {
        if (row.Text("date") is not { } text)
            return null;
        return DateTimeOffset.TryParseExact(text, "yyyyMMdd-HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date : throw new RowRefusedException("date", $"{SourceRow.Shown(text)} is no date such as 20250131-235959");
    }
}
