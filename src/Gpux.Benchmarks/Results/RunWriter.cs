using System.Text.Json;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Stores runs with their models, hardware, versions, metrics and samples, in the caller's transaction.</summary>
internal sealed class RunWriter(ISqlConnection connection, TimeProvider clock)
{
    // No key has it: texts of runs are without control characters.
    private const string KeySeparator = "\u001f";

    // Three parts are in memory. Fewer runs, and it looks for known keys too often.
    private const int RunsAtATime = 2048;
    private const long BytesAtATime = 32 << 20;

    private const string FindModel = "SELECT id FROM models WHERE name = $1";
    private const string FindHardware = "SELECT id FROM hardware_platforms WHERE name = $1";

    private static readonly string[] RunColumns =
    [
        "id", "run_key", "content_sha256", "model_id", "hardware_id", "provenance", "provenance_source", "machine_fingerprint", "environment", "suite",
        "benchmark_version", "task_type", "scenario", "precision_name", "batch_size", "input_tokens", "output_tokens", "concurrency", "offered_rate", "backend",
        "runtime_version", "execution_provider", "execution_provider_options", "driver_version", "threads", "seed", "launch_count", "verdict",
        "verdict_reasons", "bundle_sha256", "started_at", "duration_seconds",
    ];

    private static readonly string[] ResultColumns =
        ["test_run_id", "metric", "sample_count", "mean", "p50", "p90", "p95", "p99", "standard_deviation", "ci_low", "ci_high", "ci_level"];

    private static readonly string[] PercentileColumns = [.. ResultColumns.Where(column => column != "mean")];

    /// <summary>Stores a run, if it is not there yet.</summary>
    /// <returns>Its id, and false if the database had it already.</returns>
    /// <exception cref="RunChangedException">The database has another run under its key.</exception>
    /// <exception cref="DatabaseException">See <see cref="RunCheck"/>.</exception>
    public (long Id, bool IsNew) Write(BenchmarkRun run, CancellationToken cancellationToken) =>
        Write([new CheckedRun(run, clock.GetUtcNow())], new KnownIds(), lastId: long.MaxValue, cancellationToken)[0];

    /// <summary>As <see cref="Write(BenchmarkRun, CancellationToken)"/>, of any number of runs. While the database takes some thousand of
    /// them, those after them are read and checked on another core; no more than these are in memory.</summary>
    /// <param name="runs">Read on another thread: they must not come through this connection.</param>
    /// <returns>How many were new.</returns>
    public long Write(IEnumerable<CheckedRun> runs, CancellationToken cancellationToken)
    {
        var names = new KnownIds();
        var lastId = First("SELECT coalesce(max(id), 0) FROM test_runs", [], cancellationToken) ?? 0;
        var added = 0L;
        using var source = runs.GetEnumerator();
        var next = Task.Run(() => Take(source), CancellationToken.None);
        try
        {
            while (next.GetAwaiter().GetResult() is { Length: > 0 } part)
            {
                cancellationToken.ThrowIfCancellationRequested();
                next = Task.Run(() => Take(source), CancellationToken.None);
                added += Write(part, names, lastId, cancellationToken).LongCount(stored => stored.IsNew);
            }
            return added;
        }
        finally
        {
            Task.WaitAny([next], CancellationToken.None); // the source is not let go of while it is read
        }
    }

    /// <summary>Makes the model known, and adds what was not known of it.</summary>
    /// <returns>Its id.</returns>
    public long EnsureModel(BenchmarkedModel model, CancellationToken cancellationToken)
    {
        RunCheck.Require(model);
        SqlValue[] described =
        [
            model.Name, model.Registry, model.Architecture, model.Task, SqlValue.From(model.ParameterCount), SqlValue.From(model.SizeBytes), model.MetadataJson,
        ];
        if (First(FindModel, [model.Name], cancellationToken) is not { } id)
        {
            return First(
                """
                INSERT INTO models (name, registry, architecture, task, parameter_count, size_bytes, metadata)
                VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS JSON)) ON CONFLICT (name) DO NOTHING RETURNING id
                """, described, cancellationToken) ?? throw CameFirst(model.Name);
        }
        connection.Execute(
            """
            UPDATE models SET registry = coalesce(registry, $2), architecture = coalesce(architecture, $3), task = coalesce(task, $4),
                parameter_count = coalesce(parameter_count, $5), size_bytes = coalesce(size_bytes, $6), metadata = coalesce(metadata, CAST($7 AS JSON)),
                updated_at = $8
            WHERE name = $1 AND (registry IS NULL AND CAST($2 AS VARCHAR) IS NOT NULL OR architecture IS NULL AND CAST($3 AS VARCHAR) IS NOT NULL
                OR task IS NULL AND CAST($4 AS VARCHAR) IS NOT NULL OR parameter_count IS NULL AND CAST($5 AS BIGINT) IS NOT NULL
                OR size_bytes IS NULL AND CAST($6 AS BIGINT) IS NOT NULL OR metadata IS NULL AND CAST($7 AS VARCHAR) IS NOT NULL)
            """, [.. described, clock.GetUtcNow()], cancellationToken);
        return id;
    }

