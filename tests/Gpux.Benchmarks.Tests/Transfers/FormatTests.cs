using System.Globalization;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Transfers;
using Gpux.Benchmarks.Transfers.Formats;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>Files as the tools write them, and each value that comes of them.</summary>
public sealed class FormatTests : IDisposable
{
    private readonly Importer _importer = new();

    public void Dispose() => _importer.Dispose();

    [Theory]
    [InlineData("{0}", 1)]
    [InlineData("[{0}, {1}]", 2)]
    [InlineData("{{\"runs\": [{0}, {1}], \"failures\": []}}", 2)]
    public void What_commands_print_as_json_comes_back(string form, int count)
    {
        BenchmarkRun[] runs = [ExampleRun.Of("first"), ExampleRun.Of("second")];
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, [.. runs.Select(Text)]);
        var file = _importer.ImportText("runs.json", text);
        Assert.Null(file.Error);
        Assert.Equal(("run-json", count, 0L), (file.Format, file.New, file.RefusedCount));
        Assert.Equal(runs.Take(count).Select(Text), _importer.Runs.OrderBy(run => run.Key, StringComparer.Ordinal).Select(Text));
        Assert.Equal(count, _importer.ImportText("again.json", text).AlreadyThere);
    }

    [Theory]
    [InlineData("\"verdict\":\"valid\"", "\"verdict\":\"good\"")]
    [InlineData("\"workload\":", "\"workload\":5,\"work\":")]
    [InlineData("\"key\":\"first\"", "\"key\":7")]
    public void A_run_as_json_that_makes_no_sense_is_refused_and_the_rest_is_not(string part, string with)
    {
        var first = Text(ExampleRun.Of("first"));
        Assert.Contains(part, first, StringComparison.Ordinal);
        var broken = first.Replace(part, with, StringComparison.Ordinal);
        var file = _importer.ImportText("runs.json", $"{{\"runs\": [{broken}, 5, {Text(ExampleRun.Of("second"))}]}}");
        Assert.Null(file.Error);
        Assert.Equal((1, 2L), (file.New, file.RefusedCount));
    }

    private static string Text(BenchmarkRun run)
    {
        using var stream = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(stream))
            RunJson.Write(json, run);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    [Fact]
    public void Llama_bench_json_gives_its_tests()
    {
        var file = _importer.Import(Importer.Golden("llama-bench.json"));
        Assert.Equal(("llama-bench", 2L, 2L, 2, 0L, 0L), (file.Format, file.Rows, file.Runs, file.New, file.AlreadyThere, file.RefusedCount));
        var (prompt, generation) = (_importer.Runs[0], _importer.Runs[1]);
        Assert.Equal("Qwen2.5-7B-Instruct-Q4_K_M", prompt.Model.Name);
        Assert.Equal((7615616512, 4677120000, "text-generation"), (prompt.Model.ParameterCount!.Value, prompt.Model.SizeBytes!.Value, prompt.Model.Task));
        Assert.Equal(("NVIDIA GeForce RTX 4090", HardwareKind.Gpu, 1), (prompt.Hardware.Name, prompt.Hardware.Kind, prompt.Hardware.DeviceCount));
        Assert.Equal(new Workload(TaskType.Inference, "prompt processing") { Precision = "q4_k_m", BatchSize = 1, InputTokens = 512, OutputTokens = 0, Concurrency = 1 }, prompt.Workload);
        Assert.Equal(("llama.cpp", "b5163 (d1b2c3a4)", "cuda", 16), (prompt.Engine.Backend, prompt.Engine.Version, prompt.Engine.ExecutionProvider, prompt.Engine.Threads));
        Assert.Equal(new DateTimeOffset(2025, 4, 24, 12, 0, 8, TimeSpan.Zero), prompt.StartedAt);
        Assert.Equal(0.2048, prompt.Duration.TotalSeconds, 1e-9);
        Assert.Equal(new MetricResult(Metric.Latency, 5, 0.04096) { StandardDeviation = 0.0005, P50 = 0.041 }, prompt[Metric.Latency]);
        Assert.Equal(new MetricResult(Metric.InputTokenThroughput, 5, 12500.25) { StandardDeviation = 150.5 }, prompt[Metric.InputTokenThroughput]);
        Assert.Equal(2, prompt.Metrics.Count);
        Assert.Equal((RunVerdict.Valid, Provenance.Imported), (prompt.Verdict, prompt.Provenance));
        Assert.Equal("llama-bench.json: llama-bench b5163 (d1b2c3a4)", prompt.ProvenanceSource);
        Assert.Equal(["5 repetitions"], prompt.Reasons);
        Assert.Equal(64, prompt.BundleSha256!.Length);
        // Without layers on the GPU, the processor does the work.
        Assert.Equal(("AMD Ryzen 9 7950X 16-Core Processor", HardwareKind.Cpu, "cpu"), (generation.Hardware.Name, generation.Hardware.Kind, generation.Engine.ExecutionProvider));
        Assert.Equal(new MetricResult(Metric.OutputTokenThroughput, 3, 16) { StandardDeviation = 0.08 }, generation[Metric.OutputTokenThroughput]);
        Assert.Equal(8, generation[Metric.Latency]!.P50);
    }

    [Theory]
    [InlineData("llama-bench.jsonl", 2)]
    [InlineData("llama-bench.csv", 1)]
    public void Llama_bench_tells_of_the_same_runs_in_other_forms(string name, int runs)
    {
        _importer.Import(Importer.Golden("llama-bench.json"));
        var file = _importer.Import(Importer.Golden(name));
        Assert.Equal(("llama-bench", runs, 0, runs), (file.Format, (int)file.Runs, file.New, (int)file.AlreadyThere));
    }

    [Fact]
    public void Llama_bench_sql_is_read_and_not_run()
    {
        Assert.Equal(1, _importer.Import(Importer.Golden("llama-bench.sql")).New);
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(("it's (a test), tiny", "Apple M2 Max", "fp16", 64.0), (run.Model.Name, run.Hardware.Name, run.Workload.Precision, run[Metric.OutputTokenThroughput]!.Mean));
        Assert.Equal(["one repetition, or how many is not said", "no percentiles", "the source does not say how long it ran"], run.Reasons);
    }

    [Theory]
    [InlineData("qwen2 7B Q4_K - Medium", "q4_k_m")]
    [InlineData("llama 7B Q3_K - Small", "q3_k_s")]
    [InlineData("llama 7B mostly Q4_0", "q4_0")]
    [InlineData("llama 1B F16", "fp16")]
    [InlineData("llama 1B BF16", "bf16")]
    [InlineData("llama 8B IQ4_XS - 4.25 bpw", "iq4_xs")]
    [InlineData("llama", null)]
    public void Llama_bench_types_have_our_names(string type, string? precision) => Assert.Equal(precision, LlamaBenchReader.Precision(type));

    [Fact]
    public void Vllm_serve_gives_times_rates_and_failures()
    {
        var options = new ImportOptions { Hardware = "NVIDIA L4" };
        Assert.Equal(("vllm", 1), _importer.Import(Importer.Golden("vllm-serve.json"), options) switch { var file => (file.Format, file.New) });
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(("meta-llama/Llama-3.1-8B-Instruct", "NVIDIA L4", "vllm"), (run.Model.Name, run.Hardware.Name, run.Engine.Backend));
        Assert.Equal(new Workload(TaskType.Inference, "open-loop") { OfferedRate = 10, InputTokens = 512, OutputTokens = 128 }, run.Workload);
        Assert.Equal(new MetricResult(Metric.TimeToFirstToken, 199, 0.0455) { P50 = 0.04025, P99 = 0.11075, StandardDeviation = 0.0125 }, run[Metric.TimeToFirstToken]);
        Assert.Equal(new MetricResult(Metric.TimePerOutputToken, 199, 0.0125) { P50 = 0.012, P99 = 0.0175, StandardDeviation = 0.00125 }, run[Metric.TimePerOutputToken]);
        Assert.Equal(new MetricResult(Metric.Latency, 199, 1.64) { P50 = 1.6, P99 = 2.2, StandardDeviation = 0.2 }, run[Metric.Latency]);
        Assert.Equal(7.96, run[Metric.Throughput]!.Mean);
        Assert.Equal(4075.52, run[Metric.InputTokenThroughput]!.Mean);
        Assert.Equal(1018.88, run[Metric.OutputTokenThroughput]!.Mean);
        Assert.Equal(new MetricResult(Metric.ErrorRate, 200, 0.005), run[Metric.ErrorRate]);
        Assert.Null(run[Metric.Goodput]);
        Assert.Equal((RunVerdict.Valid, 25.0, new DateTimeOffset(2025, 6, 1, 10, 11, 12, TimeSpan.Zero)), (run.Verdict, run.Duration.TotalSeconds, run.StartedAt));
        Assert.Equal(["the date says no time zone: UTC"], run.Reasons);
    }

    [Fact]
    public void Vllm_names_no_hardware_and_none_is_guessed()
    {
        var file = _importer.Import(Importer.Golden("vllm-serve.json"));
        Assert.Equal((0, "hardware"), (file.New, Assert.Single(file.Refused).Column));
        Assert.Contains("--hardware", file.Refused[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Vllm_throughput_and_latency_give_what_they_have()
    {
        var options = new ImportOptions { Model = "facebook/opt-125m", Hardware = "NVIDIA A10G" };
        _importer.Import(Importer.Golden("vllm-throughput.json"), options);
        _importer.Import(Importer.Golden("vllm-latency.json"), options);
        var (throughput, latency) = (_importer.Runs[0], _importer.Runs[1]);
        Assert.Equal([new MetricResult(Metric.Throughput, 1000, 80)], throughput.Metrics);
        Assert.Equal(12.5, throughput.Duration.TotalSeconds);
        Assert.Equal([new MetricResult(Metric.Latency, 30, 0.75) { P50 = 0.745, P90 = 0.8, P99 = 0.9 }], latency.Metrics);
    }

    [Fact]
    public void Mlflow_runs_are_read_by_maps()
    {
        var options = new ImportOptions { Maps = ["metrics.latency_ms=latency.e2e:ms", "params.gpu=hardware"] };
        var files = _importer.ImportAll(Importer.Golden("mlruns"), options);
        var file = Assert.Single(files, file => file.Format is not null);
        Assert.Equal((null, "mlflow", 1), (file.Error, file.Format, file.New));
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(("bert-speed", "3", "NVIDIA A100 80GB", 8), (run.Model.Name, run.VersionTag, run.Hardware.Name, run.Workload.BatchSize));
        // The value of the last step, not of the last line.
        Assert.Equal([new MetricResult(Metric.Latency, 1, 0.0125), new MetricResult(Metric.Throughput, 1, 640)], run.Metrics);
        Assert.Equal((DateTimeOffset.FromUnixTimeMilliseconds(1735689600000), 60.5), (run.StartedAt, run.Duration.TotalSeconds));
        Assert.Contains("hardware 'NVIDIA A100-SXM4-80GB' is kept as 'NVIDIA A100 80GB'", file.Notes);
    }

    [Fact]
    public void Mlflow_replies_are_read_and_what_failed_is_invalid_or_refused()
    {
        var file = _importer.Import(Importer.Golden("mlflow-search.json"), new ImportOptions { Maps = ["metrics.latency_ms=latency.e2e:ms", "params.gpu=hardware"] });
        Assert.Equal(("mlflow", 2L, 1, 1L), (file.Format, file.Rows, file.New, file.RefusedCount));
        Assert.Equal((2L, "metrics.latency_ms", "'NaN' is no finite number"), (file.Refused[0].Row, file.Refused[0].Column, file.Refused[0].Reason));
        Assert.Equal("bert-base-uncased", Assert.Single(_importer.Runs).Model.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_of_MLflow_is_one_whether_its_folder_or_a_reply_tells_of_it(bool folderFirst)
    {
        var options = new ImportOptions { Maps = ["metrics.latency_ms=latency.e2e:ms", "params.gpu=hardware"] };
        string[] sources = [Importer.Golden("mlruns"), Importer.Golden("mlflow-search.json")];
        if (!folderFirst)
            Array.Reverse(sources);
        Assert.Equal([1, 0], sources.Select(source => _importer.ImportAll(source, options).Sum(file => file.New)));
        Assert.Single(_importer.Runs);
    }

    [Fact]
    public void A_run_of_MLflow_is_called_by_what_both_its_folder_and_a_reply_say()
    {
        var run = Directory.CreateDirectory(_importer.Folder["mlruns/1/73ed5776f5e04e23be739d46812cb6bd"]).FullName;
        foreach (var file in Directory.GetFiles(Importer.Golden("mlruns"), "*", SearchOption.AllDirectories))
        {
            var copy = _importer.Folder[Path.Combine("mlruns", Path.GetRelativePath(Importer.Golden("mlruns"), file))];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file lies in a folder
            File.Copy(file, copy);
        }
        File.WriteAllText(Path.Combine(run, "tags", "mlflow.log-model.history"),
            """[{"artifact_path": "model", "model_uuid": "0f0f", "flavors": {"transformers": {"source_model_name": "bert-base-uncased"}}}]""");
        var options = new ImportOptions { Maps = ["metrics.latency_ms=latency.e2e:ms", "params.gpu=hardware"] };
        _importer.ImportAll(_importer.Folder["mlruns"], options);
        var kept = Assert.Single(_importer.Runs);
        Assert.Equal(("bert-base-uncased", "0f0f"), (kept.Model.Name, kept.VersionTag));
        Assert.Contains("\"mlflow_registered_model\":\"bert-speed/3\"", kept.EnvironmentJson, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2025-02-01 10:00", "2025-02-01T10:00:00")]
    [InlineData("2025-02-01T10:00:00+02:00", "2025-02-01T08:00:00")]
    [InlineData("2025/02/01", "2025-02-01T00:00:00")]
    [InlineData("1 Feb 2025", "2025-02-01T00:00:00")]
    [InlineData("13/02/2025 10:30", "2025-02-13T10:30:00")]
    [InlineData("02/13/2025", "2025-02-13T00:00:00")]
    [InlineData("31.12.2025 23:59:59", "2025-12-31T23:59:59")]
    [InlineData("5/5/2025", "2025-05-05T00:00:00")]
    public void Dates_that_can_be_read_in_one_way_are_read(string written, string utc)
    {
        Assert.Equal(1, Dated(written).New);
        Assert.Equal(DateTimeOffset.Parse($"{utc}Z", CultureInfo.InvariantCulture), Assert.Single(_importer.Runs).StartedAt);
    }

    [Theory]
    [InlineData("01/02/2025", "'01/02/2025' is 2025-02-01 or 2025-01-02: write the one that is meant")]
    [InlineData("1.2.2025 10:00", "'1.2.2025 10:00' is 2025-02-01 or 2025-01-02: write the one that is meant")]
    [InlineData("12-11-2025", "'12-11-2025' is 2025-11-12 or 2025-12-11: write the one that is meant")]
    [InlineData("31/01/25", "'31/01/25' has no year of four digits: write it as 2025-01-31")]
    [InlineData("1/2", "'1/2' has no year of four digits: write it as 2025-01-31")]
    [InlineData("12:30", "'12:30' is no date with a year of four digits")]
    [InlineData("13/13/2025", "'13/13/2025' is no date and time")]
    [InlineData("yesterday", "'yesterday' is no date with a year of four digits")]
    public void Dates_that_can_be_read_in_two_ways_are_refused(string written, string reason)
    {
        var file = Dated(written);
        Assert.Equal((0, 1L), (file.New, file.RefusedCount));
        Assert.Equal(("started_at", reason), (file.Refused[0].Column, file.Refused[0].Reason));
    }

    private FileImport Dated(string date) => _importer.ImportText("dates.csv", $"model,hardware,started_at,ms\nbert,L4,{date},1\n", new ImportOptions { Maps = ["ms=latency.e2e:ms"] });

    [Fact]
    public void Rows_that_are_equal_are_told_as_repeated_and_not_as_known()
    {
        var options = new ImportOptions { Maps = ["ms=latency.e2e:ms"] };
        const string Table = "model,hardware,ms\nbert,L4,1\nbert,L4,1\nbert,L4,2\nbert,L4,1\n";
        var dry = _importer.ImportText("a.csv", Table, options with { DryRun = true });
        Assert.Equal((4L, 2, 0L, 2L), (dry.Runs, dry.New, dry.AlreadyThere, dry.Repeated));
        var first = _importer.ImportText("a.csv", Table, options);
        Assert.Equal((4L, 2, 0L, 2L), (first.Runs, first.New, first.AlreadyThere, first.Repeated));
        var second = _importer.ImportText("a.csv", Table, options);
        Assert.Equal((4L, 0, 2L, 2L), (second.Runs, second.New, second.AlreadyThere, second.Repeated));
        // Those with keys of their own as well.
        var (export, other) = (_importer.Export("e.csv"), _importer.Folder["twice.csv"]);
        var lines = File.ReadAllLines(export);
        File.WriteAllLines(other, [.. lines, .. lines[1..]]);
        var twice = _importer.Import(other);
        Assert.Equal((4L, 0, 2L, 2L), (twice.Runs, twice.New, twice.AlreadyThere, twice.Repeated));
    }

    [Fact]
    public void A_duration_that_is_not_known_is_left_out_and_comes_back_so()
    {
        _importer.ImportText("a.csv", "model,hardware,ms\nbert,L4,1\n", new ImportOptions { Maps = ["ms=latency.e2e:ms"] });
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(TimeSpan.Zero, run.Duration);
        var (heading, row) = File.ReadAllLines(_importer.Export("e.csv")) switch { var lines => (lines[0].Split(','), lines[1].Split(',')) };
        Assert.Contains("duration", heading);
        Assert.DoesNotContain("0.0", row);
        using var other = new Importer();
        Assert.Equal(1, other.Import(_importer.Folder["e.csv"]).New);
        Assert.Equivalent(run, Assert.Single(other.Runs), strict: true);
        var json = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new System.Text.Json.Utf8JsonWriter(json))
            RunJson.Write(writer, run, id: 1);
        Assert.DoesNotContain("duration_seconds", System.Text.Encoding.UTF8.GetString(json.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Mlflow_metrics_without_a_unit_are_not_guessed()
    {
        var file = _importer.Import(Importer.Golden("mlflow-search.json"), new ImportOptions { Hardware = "NVIDIA L4", Model = "m" });
        // The one metric that has our name has our unit; the other is left.
        Assert.Equal((1, 1L), (file.New, file.RefusedCount));
        Assert.Contains("--map metrics.latency_ms=", file.Refused[0].Reason, StringComparison.Ordinal);
        Assert.Null(Assert.Single(_importer.Runs)[Metric.Latency]);
    }

    [Theory]
    [InlineData("mlperf_log_summary.txt", 1, 2998.5)]
    [InlineData("mlperf_log_detail.txt", 1800150, 2998.501234)]
    public void Mlperf_logs_give_latencies_rate_and_verdict(string name, int count, double rate)
    {
        var path = Importer.Golden("mlperf", "results", "NVIDIA A100-SXM4-80GB", "bert-99", "server", "performance", "run_1", name);
        Assert.Equal("mlperf", _importer.Import(path).Format);
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(("bert-99", "NVIDIA A100 80GB", "Server", 3000.0), (run.Model.Name, run.Hardware.Name, run.Workload.Scenario, run.Workload.OfferedRate));
        Assert.Equal(new MetricResult(Metric.Latency, count, 0.03125) { P50 = 0.025, P90 = 0.0625, P95 = 0.075, P99 = 0.14 }, run[Metric.Latency]);
        Assert.Equal(new MetricResult(Metric.Throughput, count, rate), run[Metric.Throughput]);
        Assert.Equal((RunVerdict.Invalid, 1780908523862526354), (run.Verdict, run.Seed));
        Assert.NotEmpty(run.Reasons);
    }

    [Fact]
    public void Mlperf_logs_of_one_run_are_one_result()
    {
        var files = _importer.ImportAll(Importer.Golden("mlperf", "results"));
        Assert.Equal([1, 0], files.Select(file => file.New));
        Assert.Equal([0, 1], files.Select(file => (int)file.AlreadyThere));
        // The detail comes first, and has more.
        Assert.Equal(new DateTimeOffset(2025, 6, 2, 3, 4, 5, TimeSpan.Zero), Assert.Single(_importer.Runs).StartedAt);
    }

    [Fact]
    public void Mlperf_multi_stream_counts_queries_in_both_logs()
    {
        const string Summary =
            """
            ================================================
            MLPerf Results Summary
            ================================================
            SUT name : PySUT
            Scenario : MultiStream
            Mode     : PerformanceOnly
            99th percentile latency (ns) : 9000000
            Result is : VALID
              Min queries satisfied : Skipped

            ================================================
            Additional Stats
            ================================================
            Per-query latency:
            Min latency (ns)                : 5000000
            Max latency (ns)                : 10000000
            Mean latency (ns)               : 6000000
            50.00 percentile latency (ns)   : 5500000
            99.00 percentile latency (ns)   : 9000000

            ================================================
            Test Parameters Used
            ================================================
            samples_per_query : 8
            """;
        var detail = string.Join('\n', new (string Key, object Value)[]
        {
            ("effective_scenario", "\"MultiStream\""), ("effective_test_mode", "\"PerformanceOnly\""), ("effective_samples_per_query", 8), ("result_validity", "\"VALID\""),
            ("result_query_count", 270336), ("result_min_query_latency_ns", 5000000), ("result_max_query_latency_ns", 10000000), ("result_mean_query_latency_ns", 6000000),
            ("result_50.00_percentile_per_query_latency_ns", 5500000), ("result_99.00_percentile_per_query_latency_ns", 9000000),
            ("result_min_latency_ns", 1000000), ("result_max_latency_ns", 10000000), ("result_mean_latency_ns", 3000000),
            ("result_50.00_percentile_latency_ns", 2500000), ("result_99.00_percentile_latency_ns", 8000000),
        }.Select(entry => $$""":::MLLOG {"key": "{{entry.Key}}", "value": {{entry.Value}}, "time_ms": 0.01}"""));
        var options = new ImportOptions { Model = "resnet50", Hardware = "NVIDIA L4" };
        Assert.Equal(1, _importer.ImportText("mlperf_log_detail.txt", detail, options).New);
        Assert.Equal((0, 1L), _importer.ImportText("mlperf_log_summary.txt", Summary, options) switch { var file => (file.New, file.AlreadyThere) });
        var run = Assert.Single(_importer.Runs);
        Assert.Equal((8, 270336L), (run.Workload.BatchSize, run[Metric.Latency]!.SampleCount));
        Assert.Equal(new MetricResult(Metric.Latency, 270336, 0.006) { P50 = 0.0055, P99 = 0.009 }, Assert.Single(run.Metrics));
    }

    [Fact]
    public void Mlperf_offline_has_rates_of_samples_and_tokens()
    {
        _importer.Import(Importer.Golden("mlperf", "mlperf_log_summary.txt"), new ImportOptions { Model = "llama2-70b-99", Hardware = "8x H100-SXM-80GB" });
        var run = Assert.Single(_importer.Runs);
        Assert.Equal(("8x NVIDIA H100 SXM", 8, RunVerdict.Valid), (run.Hardware.Name, run.Hardware.DeviceCount, run.Verdict));
        Assert.Equal((512.5, 65600.0, 600.0), (run[Metric.Throughput]!.Mean, run[Metric.OutputTokenThroughput]!.Mean, run.Duration.TotalSeconds));
    }

    [Fact]
    public void Mlperf_tables_give_rates_and_percentiles_and_refuse_what_is_none()
    {
        var file = _importer.Import(Importer.Golden("mlperf-summary.csv"));
        Assert.Equal(("mlperf-csv", 4L, 3, 1L), (file.Format, file.Rows, file.New, file.RefusedCount));
        Assert.Equal((4L, "Units"), Assert.Single(file.Refused) switch { var refused => (refused.Row, refused.Column) });
        var (tokens, single, samples) = (_importer.Runs[0], _importer.Runs[1], _importer.Runs[2]);
        Assert.Equal(("SingleStream", new MetricResult(Metric.Latency, 1, Mean: null) { P90 = 0.0035 }), (single.Workload.Scenario, Assert.Single(single.Metrics)));
        Assert.DoesNotContain("no percentiles", single.Reasons);
        Assert.Equal(("llama2-70b-99", "8x NVIDIA H100 SXM", "fp8", 24525.5), (tokens.Model.Name, tokens.Hardware.Name, tokens.Workload.Precision, tokens[Metric.OutputTokenThroughput]!.Mean));
        Assert.Equal(("2x Intel(R) Xeon(R) Platinum 8480C", HardwareKind.Cpu, 1234.5), (samples.Hardware.Name, samples.Hardware.Kind, samples[Metric.Throughput]!.Mean));
        Assert.Contains("ROUGE1: 44.5", tokens.EnvironmentJson, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_table_is_read_by_maps()
    {
        var options = new ImportOptions
        {
            Maps = ["ms=latency.e2e:ms", "p99_ms=latency.e2e.p99:ms", "MiB=memory.peak_device:MiB", "per_second=throughput.samples:1/s", "device=hardware", "when=started_at"],
        };
        var file = _importer.Import(Importer.Golden("table.csv"), options);
        Assert.Equal(("table", 2L, 2), (file.Format, file.Rows, file.New));
        var (bert, resnet) = (_importer.Runs[0], _importer.Runs[1]);
        Assert.Equal(("bert-base-uncased", "NVIDIA L4", "fp16", 8), (bert.Model.Name, bert.Hardware.Name, bert.Workload.Precision, bert.Workload.BatchSize));
        Assert.Equal(
            [new MetricResult(Metric.Latency, 1, 0.0125) { P99 = 0.02025 }, new MetricResult(Metric.Throughput, 1, 640), new MetricResult(Metric.PeakDeviceMemory, 1, 512L << 20)],
            bert.Metrics);
        Assert.Equal(("4x NVIDIA T4", 4, new DateTimeOffset(2025, 2, 3, 4, 5, 7, TimeSpan.Zero)), (resnet.Hardware.Name, resnet.Hardware.DeviceCount, resnet.StartedAt));
    }

    [Fact]
    public void Every_format_has_a_name_and_they_differ() => Assert.Equal(ResultFormats.Readers.Count, ResultFormats.Names.Distinct().Count());
}
