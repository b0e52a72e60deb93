using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Versions;

/// <summary>The rows of snapshots, and of the runs that they were made of.</summary>
internal static class SnapshotTable
{
    private static readonly string[] RunColumns =
    [
        "snapshot_id", "test_run_id", "run_key", "task_type", "scenario", "precision_name", "batch_size", "input_tokens", "output_tokens", "concurrency",
        "offered_rate", "backend", "runtime_version", "execution_provider", "driver_version", "threads", "suite", "benchmark_version",
        "machine_fingerprint", "launch_count", "latency_e2e", "latency_ttft", "latency_tpot", "throughput_samples", "throughput_tokens_in",
        "throughput_tokens_out", "memory_peak_rss", "memory_peak_device", "launch_latencies",
    ];

    /// <returns>The snapshot's number.</returns>
    public static int Add(ISqlConnection connection, long modelId, long versionId, IReadOnlyList<HardwareScore> scores,
        ILookup<long, RunObservation> runs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Whoever makes another snapshot of the version waits here for this one, or fails.
        connection.Execute("UPDATE model_registry_versions SET updated_at = $2 WHERE id = $1", [versionId, now], cancellationToken);
        var number = (Latest(connection, versionId, cancellationToken) ?? 0) + 1;
        List<(long SnapshotId, RunObservation Run)> observed = [];
        foreach (var score in scores)
        {
            using var inserted = connection.Query(
                """
                INSERT INTO hardware_compatibility_snapshots (model_id, version_id, hardware_id, compatibility_score, suitability_score, recommended_batch_size,
                    recommended_precision, memory_requirement, created_at, snapshot_number, score_version, score_form, partial, run_count, launch_count,
                    confidence, hardware_sha256, details)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, CAST($18 AS JSON)) RETURNING id
                """,
                [modelId, versionId, score.HardwareId, SqlValue.From(score.Compatibility), SqlValue.From(score.Suitability), SqlValue.From(score.Setting.BatchSize),
                    score.Setting.Precision, SqlValue.From(score.Setting.MemoryBytes), now, (long)number, (long)CompatibilityScore.ScoreVersion,
                    Names.Of(score.Score.Form), score.Score.IsPartial, (long)score.Score.RunIds.Count, (long)score.Score.LaunchCount, score.Score.Confidence,
                    HardwareReader.Digest(score.Hardware), ModelScores.Details(score.Score)], cancellationToken);
            inserted.Read();
            observed.AddRange(runs[score.HardwareId].Select(run => (inserted.Int64(0), run)));
        }
        AddRuns(connection, observed, cancellationToken);
        return number;
    }

    /// <returns>The number of the version's last snapshot; null where there is none.</returns>
    public static int? Latest(ISqlConnection connection, long versionId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT max(snapshot_number) FROM hardware_compatibility_snapshots WHERE version_id = $1", [versionId], cancellationToken);
        return rows.Read() && !rows.IsNull(0) ? (int)rows.Int64(0) : null;
    }

    public static CompatibilitySnapshot Read(ISqlConnection connection, string model, string tag, long versionId, int number, CancellationToken cancellationToken)
    {
        var runs = ReadRuns(connection, versionId, number, cancellationToken);
        using var rows = connection.Query(
            """
            SELECT s.id, h.name, h.kind, s.compatibility_score, s.suitability_score, s.recommended_batch_size, s.recommended_precision, s.memory_requirement,
                s.score_version, s.score_form, s.partial, s.launch_count, s.confidence, s.hardware_sha256, s.created_at, CAST(s.details AS VARCHAR)
            FROM hardware_compatibility_snapshots s JOIN hardware_platforms h ON h.id = s.hardware_id
            WHERE s.version_id = $1 AND s.snapshot_number = $2
            ORDER BY s.id
            """, [versionId, (long)number], cancellationToken);
        List<SnapshotEntry> entries = [];
        var createdAt = default(DateTimeOffset);
        while (rows.Read())
        {
            createdAt = rows.Time(14);
            entries.Add(new SnapshotEntry
            {
                Hardware = rows.Text(1),
                Kind = Names.Parse<HardwareKind>(rows.Text(2)),
                CompatibilityScore = Double(3),
                SuitabilityScore = Double(4),
                RecommendedBatchSize = rows.IsNull(5) ? null : (int)rows.Int64(5),
                RecommendedPrecision = rows.IsNull(6) ? null : rows.Text(6),
                MemoryRequirement = Double(7),
                ScoreVersion = (int)rows.Int64(8),
                Form = Names.Parse<ScoreForm>(rows.Text(9)),
                Formula = ScoreFormula.OfDetails(rows.IsNull(15) ? null : rows.Text(15)),
                IsPartial = rows.Boolean(10),
                LaunchCount = (int)rows.Int64(11),
                Confidence = rows.Double(12),
                HardwareSha256 = rows.Text(13),
                Runs = [.. runs[rows.Int64(0)]],
            });
        }
        return new CompatibilitySnapshot(model, tag, number, createdAt, entries);

        double? Double(int column) => rows.IsNull(column) ? null : rows.Double(column);
    }

