using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A run as a row of a table: what GPUX exports, and what columns are mapped to.</summary>
/// <remarks>
/// A column of each field, in SI base units, then ten of each metric that occurs: "latency.e2e.n", ".mean", ".p50", ".p90", ".p95", ".p99",
/// ".stdev", ".ci_low", ".ci_high" and ".ci_level". What is unknown is empty. Numbers are as short as they can be and read back as they were.
/// </remarks>
internal static class RunColumns
{
    /// <summary>Tells the table from others, and says its version.</summary>
    public const string Marker = "gpux_results";

    public const long Version = 1;

    public static readonly string[] Statistics = ["n", "mean", "p50", "p90", "p95", "p99", "stdev", "ci_low", "ci_high", "ci_level"];

    private const string Text = "VARCHAR";
    private const string Integer = "BIGINT";
    private const string Number = "DOUBLE";

    /// <summary>The columns of each metric, in the order of <see cref="Statistics"/>.</summary>
    private static readonly (Metric Metric, string[] Columns)[] MetricColumns =
        [.. Metric.All.Select(metric => (metric, Statistics.Select(statistic => $"{metric.Name}.{statistic}").ToArray()))];

    /// <summary>The fields in order, with how each is written.</summary>
    private static readonly (string Name, string Type, Action<ISqlAppender, BenchmarkRun> Write)[] Fields =
    [
        (Marker, Integer, (row, run) => row.Add(Version)),
        ("run_key", Text, (row, run) => row.Add(run.Key)),
        ("model", Text, (row, run) => row.Add(run.Model.Name)),
        ("version_tag", Text, (row, run) => row.Add(run.VersionTag)),
        ("hardware", Text, (row, run) => row.Add(run.Hardware.Name)),
        ("hardware_kind", Text, (row, run) => row.Add(Names.Of(run.Hardware.Kind))),
        ("precision", Text, (row, run) => row.Add(run.Workload.Precision)),
        ("batch_size", Integer, (row, run) => row.Add(run.Workload.BatchSize)),
        ("input_tokens", Integer, (row, run) => row.Add(run.Workload.InputTokens)),
        ("output_tokens", Integer, (row, run) => row.Add(run.Workload.OutputTokens)),
        ("concurrency", Integer, (row, run) => row.Add(run.Workload.Concurrency)),
        ("offered_rate", Number, (row, run) => row.Add(run.Workload.OfferedRate)),
        ("task_type", Text, (row, run) => row.Add(Names.Of(run.Workload.TaskType))),
        ("scenario", Text, (row, run) => row.Add(run.Workload.Scenario)),
        ("suite", Text, (row, run) => row.Add(run.Suite)),
        ("benchmark_version", Text, (row, run) => row.Add(run.BenchmarkVersion)),
        ("backend", Text, (row, run) => row.Add(run.Engine.Backend)),
        ("runtime_version", Text, (row, run) => row.Add(run.Engine.Version)),
        ("execution_provider", Text, (row, run) => row.Add(run.Engine.ExecutionProvider)),
        ("execution_provider_options", Text, (row, run) => row.Add(run.Engine.OptionsJson)),
        ("driver_version", Text, (row, run) => row.Add(run.Engine.DriverVersion)),
        ("threads", Integer, (row, run) => row.Add(run.Engine.Threads)),
        ("seed", Integer, (row, run) => row.Add(run.Seed)),
        ("launch_count", Integer, (row, run) => row.Add(run.LaunchCount)),
        ("verdict", Text, (row, run) => row.Add(Names.Of(run.Verdict))),
        ("verdict_reasons", Text, (row, run) => row.Add(ReasonsJson(run.Reasons))),
        ("started_at", "TIMESTAMPTZ", (row, run) => row.Add(run.StartedAt)),
        ("duration", Number, (row, run) => row.Add(run.Duration > TimeSpan.Zero ? run.Duration.TotalSeconds : null)),
        ("provenance", Text, (row, run) => row.Add(Names.Of(run.Provenance))),
        ("provenance_source", Text, (row, run) => row.Add(run.ProvenanceSource)),
        ("bundle_sha256", Text, (row, run) => row.Add(run.BundleSha256)),
        ("machine_fingerprint", Text, (row, run) => row.Add(run.MachineFingerprint)),
        ("environment", Text, (row, run) => row.Add(run.EnvironmentJson)),
        ("model_registry", Text, (row, run) => row.Add(run.Model.Registry)),
        ("model_architecture", Text, (row, run) => row.Add(run.Model.Architecture)),
        ("model_task", Text, (row, run) => row.Add(run.Model.Task)),
        ("model_parameters", Integer, (row, run) => row.Add(run.Model.ParameterCount)),
        ("model_size_bytes", Integer, (row, run) => row.Add(run.Model.SizeBytes)),
        ("model_metadata", Text, (row, run) => row.Add(run.Model.MetadataJson)),
        ("hardware_vendor", Text, (row, run) => row.Add(run.Hardware.Vendor)),
        ("hardware_device", Text, (row, run) => row.Add(run.Hardware.Device)),
        ("hardware_device_count", Integer, (row, run) => row.Add(run.Hardware.DeviceCount)),
        ("hardware_memory_bytes", Integer, (row, run) => row.Add(run.Hardware.MemoryBytes)),
        ("hardware_memory_bytes_per_second", Number, (row, run) => row.Add(run.Hardware.MemoryBytesPerSecond)),
        ("hardware_peaks", Text, (row, run) => row.Add(PeaksJson(run.Hardware.Peaks))),
        ("hardware_metadata", Text, (row, run) => row.Add(run.Hardware.MetadataJson)),
        ("samples_format", Text, (row, run) => row.Add(run.Samples?.Format)),
        ("samples_base64", Text, (row, run) => row.Add(run.Samples is { } samples ? Convert.ToBase64String(samples.Content) : null)),
    ];