    /// <summary>Makes the hardware known, and adds what was not known of it. A measured bandwidth or peak replaces a published one, and of measured ones the
    /// greatest stays: a ceiling is the most that was seen, and a busy machine shows less.</summary>
    /// <returns>Its id.</returns>
    public long EnsureHardware(HardwarePlatform hardware, CancellationToken cancellationToken)
    {
        RunCheck.Require(hardware);
        SqlValue[] described =
        [
            hardware.Name, Names.Of(hardware.Kind), hardware.Vendor, hardware.Device, SqlValue.From(hardware.MemoryBytes), hardware.MetadataJson,
        ];
        if (First(FindHardware, [hardware.Name], cancellationToken) is { } id)
        {
            connection.Execute(
                """
                UPDATE hardware_platforms SET vendor = coalesce(vendor, $3), device = coalesce(device, $4), memory_bytes = coalesce(memory_bytes, $5),
                    metadata = coalesce(metadata, CAST($6 AS JSON)), updated_at = $7
                WHERE name = $1 AND kind = $2 AND (vendor IS NULL AND CAST($3 AS VARCHAR) IS NOT NULL OR device IS NULL AND CAST($4 AS VARCHAR) IS NOT NULL
                    OR memory_bytes IS NULL AND CAST($5 AS BIGINT) IS NOT NULL
                    OR metadata IS NULL AND CAST($6 AS VARCHAR) IS NOT NULL)
                """, [.. described, clock.GetUtcNow()], cancellationToken);
            if (hardware.MemoryBytesPerSecond is { } bandwidth)
                RaiseBandwidth(id, bandwidth, hardware.IsMeasured, cancellationToken);
        }
        else
        {
            id = First(
                """
                INSERT INTO hardware_platforms (name, kind, vendor, device, memory_bytes, metadata, device_count, memory_bytes_per_second)
                VALUES ($1, $2, $3, $4, $5, CAST($6 AS JSON), $7, $8) ON CONFLICT (name) DO NOTHING RETURNING id
                """, [.. described, (long)hardware.DeviceCount, SqlValue.From(hardware.MemoryBytesPerSecond)], cancellationToken) ?? throw CameFirst(hardware.Name);
        }
        foreach (var peak in hardware.Peaks)
        {
            connection.Execute(
                """
                INSERT INTO hardware_peaks (hardware_id, precision_name, operations_per_second, source) VALUES ($1, $2, $3, $4)
                ON CONFLICT (hardware_id, precision_name) DO UPDATE
                SET operations_per_second = excluded.operations_per_second, source = excluded.source, updated_at = $5
                WHERE excluded.source = 'measured'
                    AND (hardware_peaks.source <> 'measured' OR hardware_peaks.operations_per_second < excluded.operations_per_second)
                """, [id, peak.Precision, peak.OperationsPerSecond, peak.Source, clock.GetUtcNow()], cancellationToken);
        }
        return id;
    }

    // Before the peaks are stored: they tell whether the bandwidth that is there was measured.
    private void RaiseBandwidth(long hardwareId, double bandwidth, bool isMeasured, CancellationToken cancellationToken) =>
        connection.Execute(
            """
            UPDATE hardware_platforms SET memory_bytes_per_second = $2, updated_at = $4
            WHERE id = $1 AND (memory_bytes_per_second IS NULL OR $3 AND (memory_bytes_per_second < $2
                OR memory_bytes_per_second > $2 AND NOT EXISTS (SELECT 1 FROM hardware_peaks WHERE hardware_id = $1 AND source = 'measured')))
            """, [hardwareId, bandwidth, isMeasured, clock.GetUtcNow()], cancellationToken);

    /// <returns>So many of the runs that they fit into memory; none at the end.</returns>
    private static CheckedRun[] Take(IEnumerator<CheckedRun> runs)
    {
        List<CheckedRun> part = [];
        for (var bytes = 0L; part.Count < RunsAtATime && bytes < BytesAtATime && runs.MoveNext();)
        {
            part.Add(runs.Current);
            var run = runs.Current.Content;
            bytes += (run.Samples?.Content.Length ?? 0) + (2L * (run.EnvironmentJson?.Length ?? 0));
        }
        return [.. part];
    }