    private static ILookup<long, RunObservation> ReadRuns(ISqlConnection connection, long versionId, int number, CancellationToken cancellationToken)
    {
        List<(long SnapshotId, RunObservation Run)> runs = [];
        using var rows = connection.Query(
            """
            SELECT r.test_run_id, r.run_key, s.hardware_id, r.task_type, r.scenario, r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency,
                r.offered_rate, r.backend, r.runtime_version, r.execution_provider, r.driver_version, r.threads, r.suite, r.benchmark_version,
                r.machine_fingerprint, r.launch_count, r.latency_e2e, r.latency_ttft, r.latency_tpot, r.throughput_samples, r.throughput_tokens_in,
                r.throughput_tokens_out, r.memory_peak_rss, r.memory_peak_device, s.id, r.launch_latencies
            FROM hardware_compatibility_snapshot_runs r JOIN hardware_compatibility_snapshots s ON s.id = r.snapshot_id
            WHERE s.version_id = $1 AND s.snapshot_number = $2
            ORDER BY r.snapshot_id, r.test_run_id
            """, [versionId, (long)number], cancellationToken);
        while (rows.Read())
        {
            var latencies = rows.IsNull(ObservationColumns.Count + 1) ? "{}" : rows.Text(ObservationColumns.Count + 1);
            runs.Add((rows.Int64(ObservationColumns.Count), ObservationColumns.Read(rows) with { LaunchLatencies = Latencies(latencies) }));
        }
        return runs.ToLookup(entry => entry.SnapshotId, entry => entry.Run);
    }

    private static string Json(IReadOnlyDictionary<Metric, IReadOnlyList<double>> latencies)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (metric, values) in latencies)
            {
                json.WriteStartArray(metric.Name);
                foreach (var value in values)
                    json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // An object of arrays by metric; older snapshots have one array, of the whole latency.
    private static Dictionary<Metric, IReadOnlyList<double>> Latencies(string text)
    {
        using var document = JsonDocument.Parse(text);
        Dictionary<Metric, IReadOnlyList<double>> latencies = [];
        if (document.RootElement.ValueKind == JsonValueKind.Array)
            latencies.Add(Metric.Latency, Numbers(document.RootElement));
        else
            foreach (var series in document.RootElement.EnumerateObject())
                if (Metric.Find(series.Name) is { } metric)
                    latencies.Add(metric, Numbers(series.Value));
        return latencies;

        static double[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(number => number.GetDouble())];
    }

    private static void AddRuns(ISqlConnection connection, List<(long SnapshotId, RunObservation Run)> runs, CancellationToken cancellationToken)
    {
        using var appender = connection.Append("hardware_compatibility_snapshot_runs", RunColumns, cancellationToken);
        foreach (var (snapshotId, run) in runs)
        {
            appender.Add(snapshotId);
            appender.Add(run.RunId);
            appender.Add(run.RunKey);
            appender.Add(Names.Of(run.Workload.TaskType));
            appender.Add(run.Workload.Scenario);
            appender.Add(run.Workload.Precision);
            AddInteger(run.Workload.BatchSize);
            AddInteger(run.Workload.InputTokens);
            AddInteger(run.Workload.OutputTokens);
            AddInteger(run.Workload.Concurrency);
            Add(run.Workload.OfferedRate);
            appender.Add(run.Engine.Backend);
            appender.Add(run.Engine.Version);
            appender.Add(run.Engine.ExecutionProvider);
            appender.Add(run.Engine.DriverVersion);
            AddInteger(run.Engine.Threads);
            appender.Add(run.Suite);
            appender.Add(run.BenchmarkVersion);
            appender.Add(run.MachineFingerprint);
            appender.Add((long)run.LaunchCount);
            foreach (var metric in ObservationColumns.Metrics)
                Add(run.Values.TryGetValue(metric, out var value) ? value : null);
            appender.Add(run.LaunchLatencies.Count == 0 ? null : Json(run.LaunchLatencies));
            appender.EndRow();
        }
        appender.Complete();

        void AddInteger(int? number)
        {
            if (number is { } some)
                appender.Add((long)some);
            else
                appender.AddNull();
        }

        void Add(double? number)
        {
            if (number is { } some)
                appender.Add(some);
            else
                appender.AddNull();
        }
    }
}