    public static IEnumerable<string> FieldNames => Fields.Select(known => known.Name);

    /// <summary>The definition of a table's columns, from this vocabulary alone.</summary>
    public static string Definition(IReadOnlyList<Metric> metrics)
    {
        var columns = Fields.Select(field => (field.Name, field.Type))
            .Concat(metrics.SelectMany(metric => Statistics.Select(statistic => ($"{metric.Name}.{statistic}", statistic == "n" ? Integer : Number))));
        return string.Join(", ", columns.Select(column => $"\"{column.Item1}\" {column.Item2}"));
    }

    /// <param name="metrics">As <see cref="Definition"/> got them.</param>
    public static void Write(ISqlAppender row, BenchmarkRun run, IReadOnlyList<Metric> metrics)
    {
        foreach (var (_, _, write) in Fields)
            write(row, run);
        foreach (var metric in metrics)
        {
            if (run[metric] is not { } result)
            {
                for (var i = 0; i < Statistics.Length; i++)
                    row.AddNull();
                continue;
            }
            row.Add(result.SampleCount);
            foreach (var value in (ReadOnlySpan<double?>)[result.Mean, result.P50, result.P90, result.P95, result.P99, result.StandardDeviation,
                result.ConfidenceLow, result.ConfidenceHigh, result.ConfidenceLevel])
                row.Add(value);
        }
        row.EndRow();
    }

    /// <summary>A run of a row whose columns are those above.</summary>
    /// <exception cref="RowRefusedException">A value cannot be read.</exception>
    public static BenchmarkRun Read(SourceRow row)
    {
        if (row.Int64(Marker) is { } version && version != Version)
            throw new RowRefusedException(Marker, $"version {version} of the table is of another GPUX; this one reads {Version}");
        return new BenchmarkRun
        {
            Key = row.RequiredText("run_key"),
            Model = Model(row, row.RequiredText("model")),
            VersionTag = row.TextOrEmpty("version_tag"),
            Hardware = Hardware(row, row.RequiredText("hardware"), Kind<HardwareKind>(row, "hardware_kind")),
            Workload = Workload(row),
            Engine = Engine(row),
            Provenance = Kind<Provenance>(row, "provenance"),
            ProvenanceSource = row.TextOrEmpty("provenance_source"),
            MachineFingerprint = row.RequiredText("machine_fingerprint"),
            EnvironmentJson = row.Text("environment"),
            Suite = row.TextOrEmpty("suite") ?? throw new RowRefusedException("suite", "it is missing"),
            BenchmarkVersion = row.TextOrEmpty("benchmark_version") ?? throw new RowRefusedException("benchmark_version", "it is missing"),
            Seed = row.Int64("seed"),
            LaunchCount = row.Int32("launch_count", atLeast: 1) ?? 1,
            Verdict = Kind<RunVerdict>(row, "verdict"),
            Reasons = Reasons(row),
            BundleSha256 = Digest(row),
            StartedAt = row.Time("started_at") ?? throw new RowRefusedException("started_at", "it is missing"),
            Duration = Duration(row) ?? TimeSpan.Zero,
            Metrics = Metrics(row),
            Samples = Samples(row),
        };
    }