    /// <param name="lastId">The highest that was there before the first run of the transaction; 0 where there was none.</param>
    private (long Id, bool IsNew)[] Write(CheckedRun[] runs, KnownIds names, long lastId, CancellationToken cancellationToken)
    {
        // Of the transaction's own runs, only those that are repeated are looked for: there may be a million.
        if (Array.Exists(runs, run => run.IsRepeated))
            lastId = long.MaxValue;
        var known = lastId > 0 ? Known(runs, lastId, cancellationToken) : new(StringComparer.Ordinal);
        var ids = new Queue<long>(Ids(runs.Length - known.Count, cancellationToken));
        var stored = new (long Id, bool IsNew)[runs.Length];
        var added = new List<NewRun>(ids.Count);
        for (var i = 0; i < runs.Length; i++)
        {
            var (run, digest) = (runs[i].Content, runs[i].Digest);
            if (!known.TryGetValue(run.Key, out var found))
            {
                known.Add(run.Key, found = (ids.Dequeue(), digest));
                added.Add(new NewRun(found.Id, digest, run));
                stored[i].IsNew = true;
            }
            else if (found.Digest != digest && !runs[i].IsKnownByKey)
            {
                throw new RunChangedException(run.Key, found.Id);
            }
            stored[i].Id = found.Id;
        }
        if (added.Count > 0)
            Write(added, names, cancellationToken);
        return stored;
    }

    private Dictionary<string, (long Id, string? Digest)> Known(CheckedRun[] runs, long lastId, CancellationToken cancellationToken)
    {
        Dictionary<string, (long Id, string? Digest)> known = new(StringComparer.Ordinal);
        using var rows = connection.Query(
            "SELECT run_key, id, content_sha256 FROM test_runs WHERE id <= $3 AND run_key IN (SELECT unnest(string_to_array($1, $2)))",
            [string.Join(KeySeparator, runs.Select(run => run.Content.Key)), KeySeparator, lastId], cancellationToken);
        while (rows.Read())
        {
            var row = new SqlColumns(rows);
            known.Add(row.Text(), (row.Int64(), row.TextOrNull()));
        }
        return known;
    }

    private List<long> Ids(int count, CancellationToken cancellationToken)
    {
        List<long> ids = [];
        using var rows = connection.Query("SELECT nextval('test_runs_id') FROM generate_series(1, $1)", [(long)count], cancellationToken);
        while (rows.Read())
            ids.Add(rows.Int64(0));
        return ids;
    }

    private void Write(List<NewRun> runs, KnownIds names, CancellationToken cancellationToken)
    {
        names.Bound();
        var (models, platforms) = (names.Models, names.Platforms);
        foreach (var (_, _, run) in runs)
        {
            if (!models.ContainsKey(run.Model))
                models.Add(run.Model, EnsureModel(run.Model, cancellationToken));
            if (!platforms.ContainsKey(run.Hardware))
                platforms.Add(run.Hardware, EnsureHardware(run.Hardware, cancellationToken));
        }
        using (var appender = connection.Append("test_runs", RunColumns, cancellationToken))
        {
            foreach (var run in runs)
                Add(appender, run, models[run.Content.Model], platforms[run.Content.Hardware]);
            appender.Complete();
        }
        AddResults("performance_results", ResultColumns, runs, hasMean: true, cancellationToken);
        if (runs.Exists(run => run.Content.Metrics.Any(result => result.Mean is null)))
            AddResults("percentile_results", PercentileColumns, runs, hasMean: false, cancellationToken);
        foreach (var (id, _, run) in runs)
        {
            if (run.Samples is { } samples)
            {
                connection.Execute(
                    "INSERT INTO test_run_samples (test_run_id, format, content) VALUES ($1, $2, $3)", [id, samples.Format, samples.Content], cancellationToken);
            }
        }
        Link(runs, models, cancellationToken);
    }

    private void AddResults(string table, string[] columns, List<NewRun> runs, bool hasMean, CancellationToken cancellationToken)
    {
        using var appender = connection.Append(table, columns, cancellationToken);
        foreach (var run in runs)
            foreach (var result in run.Content.Metrics)
                if (result.Mean is not null == hasMean)
                    Add(appender, run.Id, result);
        appender.Complete();
    }

    private void Link(List<NewRun> runs, Dictionary<BenchmarkedModel, long> models, CancellationToken cancellationToken)
    {
        foreach (var version in runs.Where(run => run.Content.VersionTag is not null).GroupBy(run => (ModelId: models[run.Content.Model], Tag: run.Content.VersionTag)))
        {
            connection.Execute(
                "INSERT INTO model_registry_versions (model_id, version_tag) VALUES ($1, $2) ON CONFLICT (model_id, version_tag) DO NOTHING",
                [version.Key.ModelId, version.Key.Tag], cancellationToken);
            connection.Execute(
                """
                INSERT INTO test_run_versions (test_run_id, version_id)
                SELECT r.id, v.id FROM (SELECT unnest(CAST(string_to_array($3, ',') AS BIGINT[])) AS id) r, model_registry_versions v
                WHERE v.model_id = $1 AND v.version_tag = $2
                """, [version.Key.ModelId, version.Key.Tag, RunIds.List(version.Select(run => run.Id))], cancellationToken);
        }
    }

