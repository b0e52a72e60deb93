using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Logarithms of a metric over a cell's runs: all of them, and apart the last one, which the others are asked to foretell.</summary>
/// <param name="Mean">Of all runs.</param>
/// <param name="SquaredDeviations">Sum over all runs.</param>
internal readonly record struct LogMean(int Runs, double Mean, double SquaredDeviations, double Last)
{
    /// <summary>Of all runs but the last.</summary>
    public double MeanBefore => (Mean * Runs - Last) / (Runs - 1);
}

/// <summary>What ran the model, as far as times depend on it.</summary>
/// <param name="Backend">Such as "onnxruntime" or "llama.cpp"; null: unknown.</param>
/// <param name="Provider">Such as "cuda"; null: unknown.</param>
internal sealed record Runner(string? Backend, string? Provider)
{
    public static IComparer<Runner> Order { get; } = Comparer<Runner>.Create((a, b) =>
        string.CompareOrdinal(a.Provider, b.Provider) is not 0 and var order ? order : string.CompareOrdinal(a.Backend, b.Backend));

    public override string ToString() => $"{Backend} {Provider}".Trim();
}

/// <summary>What changes when a database's results do.</summary>
/// <param name="Runs">How many there are.</param>
/// <param name="Newest">The highest number of one.</param>
/// <param name="Links">A digest of which runs are of which versions.</param>
/// <param name="Proofs">How many precisions were found good enough.</param>
internal readonly record struct DatabaseStamp(long Runs, long Newest, long Links, long Proofs);

/// <summary>All valid runs of one model on one platform in one configuration, measured in one way.</summary>
internal sealed record Cell(long ModelId, long HardwareId, Runner Runner, MeasuringMethod Method, WorkPoint Work)
{
    /// <summary>Of the model; null: of runs that belong to none.</summary>
    public long? VersionId { get; init; }

    /// <summary>When the last run began.</summary>
    public DateTimeOffset MeasuredAt { get; init; }

    /// <summary>Seconds, logarithm of the typical one of each run.</summary>
    public LogMean? Latency { get; init; }

    /// <summary>ln(p99 / typical) of the runs that have a p99; null where none has.</summary>
    public LogMean? Tail { get; init; }

    /// <summary>Inputs a second, or tokens written where <see cref="CountsTokens"/>; null where the rate was offered, and says nothing of what could be done.</summary>
    public LogMean? Throughput { get; init; }

    public bool CountsTokens { get; init; }

    /// <summary>Whether the throughput is of tokens, and nothing says how many a request has: then it tells nothing of requests.</summary>
    public bool CountsTokensAlone => CountsTokens && Work.OutputTokens is not > 0;

    public double? DeviceMemoryBytes { get; init; }
    public double? HostMemoryBytes { get; init; }

    /// <summary>Joules, the mean of those runs that measured it.</summary>
    public (int Runs, double Mean)? Energy { get; init; }

    public int SimulatedRuns { get; init; }
    public Basis Basis => new(Method, VersionId);
    public int Runs => Math.Max(Latency?.Runs ?? 0, Throughput?.Runs ?? 0);
}

