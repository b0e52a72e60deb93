using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>A DuckDB file with the tables models, hardware_platforms and performance_results (or test_results), as the first benchmark databases had them.</summary>
/// <remarks>
/// Their latencies and memory are numbers without units. A column that ends in "_ms", "_us", "_ns", "_s" or "_bytes" says its own; for "latency",
/// "memory" and also "memory_mb" (a million bytes to some, 1,048,576 to others) the user must. Numbers of FLOAT columns are read as they are
/// written shortest: 12.3, not 12.300000190734863. Scores in the file are left out: they are computed anew from the results. Views are not read.
/// </remarks>
internal sealed class SeedReader : IResultReader
{
    private const int MaxNames = 1_000_000;

    private static readonly string[] NameColumns = ["name", "model_name", "hardware_name", "device_name", "platform", "hardware_type"];
    private static readonly string[] Latencies = ["latency", "average_latency", "avg_latency", "latency_avg"];
    private static readonly string[] Memories = ["memory", "memory_peak", "peak_memory", "memory_usage", "memory_requirement"];
    private static readonly string[] Throughputs = ["throughput", "throughput_items_per_second", "items_per_second", "samples_per_second"];

    private static readonly string[] Endings = ["", "_ms", "_us", "_ns", "_s", "_bytes", "_kb", "_mb", "_gb", "_mib", "_gib"];

    public string Format => "duckdb";

    public bool Recognizes(SourceFile file) => file.Kind == SourceKind.Database;

    public IEnumerable<SourceRow> Rows(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (file.Kind != SourceKind.Database)
            throw new UnknownResultFormatException(file.Path, "it is no DuckDB database.");
        return ReadRows(file, cancellationToken);
    }

    public BenchmarkRun Run(SourceRow row, ImportContext context)
    {
        var hardware = row.Text("hardware.name");
        var kind = row.Text("hardware.kind") ?? row.Text("hardware.hardware_type");
        HardwareKind? known = kind?.ToLowerInvariant() switch
        {
            "cpu" => HardwareKind.Cpu,
            "cuda" or "rocm" or "gpu" or "mps" or "webgpu" => HardwareKind.Gpu,
            "npu" or "qualcomm" => HardwareKind.Npu,
            "tpu" => HardwareKind.Tpu,
            _ => null,
        };
        var count = row.Int64("test_count") ?? row.Int64("iterations") ?? 1;
        var metrics = new List<MetricResult>();
        if (Find(row, Latencies) is { } latency)
            metrics.Add(new MetricResult(Metric.Latency, Math.Max(1, count), Convert(row, latency, "s", context.Options.LatencyUnit, "--latency-unit")));
        if (Find(row, Throughputs) is { } throughput)
            metrics.Add(new MetricResult(Metric.Throughput, Math.Max(1, count), Number(row, throughput)));
        if (Find(row, Memories) is { } memory)
        {
            metrics.Add(new MetricResult(known == HardwareKind.Gpu ? Metric.PeakDeviceMemory : Metric.PeakMemory, 1,
                Convert(row, memory, "B", context.Options.MemoryUnit, "--memory-unit")));
        }
        var isTraining = string.Equals(row.Text("task_type") ?? row.Text("test_type"), "training", StringComparison.OrdinalIgnoreCase);
        return context.Complete(new ImportedRun("a benchmark database", "benchmark database")
        {
            Model = new BenchmarkedModel(row.Text("model.name") ?? throw new RowRefusedException("model_id", "models has no such row")),
            Hardware = hardware ?? throw new RowRefusedException("hardware_id", "hardware_platforms has no such row"),
            HardwareKind = known,
            VersionTag = row.Text("version_tag") ?? row.Text("model_version"),
            Workload = new Workload(isTraining ? TaskType.Training : TaskType.Inference, "unknown")
            {
                Precision = row.Text("precision"), BatchSize = row.Int32("batch_size", atLeast: 1), InputTokens = row.Int32("sequence_length"),
            },
            Engine = new Engine((string?)null) { ExecutionProvider = kind?.ToLowerInvariant() },
            StartedAt = row.Time("timestamp") ?? row.Time("test_timestamp") ?? row.Time("created_at"),
            Metrics = metrics,
        });
    }