    public static BenchmarkedModel Model(SourceRow row, string name) => new(name)
    {
        Registry = row.TextOrEmpty("model_registry"),
        Architecture = row.TextOrEmpty("model_architecture"),
        Task = row.TextOrEmpty("model_task"),
        ParameterCount = Count(row, "model_parameters"),
        SizeBytes = Count(row, "model_size_bytes"),
        MetadataJson = row.Text("model_metadata"),
    };

    public static HardwarePlatform Hardware(SourceRow row, string name, HardwareKind kind) => new(name, kind)
    {
        Vendor = row.TextOrEmpty("hardware_vendor"),
        Device = row.TextOrEmpty("hardware_device"),
        DeviceCount = row.Int32("hardware_device_count", atLeast: 1) ?? 1,
        MemoryBytes = Count(row, "hardware_memory_bytes"),
        MemoryBytesPerSecond = Positive(row, "hardware_memory_bytes_per_second"),
        Peaks = Peaks(row),
        MetadataJson = row.Text("hardware_metadata"),
    };

    public static Workload Workload(SourceRow row) => new(
        row.Text("task_type") is null ? TaskType.Inference : Kind<TaskType>(row, "task_type"), row.TextOrEmpty("scenario") ?? "unknown")
    {
        Precision = row.TextOrEmpty("precision"),
        BatchSize = row.Int32("batch_size", atLeast: 1),
        InputTokens = row.Int32("input_tokens"),
        OutputTokens = row.Int32("output_tokens"),
        Concurrency = row.Int32("concurrency", atLeast: 1),
        OfferedRate = Positive(row, "offered_rate"),
    };

    public static Engine Engine(SourceRow row) => new(row.TextOrEmpty("backend"))
    {
        Version = row.TextOrEmpty("runtime_version"),
        ExecutionProvider = row.TextOrEmpty("execution_provider"),
        OptionsJson = row.Text("execution_provider_options"),
        DriverVersion = row.TextOrEmpty("driver_version"),
        Threads = row.Int32("threads", atLeast: 1),
    };

    /// <summary>The metrics that the row has, in the vocabulary's order.</summary>
    public static IReadOnlyList<MetricResult> Metrics(SourceRow row)
    {
        var results = new List<MetricResult>();
        foreach (var (metric, columns) in MetricColumns)
        {
            var (count, mean) = (row.Int64(columns[0]), row.Double(columns[1]));
            var (p50, p90, p95, p99) = (row.Double(columns[2]), row.Double(columns[3]), row.Double(columns[4]), row.Double(columns[5]));
            var (deviation, low, high, level) = (row.Double(columns[6]), row.Double(columns[7]), row.Double(columns[8]), row.Double(columns[9]));
            if ((mean ?? p50 ?? p90 ?? p95 ?? p99) is not null)
            {
                results.Add(new MetricResult(metric, count ?? 1, mean)
                {
                    P50 = p50, P90 = p90, P95 = p95, P99 = p99,
                    StandardDeviation = deviation, ConfidenceLow = low, ConfidenceHigh = high, ConfidenceLevel = level,
                });
            }
            else if ((count ?? deviation ?? low ?? high ?? level) is not null)
            {
                var other = columns.First(column => row.Text(column) is not null);
                throw new RowRefusedException(columns[1], $"it is missing, so are all percentiles, and {other} is there");
            }
        }
        return results;
    }

