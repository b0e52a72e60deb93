using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Benchmark results in a database: adds runs, finds them, and links them to versions of models.</summary>
/// <remarks>What is stored is never silently overwritten: a run is known by its key, and adding it again changes nothing.</remarks>
public sealed class BenchmarkStore(ISqlConnection connection, TimeProvider clock) : IDisposable
{
    private Database.DuckDb.DuckDbDatabase? _database;

    public ISqlConnection Connection { get; } = connection;

    /// <summary>Opens a database, or makes it, with the schema that this build knows.</summary>
    /// <param name="location">The path of a DuckDB file.</param>
    /// <param name="lockWait">How long to wait while another process has the file.</param>
    /// <exception cref="DatabaseException">It cannot be opened, is damaged, or has a newer schema.</exception>
    public static BenchmarkStore Open(string location, TimeSpan lockWait, CancellationToken cancellationToken) =>
        Over(BenchmarkDatabase.Open(location, lockWait, cancellationToken));

    /// <summary>As <see cref="Open"/>, for reading: several processes may do so at a time.</summary>
    public static BenchmarkStore OpenToRead(string location, TimeSpan lockWait, CancellationToken cancellationToken) =>
        Over(BenchmarkDatabase.OpenToRead(location, lockWait, cancellationToken));

    private static BenchmarkStore Over(Database.DuckDb.DuckDbDatabase database) => new(database.Connect(), TimeProvider.System) { _database = database };

    public void Dispose()
    {
        Connection.Dispose();
        _database?.Dispose();
    }

    /// <summary>Stores a run with its model, hardware and metrics: all of it or nothing.</summary>
    /// <returns>Its id, and false if the database had the run already.</returns>
    /// <exception cref="DatabaseException">The database refused it, such as for a number that makes no sense.</exception>
    public (long Id, bool IsNew) Add(BenchmarkRun run, CancellationToken cancellationToken)
    {
        using var transaction = Connection.BeginTransaction();
        var added = AddWithin(run, cancellationToken);
        transaction.Commit();
        return added;
    }

    /// <summary>As <see cref="Add"/>, of many runs in one transaction.</summary>
    /// <returns>How many were new.</returns>
    public int AddAll(IEnumerable<BenchmarkRun> runs, CancellationToken cancellationToken)
    {
        var added = 0;
        using var transaction = Connection.BeginTransaction();
        foreach (var run in runs)
            added += AddWithin(run, cancellationToken).IsNew ? 1 : 0;
        transaction.Commit();
        return added;
    }