    private static string? Find(SourceRow row, string[] names)
    {
        foreach (var name in names)
            foreach (var ending in Endings)
                if (row.Text(name + ending) is not null)
                    return name + ending;
        return null;
    }

    private static double Number(SourceRow row, string column) => row.Double(column) ?? throw new RowRefusedException(column, "it is missing");

    private static double Convert(SourceRow row, string column, string to, string? stated, string option)
    {
        var written = column[(column.LastIndexOf('_') + 1)..] switch
        {
            "bytes" => "B",
            "mib" => "MiB",
            "gib" => "GiB",
            ("s" or "ms" or "us" or "ns") and var time => time,
            _ => null,
        };
        var unit = Unit.Parse(written ?? stated ?? throw new TransferOptionException($"The database does not say the unit of its column '{column}'.",
            $"Say it: {option} {(to == "s" ? "ms, s, us or ns" : "MB, MiB, GB, GiB or B")}."), to, option);
        return unit.ToBase(Number(row, column));
    }

    private static IEnumerable<SourceRow> ReadRows(SourceFile file, CancellationToken cancellationToken)
    {
        using var database = Open(file, cancellationToken);
        using var connection = database.Connect();
        var tables = new HashSet<string>();
        using (var rows = connection.Query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' AND table_type = 'BASE TABLE'", [], cancellationToken))
            while (rows.Read())
                tables.Add(rows.Text(0));
        if (!tables.Contains("models") || !tables.Contains("hardware_platforms") || !tables.Contains("performance_results") && !tables.Contains("test_results"))
            throw new UnknownResultFormatException(file.Path,
                $"it lacks the tables models, hardware_platforms and performance_results or test_results; it has {string.Join(", ", tables.Order().Take(10))}.");
        if (tables.Contains("test_runs"))
            throw new UnknownResultFormatException(file.Path, "it is a database of GPUX; carry its runs by 'gpux db export' and 'gpux db import'.");
        var models = ReadNames(file, connection, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM models", cancellationToken);
        var hardware = ReadNames(file, connection, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM hardware_platforms", cancellationToken);
        using var results = tables.Contains("performance_results")
            ? connection.Stream("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM performance_results", [], cancellationToken)
            : connection.Stream("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM test_results", [], cancellationToken);
        for (var number = 1L; results.Read(); number++)
        {
            var row = Values(results);
            if (row.TryGetValue("model_id", out var model) && models.TryGetValue(model, out var modelRow))
                row["model.name"] = modelRow["name"];
            else if (row.TryGetValue("model_name", out var name))
                row["model.name"] = name;
            if (row.TryGetValue("hardware_id", out var platform) && hardware.TryGetValue(platform, out var platformRow))
                foreach (var (column, value) in platformRow)
                    row[$"hardware.{column}"] = value;
            yield return new NamedRow(number, row);
        }
    }

    private static DuckDbDatabase Open(SourceFile file, CancellationToken cancellationToken)
    {
        try
        {
            return DuckDbDatabase.Open(file.Content, readOnly: true, TimeSpan.FromSeconds(10), cancellationToken);
        }
        catch (DatabaseException exception)
        {
            throw new UnreadableResultFileException(file.Path, exception.Message, exception.Remedy, exception);
        }
    }

    /// <summary>Rows of a table of names by their id, each with its name as "name".</summary>
    private static Dictionary<string, Dictionary<string, string>> ReadNames(SourceFile file, DuckDbConnection connection, string sql, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        using var rows = connection.Query(sql, [], cancellationToken);
        while (rows.Read())
        {
            var row = Values(rows);
            if ((row.GetValueOrDefault("id") ?? row.GetValueOrDefault("model_id") ?? row.GetValueOrDefault("hardware_id")) is not { } id || all.Count >= MaxNames)
                throw new UnreadableResultFileException(file.Path, $"a table of names has no column id, or more than {MaxNames:N0} rows.", "Check the database.");
            if (NameColumns.FirstOrDefault(row.ContainsKey) is { } column)
                row["name"] = row[column];
            if (row.ContainsKey("name"))
                all[id] = row;
        }
        return all;
    }

    private static Dictionary<string, string> Values(DuckDbRows rows)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < rows.ColumnCount; i++)
            if (!rows.IsNull(i))
                values[rows.ColumnName(i).ToLowerInvariant()] = rows.Text(i);
        return values;
    }
}