    public static TimeSpan? Duration(SourceRow row)
    {
        if (Positive(row, "duration") is not { } seconds)
            return null;
        // Rounded, where TimeSpan.FromSeconds cuts off: what was whole ticks comes back.
        return seconds <= 1e9 ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            : throw new RowRefusedException("duration", $"{seconds} s is too long");
    }

    public static T Kind<T>(SourceRow row, string column) where T : struct, Enum
    {
        var text = row.RequiredText(column);
        return !char.IsAsciiDigit(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value : throw new RowRefusedException(column, $"{SourceRow.Shown(text)} is none of {string.Join(", ", Enum.GetValues<T>().Select(Names.Of))}");
    }

    private static long? Count(SourceRow row, string column) =>
        row.Int64(column) is var count && count < 0 ? throw new RowRefusedException(column, $"{count} is negative") : count;

    private static double? Positive(SourceRow row, string column) =>
        row.Double(column) is var number && number < 0 ? throw new RowRefusedException(column, string.Create(CultureInfo.InvariantCulture, $"{number:R} is negative"))
            : number;

    private static string? Digest(SourceRow row) => row.Text("bundle_sha256") switch
    {
        null => null,
        { Length: 64 } digest when digest.All(char.IsAsciiHexDigit) => digest,
        var other => throw new RowRefusedException("bundle_sha256", $"{SourceRow.Shown(other)} is not 64 hexadecimal digits"),
    };

    private static RunSamples? Samples(SourceRow row)
    {
        if (row.TextOrEmpty("samples_base64") is not { } text)
            return null;
        try
        {
            return new RunSamples(row.RequiredText("samples_format"), Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw new RowRefusedException("samples_base64", "it is no Base64");
        }
    }

    private static IReadOnlyList<string> Reasons(SourceRow row)
    {
        if (row.Text("verdict_reasons") is not { } text)
            return [];
        using var document = ParseArray(text, "verdict_reasons");
        return [.. document.RootElement.EnumerateArray().Select(reason => reason.ValueKind == JsonValueKind.String
            ? reason.GetString() ?? "" : throw new RowRefusedException("verdict_reasons", "it is no array of texts"))];
    }

    private static List<ArithmeticPeak> Peaks(SourceRow row)
    {
        if (row.Text("hardware_peaks") is not { } text)
            return [];
        using var document = ParseArray(text, "hardware_peaks");
        var peaks = new List<ArithmeticPeak>();
        foreach (var element in document.RootElement.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("precision", out var precision) || precision.ValueKind != JsonValueKind.String
                || !element.TryGetProperty("operations_per_second", out var rate) || rate.ValueKind != JsonValueKind.Number
                || !(rate.GetDouble() is > 0 and < double.PositiveInfinity)
                || !element.TryGetProperty("source", out var source) || source.ValueKind != JsonValueKind.String)
                throw new RowRefusedException("hardware_peaks", "an element has no precision, operations_per_second and source");
            peaks.Add(new ArithmeticPeak(precision.GetString() ?? "", rate.GetDouble(), source.GetString() ?? ""));
        }
        return peaks;
    }

    private static JsonDocument ParseArray(string text, string column)
    {
        var document = JsonReader.ParseValue(Encoding.UTF8.GetBytes(text), column);
        if (document.RootElement.ValueKind == JsonValueKind.Array)
            return document;
        document.Dispose();
        throw new RowRefusedException(column, "it is no JSON array");
    }

    private static string? ReasonsJson(IReadOnlyList<string> reasons) => reasons.Count == 0 ? null : Json(json =>
    {
        json.WriteStartArray();
        foreach (var reason in reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
    });

    private static string? PeaksJson(IReadOnlyList<ArithmeticPeak> peaks) => peaks.Count == 0 ? null : Json(json =>
    {
        json.WriteStartArray();
        foreach (var peak in peaks)
        {
            json.WriteStartObject();
            json.WriteString("precision", peak.Precision);
            json.WriteNumber("operations_per_second", peak.OperationsPerSecond);
            json.WriteString("source", peak.Source);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    public static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            write(json);
        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }
}