    // In the order of RunColumns.
    private static void Add(ISqlAppender row, NewRun added, long modelId, long hardwareId)
    {
        var run = added.Content;
        var (workload, engine) = (run.Workload, run.Engine);
        row.Add(added.Id);
        row.Add(run.Key);
        row.Add(added.Digest);
        row.Add(modelId);
        row.Add(hardwareId);
        row.Add(Names.Of(run.Provenance));
        row.Add(run.ProvenanceSource);
        row.Add(run.MachineFingerprint);
        row.Add(run.EnvironmentJson);
        row.Add(run.Suite);
        row.Add(run.BenchmarkVersion);
        row.Add(Names.Of(workload.TaskType));
        row.Add(workload.Scenario);
        row.Add(workload.Precision);
        row.Add(workload.BatchSize);
        row.Add(workload.InputTokens);
        row.Add(workload.OutputTokens);
        row.Add(workload.Concurrency);
        row.Add(workload.OfferedRate);
        row.Add(engine.Backend);
        row.Add(engine.Version);
        row.Add(engine.ExecutionProvider);
        row.Add(engine.OptionsJson);
        row.Add(engine.DriverVersion);
        row.Add(engine.Threads);
        row.Add(run.Seed);
        row.Add((long)run.LaunchCount);
        row.Add(Names.Of(run.Verdict));
        row.Add(Json(run.Reasons));
        row.Add(run.BundleSha256);
        row.Add(run.StartedAt);
        row.Add(run.Duration.TotalSeconds);
        row.EndRow();
    }

    // In the order of ResultColumns; without a mean, of PercentileColumns.
    private static void Add(ISqlAppender row, long runId, MetricResult result)
    {
        row.Add(runId);
        row.Add(result.Metric.Name);
        row.Add(result.SampleCount);
        if (result.Mean is { } mean)
            row.Add(mean);
        row.Add(result.P50);
        row.Add(result.P90);
        row.Add(result.P95);
        row.Add(result.P99);
        row.Add(result.StandardDeviation);
        row.Add(result.ConfidenceLow);
        row.Add(result.ConfidenceHigh);
        row.Add(result.ConfidenceLevel);
        row.EndRow();
    }

    private static string? Json(IReadOnlyList<string> texts) =>
        texts.Count == 0 ? null : "[" + string.Join(',', texts.Select(text => $"\"{JsonEncodedText.Encode(text)}\"")) + "]";

    private long? First(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(sql, parameters, cancellationToken);
        return rows.Read() ? rows.Int64(0) : null;
    }

    private static DatabaseConflictException CameFirst(string name) => new($"'{name}' was added by another writer.");

    private readonly record struct NewRun(long Id, string Digest, BenchmarkRun Content);

    /// <summary>Ids of models and hardware that a transaction has looked up or stored.</summary>
    private sealed class KnownIds
    {
        // Of a part of the runs each may add one: more than that, and descriptions of up to 1 MB, are not kept from part to part.
        private const int MaxNames = 4096;

        public Dictionary<BenchmarkedModel, long> Models { get; } = [];

        public Dictionary<HardwarePlatform, long> Platforms { get; } = new(new SamePlatform());

        public void Bound()
        {
            if (Models.Count > MaxNames)
                Models.Clear();
            if (Platforms.Count > MaxNames)
                Platforms.Clear();
        }
    }

    /// <summary>Compares peaks by what they say: runs of a file have each a list of their own.</summary>
    private sealed class SamePlatform : IEqualityComparer<HardwarePlatform>
    {
        public bool Equals(HardwarePlatform? left, HardwarePlatform? right) => ReferenceEquals(left, right)
            || left is not null && right is not null && left.Peaks.SequenceEqual(right.Peaks) && left with { Peaks = right.Peaks } == right;

        public int GetHashCode(HardwarePlatform platform) => platform.Name.GetHashCode(StringComparison.Ordinal);
    }
}

/// <summary>Another run is stored under the key of one.</summary>
public sealed class RunChangedException(string key, long id) : DatabaseException(
    ErrorCode.RunChanged,
    $"The run '{key}' is stored as {id}, with other content: nothing is overwritten.",
    "Delete the stored run first, if it is wrong; or give the new one a key of its own. Nothing was stored.")
{
    /// <summary>Of the stored run.</summary>
    public long Id { get; } = id;
}