    /// <returns>The runs that agree with the filter, by id, without their samples.</returns>
    public IReadOnlyList<StoredRun> Find(RunFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Ids is { Count: 0 })
            return [];
        var peaks = Peaks(cancellationToken);
        var metrics = Metrics(filter, cancellationToken);
        List<StoredRun> runs = [];
        using var rows = Connection.Query(
            """
            SELECT r.id, r.run_key, r.provenance, r.provenance_source, r.machine_fingerprint, CAST(r.environment AS VARCHAR), r.suite, r.benchmark_version,
                r.task_type, r.scenario, r.backend, r.execution_provider, CAST(r.execution_provider_options AS VARCHAR), r.runtime_version, r.driver_version,
                r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency, r.offered_rate, r.threads, r.seed, r.launch_count,
                r.verdict, CAST(r.verdict_reasons AS VARCHAR), r.bundle_sha256, r.started_at, r.duration_seconds, v.version_tag,
                m.id, m.name, m.registry, m.architecture, m.task, m.parameter_count, m.size_bytes, CAST(m.metadata AS VARCHAR),
                h.id, h.name, h.kind, h.vendor, h.device, h.device_count, h.memory_bytes, h.memory_bytes_per_second, CAST(h.metadata AS VARCHAR)
            FROM test_runs r
            JOIN models m ON m.id = r.model_id
            JOIN hardware_platforms h ON h.id = r.hardware_id
            LEFT JOIN test_run_versions l ON l.test_run_id = r.id
            LEFT JOIN model_registry_versions v ON v.id = l.version_id
            WHERE (CAST($1 AS VARCHAR) IS NULL OR m.name = $1)
                AND (CAST($2 AS VARCHAR) IS NULL OR lower(h.name) = $2 OR h.kind = $2 OR lower(r.execution_provider) = $2)
                AND (CAST($3 AS VARCHAR) IS NULL OR v.version_tag = $3)
                AND (CAST($4 AS VARCHAR) IS NULL OR r.precision_name = $4)
                AND (CAST($5 AS VARCHAR) IS NULL OR r.task_type = $5)
                AND (CAST($6 AS VARCHAR) IS NULL OR r.verdict = $6)
                AND (CAST($7 AS VARCHAR) IS NULL OR r.id IN (SELECT unnest(CAST(string_to_array($7, ',') AS BIGINT[]))))
            ORDER BY r.id
            """, Parameters(filter), cancellationToken);
        while (rows.Read())
        {
            var row = new Columns(rows);
            var id = row.Int64();
            var run = new BenchmarkRun
            {
                Key = row.Text(),
                Provenance = Names.Parse<Provenance>(row.Text()),
                ProvenanceSource = row.TextOrNull(),
                MachineFingerprint = row.Text(),
                EnvironmentJson = row.TextOrNull(),
                Suite = row.Text(),
                BenchmarkVersion = row.Text(),
                Workload = new Workload(Names.Parse<TaskType>(row.Text()), row.Text()),
                Engine = new Engine(row.TextOrNull())
                {
                    ExecutionProvider = row.TextOrNull(),
                    OptionsJson = row.TextOrNull(),
                    Version = row.TextOrNull(),
                    DriverVersion = row.TextOrNull(),
                },
                // Given below, in the order of the columns.
                Model = null!,
                Hardware = null!,
                Verdict = default,
                StartedAt = default,
                Duration = default,
                Metrics = metrics.TryGetValue(id, out var found) ? found : [],
            };
            run = run with
            {
                Workload = run.Workload with
                {
                    Precision = row.TextOrNull(),
                    BatchSize = row.Int32OrNull(),
                    InputTokens = row.Int32OrNull(),
                    OutputTokens = row.Int32OrNull(),
                    Concurrency = row.Int32OrNull(),
                    OfferedRate = row.DoubleOrNull(),
                },
                Engine = run.Engine with { Threads = row.Int32OrNull() },
                Seed = row.Int64OrNull(),
                LaunchCount = (int)row.Int64(),
                Verdict = Names.Parse<RunVerdict>(row.Text()),
                Reasons = Texts(row.TextOrNull()),
                BundleSha256 = row.TextOrNull(),
                StartedAt = row.Time(),
                Duration = TimeSpan.FromSeconds(row.Double()),
                VersionTag = row.TextOrNull(),
            };
            var modelId = row.Int64();
            var model = new BenchmarkedModel(row.Text())
            {
                Registry = row.TextOrNull(),
                Architecture = row.TextOrNull(),
                Task = row.TextOrNull(),
                ParameterCount = row.Int64OrNull(),
                SizeBytes = row.Int64OrNull(),
                MetadataJson = row.TextOrNull(),
            };
            var hardwareId = row.Int64();
            var hardware = new HardwarePlatform(row.Text(), Names.Parse<HardwareKind>(row.Text()))
            {
                Vendor = row.TextOrNull(),
                Device = row.TextOrNull(),
                DeviceCount = (int)row.Int64(),
                MemoryBytes = row.Int64OrNull(),
                MemoryBytesPerSecond = row.DoubleOrNull(),
                MetadataJson = row.TextOrNull(),
                Peaks = peaks.TryGetValue(hardwareId, out var known) ? known : [],
            };
            runs.Add(new StoredRun(id, modelId, hardwareId, run with { Model = model, Hardware = hardware }));
        }
        return runs;
    }

    /// <returns>Null when the run has none.</returns>
    public RunSamples? Samples(long runId, CancellationToken cancellationToken)
    {
        using var rows = Connection.Query("SELECT format, content FROM test_run_samples WHERE test_run_id = $1", [runId], cancellationToken);
        return rows.Read() ? new RunSamples(rows.Text(0), rows.Bytes(1)) : null;
    }

    /// <returns>Null for a model without results or versions.</returns>
    public long? ModelId(string name, CancellationToken cancellationToken)
    {
        using var rows = Connection.Query("SELECT id FROM models WHERE name = $1", [name], cancellationToken);
        return rows.Read() ? rows.Int64(0) : null;
    }

    /// <summary>Makes the model known, and adds what was not known of it.</summary>
    /// <returns>Its id.</returns>
    public long EnsureModel(BenchmarkedModel model, CancellationToken cancellationToken)
    {
        if (ModelId(model.Name, cancellationToken) is not { } id)
        {
            using var inserted = Connection.Query(
                """
                INSERT INTO models (name, registry, architecture, task, parameter_count, size_bytes, metadata)
                VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS JSON)) RETURNING id
                """,
                [model.Name, model.Registry, model.Architecture, model.Task, SqlValue.From(model.ParameterCount), SqlValue.From(model.SizeBytes), model.MetadataJson],
                cancellationToken);
            inserted.Read();
            return inserted.Int64(0);
        }
        Connection.Execute(
            """
            UPDATE models SET registry = coalesce(registry, $2), architecture = coalesce(architecture, $3), task = coalesce(task, $4),
                parameter_count = coalesce(parameter_count, $5), size_bytes = coalesce(size_bytes, $6), updated_at = $7
            WHERE id = $1 AND (registry IS NULL AND CAST($2 AS VARCHAR) IS NOT NULL OR architecture IS NULL AND CAST($3 AS VARCHAR) IS NOT NULL
                OR task IS NULL AND CAST($4 AS VARCHAR) IS NOT NULL OR parameter_count IS NULL AND CAST($5 AS BIGINT) IS NOT NULL
                OR size_bytes IS NULL AND CAST($6 AS BIGINT) IS NOT NULL)
            """,
            [id, model.Registry, model.Architecture, model.Task, SqlValue.From(model.ParameterCount), SqlValue.From(model.SizeBytes), clock.GetUtcNow()],
            cancellationToken);
        return id;
    }

    /// <summary>Makes the hardware known, and adds what was not known of it. A measured peak replaces a published one.</summary>
    /// <returns>Its id.</returns>
    public long EnsureHardware(HardwarePlatform hardware, CancellationToken cancellationToken)
    {
        long id;
        using (var rows = Connection.Query("SELECT id FROM hardware_platforms WHERE name = $1", [hardware.Name], cancellationToken))
            id = rows.Read() ? rows.Int64(0) : 0;
        if (id == 0)
        {
            using var inserted = Connection.Query(
                """
                INSERT INTO hardware_platforms (name, kind, vendor, device, device_count, memory_bytes, memory_bytes_per_second, metadata)
                VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS JSON)) RETURNING id
                """,
                [hardware.Name, Names.Of(hardware.Kind), hardware.Vendor, hardware.Device, (long)hardware.DeviceCount, SqlValue.From(hardware.MemoryBytes),
                    SqlValue.From(hardware.MemoryBytesPerSecond), hardware.MetadataJson],
                cancellationToken);
            inserted.Read();
            id = inserted.Int64(0);
        }
        foreach (var peak in hardware.Peaks)
        {
            Connection.Execute(
                """
                INSERT INTO hardware_peaks (hardware_id, precision_name, operations_per_second, source) VALUES ($1, $2, $3, $4)
                ON CONFLICT (hardware_id, precision_name) DO UPDATE
                SET operations_per_second = excluded.operations_per_second, source = excluded.source, updated_at = $5
                WHERE excluded.source = 'measured'
                """, [id, peak.Precision, peak.OperationsPerSecond, peak.Source, clock.GetUtcNow()], cancellationToken);
        }
        return id;
    }

    /// <summary>Takes runs with their metrics and samples out of the database, for good. Snapshots keep what they say.</summary>
    /// <returns>How many there were.</returns>
    public int Delete(IReadOnlyList<long> runIds, CancellationToken cancellationToken)
    {
        if (runIds.Count == 0)
            return 0;
        var ids = Ids(runIds);
        // DuckDB refuses to delete a row in the transaction that deleted what referred to it: children first, each on its own. A run
        // without metrics, which is what a loss of power leaves, is deleted by the same call again.
        foreach (var sql in DeleteChildren)
            Connection.Execute(sql, [ids], cancellationToken);
        return (int)Connection.Execute("DELETE FROM test_runs WHERE id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))", [ids], cancellationToken);
    }

    private static readonly string[] DeleteChildren =
    [
        "DELETE FROM test_run_samples WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))",
        "DELETE FROM test_run_versions WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))",
        "DELETE FROM performance_results WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))",
    ];

    private (long Id, bool IsNew) AddWithin(BenchmarkRun run, CancellationToken cancellationToken)
    {
        using (var known = Connection.Query("SELECT id FROM test_runs WHERE run_key = $1", [run.Key], cancellationToken))
        {
            if (known.Read())
                return (known.Int64(0), false);
        }
        var modelId = EnsureModel(run.Model, cancellationToken);
        var hardwareId = EnsureHardware(run.Hardware, cancellationToken);
        var (workload, engine) = (run.Workload, run.Engine);
        long id;
        using (var inserted = Connection.Query(
            """
            INSERT INTO test_runs (run_key, model_id, hardware_id, provenance, provenance_source, machine_fingerprint, environment, suite, benchmark_version,
                task_type, scenario, backend, execution_provider, execution_provider_options, runtime_version, driver_version, precision_name, batch_size,
                input_tokens, output_tokens, concurrency, offered_rate, threads, seed, launch_count, verdict, verdict_reasons, bundle_sha256, started_at,
                duration_seconds)
            VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS JSON), $8, $9, $10, $11, $12, $13, CAST($14 AS JSON), $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                $25, $26, CAST($27 AS JSON), $28, $29, $30)
            RETURNING id
            """,
            [run.Key, modelId, hardwareId, Names.Of(run.Provenance), run.ProvenanceSource, run.MachineFingerprint, run.EnvironmentJson, run.Suite,
                run.BenchmarkVersion, Names.Of(workload.TaskType), workload.Scenario, engine.Backend, engine.ExecutionProvider, engine.OptionsJson, engine.Version,
                engine.DriverVersion, workload.Precision, SqlValue.From(workload.BatchSize), SqlValue.From(workload.InputTokens),
                SqlValue.From(workload.OutputTokens), SqlValue.From(workload.Concurrency), SqlValue.From(workload.OfferedRate), SqlValue.From(engine.Threads),
                SqlValue.From(run.Seed), (long)run.LaunchCount, Names.Of(run.Verdict), Json(run.Reasons), run.BundleSha256, run.StartedAt,
                run.Duration.TotalSeconds],
            cancellationToken))
        {
            inserted.Read();
            id = inserted.Int64(0);
        }
        foreach (var result in run.Metrics)
        {
            Connection.Execute(
                """
                INSERT INTO performance_results (test_run_id, metric, sample_count, mean, p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                [id, result.Metric.Name, result.SampleCount, result.Mean, SqlValue.From(result.P50), SqlValue.From(result.P90), SqlValue.From(result.P95),
                    SqlValue.From(result.P99), SqlValue.From(result.StandardDeviation), SqlValue.From(result.ConfidenceLow),
                    SqlValue.From(result.ConfidenceHigh), SqlValue.From(result.ConfidenceLevel)],
                cancellationToken);
        }
        if (run.Samples is { } samples)
        {
            Connection.Execute("INSERT INTO test_run_samples (test_run_id, format, content) VALUES ($1, $2, $3)",
                [id, samples.Format, samples.Content], cancellationToken);
        }
        if (run.VersionTag is { } tag)
        {
            Connection.Execute(
                """
                INSERT INTO model_registry_versions (model_id, version_tag) VALUES ($1, $2) ON CONFLICT (model_id, version_tag) DO NOTHING
                """, [modelId, tag], cancellationToken);
            Connection.Execute(
                """
                INSERT INTO test_run_versions (test_run_id, version_id)
                SELECT $1, id FROM model_registry_versions WHERE model_id = $2 AND version_tag = $3
                """, [id, modelId, tag], cancellationToken);
        }
        return (id, true);
    }

    private Dictionary<long, List<MetricResult>> Metrics(RunFilter filter, CancellationToken cancellationToken)
    {
        Dictionary<long, List<MetricResult>> metrics = [];
        using var rows = Connection.Query(
            """
            SELECT p.test_run_id, p.metric, p.sample_count, p.mean, p.p50, p.p90, p.p95, p.p99, p.standard_deviation, p.ci_low, p.ci_high, p.ci_level
            FROM performance_results p
            JOIN test_runs r ON r.id = p.test_run_id
            JOIN models m ON m.id = r.model_id
            JOIN hardware_platforms h ON h.id = r.hardware_id
            LEFT JOIN test_run_versions l ON l.test_run_id = r.id
            LEFT JOIN model_registry_versions v ON v.id = l.version_id
            WHERE (CAST($1 AS VARCHAR) IS NULL OR m.name = $1)
                AND (CAST($2 AS VARCHAR) IS NULL OR lower(h.name) = $2 OR h.kind = $2 OR lower(r.execution_provider) = $2)
                AND (CAST($3 AS VARCHAR) IS NULL OR v.version_tag = $3)
                AND (CAST($4 AS VARCHAR) IS NULL OR r.precision_name = $4)
                AND (CAST($5 AS VARCHAR) IS NULL OR r.task_type = $5)
                AND (CAST($6 AS VARCHAR) IS NULL OR r.verdict = $6)
                AND (CAST($7 AS VARCHAR) IS NULL OR r.id IN (SELECT unnest(CAST(string_to_array($7, ',') AS BIGINT[]))))
            ORDER BY p.test_run_id, p.id
            """, Parameters(filter), cancellationToken);
        while (rows.Read())
        {
            var row = new Columns(rows);
            var runId = row.Int64();
            var metric = Metric.Find(row.Text())!; // the table holds none but those
            if (!metrics.TryGetValue(runId, out var results))
                metrics.Add(runId, results = []);
            results.Add(new MetricResult(metric, row.Int64(), row.Double())
            {
                P50 = row.DoubleOrNull(),
                P90 = row.DoubleOrNull(),
                P95 = row.DoubleOrNull(),
                P99 = row.DoubleOrNull(),
                StandardDeviation = row.DoubleOrNull(),
                ConfidenceLow = row.DoubleOrNull(),
                ConfidenceHigh = row.DoubleOrNull(),
                ConfidenceLevel = row.DoubleOrNull(),
            });
        }
        return metrics;
    }

    private Dictionary<long, List<ArithmeticPeak>> Peaks(CancellationToken cancellationToken)
    {
        Dictionary<long, List<ArithmeticPeak>> peaks = [];
        using var rows = Connection.Query(
            "SELECT hardware_id, precision_name, operations_per_second, source FROM hardware_peaks ORDER BY hardware_id, precision_name", [], cancellationToken);
        while (rows.Read())
        {
            if (!peaks.TryGetValue(rows.Int64(0), out var known))
                peaks.Add(rows.Int64(0), known = []);
            known.Add(new ArithmeticPeak(rows.Text(1), rows.Double(2), rows.Text(3)));
        }
        return peaks;
    }

    private static SqlValue[] Parameters(RunFilter filter) =>
    [
        filter.Model, filter.Hardware?.ToLowerInvariant(), filter.VersionTag, filter.Precision,
        filter.TaskType is { } task ? Names.Of(task) : null, filter.Verdict is { } verdict ? Names.Of(verdict) : null,
        filter.Ids is { } ids ? Ids(ids) : null,
    ];

    private static string Ids(IReadOnlyList<long> ids) => string.Join(',', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));

    private static string? Json(IReadOnlyList<string> texts) =>
        texts.Count == 0 ? null : "[" + string.Join(',', texts.Select(text => $"\"{JsonEncodedText.Encode(text)}\"")) + "]";

    private static string[] Texts(string? json)
    {
        if (json is null)
            return [];
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(text => text.GetString() ?? "")];
    }

    /// <summary>Reads a row's columns one after the other.</summary>
    private struct Columns(ISqlRows rows)
    {
        private int _next;

        public string Text() => rows.Text(_next++);

        public long Int64() => rows.Int64(_next++);

        public double Double() => rows.Double(_next++);

        public DateTimeOffset Time() => rows.Time(_next++);

        public string? TextOrNull() => rows.IsNull(_next++) ? null : rows.Text(_next - 1);

        public long? Int64OrNull() => rows.IsNull(_next++) ? null : rows.Int64(_next - 1);

        public int? Int32OrNull() => (int?)Int64OrNull();

        public double? DoubleOrNull() => rows.IsNull(_next++) ? null : rows.Double(_next - 1);
    }
}

/// <summary>Names of enumerations as the database has them: in small letters.</summary>
internal static class Names
{
    public static string Of<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static T Parse<T>(string name) where T : struct, Enum => Enum.Parse<T>(name, ignoreCase: true);
}