/// <summary>What the database knows, aggregated: cells, and the models and platforms that they name.</summary>
internal sealed record BenchmarkCells(
    IReadOnlyList<Cell> Cells, IReadOnlyDictionary<long, BenchmarkedModel> Models, IReadOnlyDictionary<long, HardwarePlatform> Hardware)
{
    /// <summary>Asks for the cells of a task ($1) and a model ($2), and of those of the others' runs that a number below 2³¹ draws ($3), with simulated ones or without ($4).</summary>
    /// <remarks>A run's typical value is its median where there is one. Runs are drawn by their number times the golden ratio, which is even, and not in step with the order in
    /// which anything was measured.</remarks>
    internal const string CellQuery =
        """
        WITH runs AS (
            SELECT r.id, r.model_id, r.hardware_id, l.version_id, r.suite, r.benchmark_version, r.scenario, r.offered_rate, r.backend, r.execution_provider,
                r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency, r.provenance, r.started_at,
                row_number() OVER (PARTITION BY r.model_id, r.hardware_id, l.version_id, r.suite, r.benchmark_version, r.scenario, r.offered_rate, r.backend,
                    r.execution_provider, r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency ORDER BY r.started_at DESC, r.id DESC) AS age
            FROM test_runs r LEFT JOIN test_run_versions l ON l.test_run_id = r.id
            WHERE r.verdict = 'valid' AND r.task_type = $1 AND (r.model_id = $2 OR ((r.id & 4294967295) * 1327217885 & 2147483647) < $3)
                AND ($4 OR r.provenance <> 'simulated')
        ), results AS (
            SELECT test_run_id, metric, coalesce(p50, mean) AS typical, p99
            FROM metric_results
            WHERE metric IN ('latency.e2e', 'throughput.samples', 'throughput.tokens_out', 'memory.peak_device', 'memory.peak_rss', 'energy')
                AND coalesce(p50, mean) > 0
        )
        SELECT r.model_id, r.hardware_id, r.version_id, r.suite, r.benchmark_version, r.scenario, r.offered_rate, r.backend, r.execution_provider,
            r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency, max(r.started_at),
            count(CASE WHEN p.metric = 'latency.e2e' THEN 1 END),
            avg(CASE WHEN p.metric = 'latency.e2e' THEN ln(p.typical) END),
            var_pop(CASE WHEN p.metric = 'latency.e2e' THEN ln(p.typical) END),
            max(CASE WHEN p.metric = 'latency.e2e' AND r.age = 1 THEN ln(p.typical) END),
            count(CASE WHEN p.metric = 'latency.e2e' AND p.p99 > 0 THEN 1 END),
            avg(CASE WHEN p.metric = 'latency.e2e' AND p.p99 > 0 THEN ln(p.p99 / p.typical) END),
            var_pop(CASE WHEN p.metric = 'latency.e2e' AND p.p99 > 0 THEN ln(p.p99 / p.typical) END),
            max(CASE WHEN p.metric = 'latency.e2e' AND p.p99 > 0 AND r.age = 1 THEN ln(p.p99 / p.typical) END),
            count(CASE WHEN p.metric = 'throughput.samples' THEN 1 END),
            avg(CASE WHEN p.metric = 'throughput.samples' THEN ln(p.typical) END),
            var_pop(CASE WHEN p.metric = 'throughput.samples' THEN ln(p.typical) END),
            max(CASE WHEN p.metric = 'throughput.samples' AND r.age = 1 THEN ln(p.typical) END),
            count(CASE WHEN p.metric = 'throughput.tokens_out' THEN 1 END),
            avg(CASE WHEN p.metric = 'throughput.tokens_out' THEN ln(p.typical) END),
            var_pop(CASE WHEN p.metric = 'throughput.tokens_out' THEN ln(p.typical) END),
            max(CASE WHEN p.metric = 'throughput.tokens_out' AND r.age = 1 THEN ln(p.typical) END),
            max(CASE WHEN p.metric = 'memory.peak_device' THEN p.typical END),
            max(CASE WHEN p.metric = 'memory.peak_rss' THEN p.typical END),
            count(CASE WHEN p.metric = 'energy' THEN 1 END),
            avg(CASE WHEN p.metric = 'energy' THEN p.typical END),
            greatest(count(CASE WHEN r.provenance = 'simulated' AND p.metric = 'latency.e2e' THEN 1 END),
                count(CASE WHEN r.provenance = 'simulated' AND p.metric = 'throughput.samples' THEN 1 END),
                count(CASE WHEN r.provenance = 'simulated' AND p.metric = 'throughput.tokens_out' THEN 1 END))
        FROM runs r JOIN results p ON p.test_run_id = r.id
        GROUP BY r.model_id, r.hardware_id, r.version_id, r.suite, r.benchmark_version, r.scenario, r.offered_rate, r.backend, r.execution_provider,
            r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency
        """;

    public static BenchmarkCells Empty { get; } = new([], new Dictionary<long, BenchmarkedModel>(), new Dictionary<long, HardwarePlatform>());

    /// <summary>Valid runs of the model whose latency is known by percentiles beyond the median alone, so that no cell counts it.</summary>
    public long RunsOfTailsAlone { get; init; }

    /// <summary>Runs of the model that are not valid, so that no cell counts them.</summary>
    public long RunsNotValid { get; init; }

    /// <summary>Of all models' versions.</summary>
    public VersionOrder Versions { get; init; } = VersionOrder.Empty;

    public CheckedPrecisions CheckedPrecisions { get; init; } = new();

    /// <summary>Aggregates the valid runs of one model, and an even sample of all others: the effects of hardware, which they teach, need no more.</summary>
    /// <param name="modelId">Null: of all models alike.</param>
    /// <param name="runs">How many there are, of <see cref="Stamp"/>.</param>
    /// <param name="sampleSize">About how many runs of other models are read; 0 for none.</param>
    /// <param name="simulatedToo">Whether runs count that nobody measured.</param>
    public static BenchmarkCells Read(
        ISqlConnection connection, TaskType task, long? modelId, long runs, long sampleSize, CancellationToken cancellationToken, bool simulatedToo = true)
    {
        var (read, methods, runners) = (new List<Cell>(), new Dictionary<MeasuringMethod, MeasuringMethod>(), new Dictionary<Runner, Runner>());
        using (var rows = connection.Scan(CellQuery, [Names.Of(task), SqlValue.From(modelId ?? -1L), Drawn(sampleSize, runs), simulatedToo], cancellationToken))
        {
            while (rows.Read())
                read.Add(ReadCell(rows, task, methods, runners));
        }
        // In an order of their own, so that equal databases give equal answers. Side by side then lie those that differ by how somebody spelt a precision or a provider.
        read.Sort(CellOrder.Compare);
        var ordered = new List<Cell>(read.Count);
        foreach (var cell in read)
        {
            if (ordered.Count > 0 && CellOrder.CompareKeys(ordered[^1], cell) == 0)
                ordered[^1] = Merged(ordered[^1], cell);
            else
                ordered.Add(cell);
        }
        return new BenchmarkCells(ordered, ReadModels(connection, cancellationToken), ReadHardware(connection, cancellationToken))
        {
            RunsOfTailsAlone = CountTailsAlone(connection, task, modelId, cancellationToken),
            RunsNotValid = CountNotValid(connection, task, modelId, cancellationToken),
            Versions = new VersionOrder(ReadVersions(connection, cancellationToken), ordered),
            CheckedPrecisions = PrecisionProofs.Read(connection, cancellationToken),
        };
    }

    /// <summary>Below which number runs of others are drawn, so that about so many are.</summary>
    internal static long Drawn(long sampleSize, long runs) => (long)(Math.Min(1, (double)sampleSize / Math.Max(1, runs)) * int.MaxValue);

    private static long CountTailsAlone(ISqlConnection connection, TaskType task, long? modelId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            """
            SELECT count(*) FROM percentile_results p JOIN test_runs r ON r.id = p.test_run_id
            WHERE p.metric = 'latency.e2e' AND p.p50 IS NULL AND r.model_id = $1 AND r.verdict = 'valid' AND r.task_type = $2
            """, [SqlValue.From(modelId ?? -1L), Names.Of(task)], cancellationToken);
        rows.Read();
        return rows.Int64(0);
    }

    private static long CountNotValid(ISqlConnection connection, TaskType task, long? modelId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT count(*) FROM test_runs WHERE model_id = $1 AND verdict <> 'valid' AND task_type = $2",
            [SqlValue.From(modelId ?? -1L), Names.Of(task)], cancellationToken);
        rows.Read();
        return rows.Int64(0);
    }

    /// <summary>The same for a database that has the same runs, of the same versions, and the same proofs of precisions.</summary>
    public static DatabaseStamp Stamp(ISqlConnection connection, CancellationToken cancellationToken)
    {
        // Prime numbers, so that links that change places show, and no sum is too large.
        using var rows = connection.Query(
            """
            SELECT (SELECT count(*) FROM test_runs), (SELECT coalesce(max(id), 0) FROM test_runs),
                (SELECT CAST(coalesce(sum((test_run_id % 65521) * (version_id % 65519) + 1), 0) AS BIGINT) FROM test_run_versions),
                (SELECT count(*) FROM precision_proofs WHERE within_bound)
            """, [], cancellationToken);
        rows.Read();
        return new DatabaseStamp(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Int64(3));
    }

    // There are few ways and runners, which are compared often: one object each.
    private static Cell ReadCell(ISqlRows rows, TaskType task, Dictionary<MeasuringMethod, MeasuringMethod> methods, Dictionary<Runner, Runner> runners)
    {
        string? TextAt(int column) => rows.IsNull(column) ? null : rows.Text(column);
        int? NumberAt(int column) => rows.IsNull(column) ? null : (int)Math.Clamp(rows.Int64(column), int.MinValue, int.MaxValue);
        double? DoubleAt(int column) => rows.IsNull(column) ? null : rows.Double(column);
        int CountAt(int column) => (int)Math.Min(rows.Int64(column), int.MaxValue);
        LogMean? Logs(int column) => CountAt(column) is > 0 and var count
            ? new LogMean(count, rows.Double(column + 1), rows.Double(column + 2) * count, DoubleAt(column + 3) ?? double.NaN) : null;
        var work = new WorkPoint(task, TextAt(9) is { } precision ? WeightPrecisions.Canonical(precision) : null, NumberAt(10) ?? 1, NumberAt(11), NumberAt(12), NumberAt(13) ?? 1);
        var method = new MeasuringMethod(rows.Text(3), rows.Text(4), rows.Text(5), DoubleAt(6));
        if (!methods.TryAdd(method, method))
            method = methods[method];
        var runner = new Runner(TextAt(7)?.ToLowerInvariant(), TextAt(8)?.ToLowerInvariant());
        if (!runners.TryAdd(runner, runner))
            runner = runners[runner];
        var (samples, tokens) = (Logs(23), Logs(27));
        var countsTokens = work.OutputTokens is > 0 ? tokens is not null : samples is null && tokens is not null;
        return new Cell(rows.Int64(0), rows.Int64(1), runner, method, work)
        {
            VersionId = rows.IsNull(2) ? null : rows.Int64(2),
            MeasuredAt = rows.Time(14),
            Latency = Logs(15),
            Tail = Logs(19),
            Throughput = method.IsOffered ? null : countsTokens ? tokens : samples,
            CountsTokens = countsTokens,
            DeviceMemoryBytes = DoubleAt(31),
            HostMemoryBytes = DoubleAt(32),
            Energy = CountAt(33) is > 0 and var count ? (count, rows.Double(34)) : null,
            SimulatedRuns = CountAt(35),
        };
    }

    // Of two for one key, of which the first was measured last.
    private static Cell Merged(Cell a, Cell b) => a with
    {
        Latency = Merged(a.Latency, b.Latency),
        Tail = Merged(a.Tail, b.Tail),
        Throughput = a.CountsTokens == b.CountsTokens || a.Throughput is null || b.Throughput is null ? Merged(a.Throughput, b.Throughput)
            : a.CountsTokens ? a.Throughput : b.Throughput,
        CountsTokens = a.CountsTokens || b.CountsTokens,
        DeviceMemoryBytes = Larger(a.DeviceMemoryBytes, b.DeviceMemoryBytes),
        HostMemoryBytes = Larger(a.HostMemoryBytes, b.HostMemoryBytes),
        Energy = a.Energy is { } one && b.Energy is { } two ? (one.Runs + two.Runs, (one.Mean * one.Runs + two.Mean * two.Runs) / (one.Runs + two.Runs)) : a.Energy ?? b.Energy,
        SimulatedRuns = a.SimulatedRuns + b.SimulatedRuns,
    };

    private static LogMean? Merged(LogMean? a, LogMean? b)
    {
        if (a is not { } one || b is not { } two)
            return a ?? b;
        var count = one.Runs + two.Runs;
        var difference = two.Mean - one.Mean;
        return new LogMean(count, (one.Mean * one.Runs + two.Mean * two.Runs) / count,
            one.SquaredDeviations + two.SquaredDeviations + difference * difference * one.Runs * two.Runs / count,
            double.IsNaN(one.Last) ? two.Last : one.Last);
    }

    private static double? Larger(double? a, double? b) => a is { } one && b is { } two ? Math.Max(one, two) : a ?? b;

    private static List<ModelVersion> ReadVersions(ISqlConnection connection, CancellationToken cancellationToken)
    {
        var versions = new List<ModelVersion>();
        using var rows = connection.Query("SELECT id, model_id, version_tag FROM model_registry_versions", [], cancellationToken);
        while (rows.Read())
            versions.Add(new ModelVersion(rows.Int64(0), rows.Int64(1), rows.Text(2)));
        return versions;
    }

    private static Dictionary<long, BenchmarkedModel> ReadModels(ISqlConnection connection, CancellationToken cancellationToken)
    {
        var models = new Dictionary<long, BenchmarkedModel>();
        using var rows = connection.Query("SELECT id, name, registry, architecture, task, parameter_count, size_bytes FROM models", [], cancellationToken);
        while (rows.Read())
        {
            models.Add(rows.Int64(0), new BenchmarkedModel(rows.Text(1))
            {
                Registry = rows.IsNull(2) ? null : rows.Text(2),
                Architecture = rows.IsNull(3) ? null : rows.Text(3),
                Task = rows.IsNull(4) ? null : rows.Text(4),
                ParameterCount = rows.IsNull(5) ? null : rows.Int64(5),
                SizeBytes = rows.IsNull(6) ? null : rows.Int64(6),
            });
        }
        return models;
    }

    private static Dictionary<long, HardwarePlatform> ReadHardware(ISqlConnection connection, CancellationToken cancellationToken)
    {
        var peaks = new Dictionary<long, List<ArithmeticPeak>>();
        using (var rows = connection.Query(
            "SELECT hardware_id, precision_name, operations_per_second, source FROM hardware_peaks ORDER BY hardware_id, precision_name", [], cancellationToken))
        {
            while (rows.Read())
            {
                if (!peaks.TryGetValue(rows.Int64(0), out var known))
                    peaks.Add(rows.Int64(0), known = []);
                known.Add(new ArithmeticPeak(rows.Text(1), rows.Double(2), rows.Text(3)));
            }
        }
        var platforms = new Dictionary<long, HardwarePlatform>();
        using var hardware = connection.Query(
            "SELECT id, name, kind, vendor, device, device_count, memory_bytes, memory_bytes_per_second FROM hardware_platforms", [], cancellationToken);
        while (hardware.Read())
        {
            var id = hardware.Int64(0);
            platforms.Add(id, HardwareCatalog.Complete(new HardwarePlatform(hardware.Text(1), Enum.Parse<HardwareKind>(hardware.Text(2), ignoreCase: true))
            {
                Vendor = hardware.IsNull(3) ? null : hardware.Text(3),
                Device = hardware.IsNull(4) ? null : hardware.Text(4),
                DeviceCount = (int)Math.Min(hardware.Int64(5), int.MaxValue),
                MemoryBytes = hardware.IsNull(6) ? null : hardware.Int64(6),
                MemoryBytesPerSecond = hardware.IsNull(7) ? null : hardware.Double(7),
                Peaks = peaks.TryGetValue(id, out var known) ? known : [],
            }));
        }
        return platforms;
    }

    private static class CellOrder
    {
        // Of one key those that were measured last come first.
        public static int Compare(Cell a, Cell b) => CompareKeys(a, b) is not 0 and var order ? order : b.MeasuredAt.CompareTo(a.MeasuredAt);

        // By what makes a cell: precision and provider as they are meant, however they were spelt.
        public static int CompareKeys(Cell a, Cell b)
        {
            var order = a.ModelId.CompareTo(b.ModelId);
            order = order != 0 ? order : a.HardwareId.CompareTo(b.HardwareId);
            order = order != 0 ? order : string.CompareOrdinal(a.Runner.Provider, b.Runner.Provider);
            order = order != 0 ? order : string.CompareOrdinal(a.Work.Precision, b.Work.Precision);
            order = order != 0 ? order : a.Work.BatchSize.CompareTo(b.Work.BatchSize);
            order = order != 0 ? order : CompareCounts(a.Work.InputTokens, b.Work.InputTokens);
            order = order != 0 ? order : CompareCounts(a.Work.OutputTokens, b.Work.OutputTokens);
            order = order != 0 ? order : a.Work.Concurrency.CompareTo(b.Work.Concurrency);
            order = order != 0 ? order : string.CompareOrdinal(a.Runner.Backend, b.Runner.Backend);
            order = order != 0 ? order : MeasuringMethod.Order.Compare(a.Method, b.Method);
            return order != 0 ? order : CompareCounts(a.VersionId, b.VersionId);
        }

        // None is negative, and unknown ones come first.
        private static int CompareCounts(long? a, long? b) => (a ?? -1).CompareTo(b ?? -1);
    }
}
