using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>llama-bench of llama.cpp: -o json, jsonl, csv and sql.</summary>
/// <remarks>
/// Source: tools/llama-bench, fields as of build 5163 to 2026. A test is prompt processing (n_gen = 0), text generation (n_prompt = 0) or one
/// after the other. avg_ts is in tokens a second and avg_ns in nanoseconds; samples_ns is in JSON only. -o md is rounded, and not read.
/// </remarks>
internal sealed class LlamaBenchReader : IResultReader
{
    private static readonly string[] Needed = ["model_filename", "avg_ns", "avg_ts", "n_prompt", "n_gen"];

    public string Format => "llama-bench";

    public bool Recognizes(SourceFile file) => IsSql(file) || Needed.All(file.Columns.Contains);

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (IsSql(file))
            return SqlInserts.Of(file.ReadText(), "llama_bench", refuse);
        file.Require(Needed, "Write it with llama-bench -o json.");
        return SourceRows.Of(file, refuse, cancellationToken);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        var (prompt, generated) = (row.Int32("n_prompt") ?? 0, row.Int32("n_gen") ?? 0);
        if (prompt == 0 && generated == 0)
            throw new RowRefusedException("n_prompt", "neither it nor n_gen is more than 0");
        var seconds = Samples(row);
        var count = Math.Max(1, seconds.Count);
        var latency = new MetricResult(Metric.Latency, count, Required(row, "avg_ns") / 1e9)
        {
            StandardDeviation = row.Double("stddev_ns") / 1e9,
            P50 = seconds.Count > 0 ? seconds.Order().ElementAt((seconds.Count - 1) / 2) : null,
        };
        var rate = new MetricResult(generated == 0 ? Metric.InputTokenThroughput : Metric.OutputTokenThroughput, count, Required(row, "avg_ts"))
        {
            StandardDeviation = row.Double("stddev_ts"),
        };
        var layers = row.Int64("n_gpu_layers");
        var gpu = layers == 0 ? null : row.Text("gpu_info");
        var backends = row.Text("backends") ?? "cpu";
        var build = $"b{row.Text("build_number") ?? "?"} ({row.Text("build_commit") ?? "?"})";
        return context.Complete(new ImportedRun($"llama-bench {build}", "llama-bench")
        {
            Model = new BenchmarkedModel(ModelName(row.RequiredText("model_filename")))
            {
                ParameterCount = row.Int64("model_n_params"), SizeBytes = row.Int64("model_size"), Task = "text-generation",
            },
            Hardware = gpu ?? row.Text("cpu_info"),
            HardwareKind = gpu is null ? HardwareKind.Cpu : HardwareKind.Gpu,
            Workload = new Workload(TaskType.Inference, generated == 0 ? "prompt processing" : prompt == 0 ? "text generation" : "prompt processing and text generation")
            {
                // n_batch counts tokens that are processed at once, of one sequence.
                Precision = Precision(row.Text("model_type")), BatchSize = 1, Concurrency = 1, InputTokens = prompt, OutputTokens = generated,
            },
            Engine = new Engine("llama.cpp")
            {
                Version = build, ExecutionProvider = gpu is null ? "cpu" : backends.ToLowerInvariant(),
                Threads = row.Int32("n_threads", atLeast: 1), OptionsJson = Options(row),
            },
            EnvironmentJson = row.Text("cpu_info") is { } cpu ? RunColumns.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("cpu", cpu);
                json.WriteEndObject();
            }) : null,
            StartedAt = row.Time("test_time"),
            Duration = seconds.Count > 0 ? TimeSpan.FromSeconds(seconds.Sum()) : null,
            // Both rates would be of all tokens together, which is none of our metrics.
            Metrics = prompt > 0 && generated > 0 ? [latency] : [latency, rate],
            // CSV leaves single values away; it is the same run.
            Identity = [row.Text("test_time"), build, Text(prompt), Text(generated), row.Text("n_depth"), row.Text("n_batch"), row.Text("n_ubatch"), row.Text("n_threads"),
                row.Text("n_gpu_layers"), row.Text("type_k"), row.Text("type_v"), Text(Required(row, "avg_ns"))],
        });
    }

    /// <summary>"qwen2 7B Q4_K - Medium" is q4_k_m, "llama 7B mostly Q4_0" q4_0, "llama 7B F16" fp16.</summary>
    public static string? Precision(string? modelType)
    {
        if (modelType is null)
            return null;
        var dash = modelType.IndexOf(" - ", StringComparison.Ordinal);
        var name = (dash < 0 ? modelType : modelType[..dash]).Split(' ')[^1].ToLowerInvariant();
        var suffix = dash < 0 ? "" : modelType[(dash + 3)..] switch { "Small" => "_s", "Medium" => "_m", "Large" => "_l", _ => "" };
        return name switch
        {
            "f16" => "fp16",
            "f32" => "fp32",
            "bf16" => "bf16",
            _ when name.Length > 1 && name[0] is 'q' or 'i' or 't' or 'm' && name.Any(char.IsAsciiDigit) => name + suffix,
            _ => null,
        };
    }

    private static string ModelName(string file)
    {
        var name = file[(file.LastIndexOfAny(['/', '\\']) + 1)..];
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? name[..^5] : name;
    }

    private static bool IsSql(SourceFile file) => file.Kind == SourceKind.Text && file.Head.Contains("INSERT INTO llama_bench ", StringComparison.Ordinal);

    private static double Required(SourceRow row, string column) => row.Double(column) ?? throw new RowRefusedException(column, "it is missing");

    private static string? Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static IReadOnlyList<double> Samples(SourceRow row)
    {
        if (row is not JsonRow json || !json.Element.TryGetProperty("samples_ns", out var samples) || samples.ValueKind != JsonValueKind.Array)
            return [];
        return [.. samples.EnumerateArray().Select(sample => sample.ValueKind == JsonValueKind.Number && sample.TryGetDouble(out var ns) && ns is >= 0 and < 1e18
            ? ns / 1e9 : throw new RowRefusedException("samples_ns", $"{SourceRow.Shown(sample.GetRawText())} is no number of nanoseconds"))];
    }

    private static string Options(SourceRow row) => RunColumns.Json(json =>
    {
        json.WriteStartObject();
        foreach (var name in (ReadOnlySpan<string>)["n_batch", "n_ubatch", "n_depth", "n_gpu_layers", "split_mode", "type_k", "type_v", "flash_attn", "tensor_split"])
            if (row.Text(name) is { } value)
                json.WriteString(name, value);
        json.WriteEndObject();
    });
}
