using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>MLPerf Inference: mlperf_log_summary.txt and mlperf_log_detail.txt of one run of the load generator.</summary>
/// <remarks>
/// Source: loadgen/results.cc, LoadGen 2.0 to 6.0. Times are nanoseconds. Neither file names the model or the hardware; the folders of a
/// submission do: results/SYSTEM/BENCHMARK/SCENARIO/performance/run_1. Both files of a run make one result: its scenario and its
/// shortest, longest and mean latency tell it from others. A query of the scenario MultiStream is a batch of samples; its latency is what
/// counts there, and all that the summary has. The shortest and longest latencies are no statistics of ours.
/// </remarks>
internal sealed class MlperfLogReader : IResultReader
{
    private const string Mark = ":::MLLOG ";

    // Stands in a detailed log beside the latencies of samples, if a query is several.
    private const string PerQuery = "query.";

    public string Format => "mlperf";

    public bool Recognizes(SourceFile file) =>
        file.Kind == SourceKind.Text && (IsDetail(file) || file.Head.Contains("MLPerf Results Summary", StringComparison.Ordinal));

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (!Recognizes(file))
            throw new UnknownResultFormatException(file.Path, "it is neither mlperf_log_summary.txt nor mlperf_log_detail.txt.");
        return [IsDetail(file) ? OfDetail(file) : OfSummary(file)];
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        if (row.Text("mode") is { } mode && !mode.Contains("Performance", StringComparison.Ordinal))
            throw new RowRefusedException("Mode", $"{SourceRow.Shown(mode)} measures no speed");
        var scenario = row.RequiredText("scenario");
        var verdict = row.RequiredText("validity") switch
        {
            "VALID" => RunVerdict.Valid,
            "INVALID" => RunVerdict.Invalid,
            var other => throw new RowRefusedException("Result is", $"{SourceRow.Shown(other)} is neither VALID nor INVALID"),
        };
        var count = row.Int64("count") ?? 1;
        var metrics = new List<MetricResult>();
        Add(metrics, Times(row, Metric.Latency, "latency", count));
        Add(metrics, Times(row, Metric.TimeToFirstToken, "ttft", count));
        Add(metrics, Times(row, Metric.TimePerOutputToken, "tpot", count));
        if (row.Double("samples_per_second") is { } samples)
            metrics.Add(new MetricResult(Metric.Throughput, count, samples));
        if (row.Double("tokens_per_second") is { } tokens)
            metrics.Add(new MetricResult(Metric.OutputTokenThroughput, count, tokens));
        var (system, benchmark) = Submission(context.File.Path);
        return context.Complete(new ImportedRun(row.Text("version") is { } version ? $"MLPerf LoadGen {version}" : "MLPerf LoadGen", "mlperf-inference")
        {
            Model = benchmark is not null ? new BenchmarkedModel(benchmark) : null,
            Hardware = system,
            Workload = new Workload(TaskType.Inference, scenario)
            {
                OfferedRate = scenario == "Server" ? row.Double("target_qps") : null,
                BatchSize = scenario == "MultiStream" ? row.Int32("samples_per_query", atLeast: 1) : null,
            },
            EnvironmentJson = row.Text("sut") is { } sut ? RunColumns.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("sut_name", sut);
                json.WriteEndObject();
            }) : null,
            Seed = row.Int64("seed"),
            StartedAt = row.Time("date"),
            Duration = row.Double("minimum_ms") is { } minimum and >= 0 and < 1e12 && verdict == RunVerdict.Valid ? TimeSpan.FromMilliseconds(minimum) : null,
            Verdict = verdict,
            Reasons = row.Text("reasons") is { } reasons ? reasons.Split('\n') : [],
            Metrics = metrics,
            Identity = [scenario, row.Text("latency.min"), row.Text("latency.max"), row.Text("latency.mean")],
        });
    }

    private static bool IsDetail(SourceFile file) => file.Head.StartsWith(Mark, StringComparison.Ordinal);

    private static void Add(List<MetricResult> metrics, MetricResult? result)
    {
        if (result is not null)
            metrics.Add(result);
    }

    private static MetricResult? Times(SourceRow row, Metric metric, string name, long count)
    {
        var result = new MetricResult(metric, count, row.Double($"{name}.mean") / 1e9)
        {
            P50 = row.Double($"{name}.50.00") / 1e9, P90 = row.Double($"{name}.90.00") / 1e9,
            P95 = row.Double($"{name}.95.00") / 1e9, P99 = row.Double($"{name}.99.00") / 1e9,
        };
        return result.HasValue ? result : null;
    }

    /// <summary>".../results/SYSTEM/BENCHMARK/SCENARIO/performance/run_1/mlperf_log_detail.txt"</summary>
    private static (string? System, string? Benchmark) Submission(string path)
    {
        var parts = Path.GetFullPath(path).Split(Path.DirectorySeparatorChar);
        return parts.Length > 7 && parts[^2].StartsWith("run_", StringComparison.Ordinal) && parts[^3] == "performance" && parts[^7] == "results"
            ? (parts[^6], parts[^5]) : (null, null);
    }

    private static NamedRow OfSummary(SourceFile file)
    {
        var row = new Dictionary<string, string>(StringComparer.Ordinal);
        var reasons = new List<string>();
        foreach (var line in file.ReadText().Split('\n'))
        {
            // "  Min duration satisfied : NO"; "Samples per second: 1234.5"
            if (line.LastIndexOf(':') is not (> 0 and var colon))
                continue;
            var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (SummaryName(name) is { } known)
                row.TryAdd(known, value);
            else if (value == "NO")
                reasons.Add($"{name}: no");
        }
        if (reasons.Count > 0)
            row["reasons"] = string.Join('\n', reasons);
        return new NamedRow(1, row);
    }

    private static string? SummaryName(string name) => name switch
    {
        "SUT name" => "sut",
        "Scenario" => "scenario",
        "Mode" => "mode",
        "Result is" => "validity",
        "Min latency (ns)" => "latency.min",
        "Max latency (ns)" => "latency.max",
        "Mean latency (ns)" => "latency.mean",
        "Mean First Token latency (ns)" => "ttft.mean",
        "Mean Time to Output Token (ns)" => "tpot.mean",
        "Samples per second" or "Completed samples per second" or "QPS w/ loadgen overhead" => "samples_per_second",
        "Tokens per second" or "Completed tokens per second" or "TPS w/ loadgen overhead" => "tokens_per_second",
        "samples_per_query" => "samples_per_query",
        "target_qps" => "target_qps",
        "min_duration (ms)" => "minimum_ms",
        "qsl_rng_seed" => "seed",
        _ when Percentile(name, " percentile latency (ns)") is { } percentile => $"latency.{percentile}",
        _ when Percentile(name, " percentile first token latency (ns)") is { } percentile => $"ttft.{percentile}",
        _ when Percentile(name, " percentile time to output token (ns)") is { } percentile => $"tpot.{percentile}",
        _ => null,
    };

    private static NamedRow OfDetail(SourceFile file)
    {
        var row = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (index, line) in file.ReadText().Split('\n').Index())
        {
            if (!line.StartsWith(Mark, StringComparison.Ordinal))
                continue;
            try
            {
                using var document = JsonDocument.Parse(line.AsMemory(Mark.Length), new JsonDocumentOptions { MaxDepth = SourceFile.MaxDepth });
                if (document.RootElement.ValueKind == JsonValueKind.Object
                    && document.RootElement.TryGetProperty("key", out var key) && key.ValueKind == JsonValueKind.String
                    && document.RootElement.TryGetProperty("value", out var value) && DetailName(key.GetString() ?? "") is { } name)
                    row.TryAdd(name, value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText());
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException) // a text with half a surrogate pair
            {
                throw new UnreadableResultFileException(file.Path, $"line {index + 1} is no JSON: {exception.Message}", "Check the file: it is damaged.", exception);
            }
        }
        foreach (var (name, value) in row.Where(each => each.Key.StartsWith(PerQuery, StringComparison.Ordinal)).ToArray())
            row[$"latency.{name[PerQuery.Length..]}"] = value;
        return new NamedRow(1, row);
    }

    private static string? DetailName(string key) => key switch
    {
        "sut_name" => "sut",
        "effective_scenario" => "scenario",
        "effective_test_mode" => "mode",
        "result_validity" => "validity",
        "result_invalid_reason" => "reasons",
        "result_query_count" => "count",
        "result_min_latency_ns" => "latency.min",
        "result_max_latency_ns" => "latency.max",
        "result_mean_latency_ns" => "latency.mean",
        "result_min_query_latency_ns" => PerQuery + "min",
        "result_max_query_latency_ns" => PerQuery + "max",
        "result_mean_query_latency_ns" => PerQuery + "mean",
        "result_first_token_mean_latency_ns" => "ttft.mean",
        "result_time_to_output_token_mean" => "tpot.mean",
        "result_samples_per_second" or "result_completed_samples_per_sec" or "result_qps_with_loadgen_overhead" => "samples_per_second",
        "result_tokens_per_second" or "result_token_throughput_with_loadgen_overhead" => "tokens_per_second",
        "effective_samples_per_query" => "samples_per_query",
        "effective_target_qps" => "target_qps",
        "effective_min_duration_ms" => "minimum_ms",
        "effective_qsl_rng_seed" => "seed",
        "loadgen_version" => "version",
        "test_datetime" => "date",
        _ when Between(key, "result_first_token_", "_percentile_latency_ns") is { } percentile => $"ttft.{percentile}",
        _ when Between(key, "result_time_per_output_token_", "_percentile_ns") is { } percentile => $"tpot.{percentile}",
        _ when Between(key, "result_", "_percentile_per_query_latency_ns") is { } percentile => PerQuery + percentile,
        _ when Between(key, "result_", "_percentile_latency_ns") is { } percentile => $"latency.{percentile}",
        _ => null,
    };

    private static string? Percentile(string name, string ending) => Between(name, "", ending);

    private static string? Between(string text, string start, string end) =>
        text.StartsWith(start, StringComparison.Ordinal) && text.EndsWith(end, StringComparison.Ordinal) && text.Length > start.Length + end.Length
            && double.TryParse(text.AsSpan(start.Length, text.Length - start.Length - end.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
            ? text[start.Length..^end.Length] : null;
}
