using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Reads from a database what scores are made of: of each valid run one row.</summary>
internal static class ObservationReader
{
    /// <param name="modelId">Null for all models.</param>
    /// <param name="versionId">Null for the runs of all versions, and of none.</param>
    /// <returns>By model, and of a model by run.</returns>
    public static IEnumerable<(long ModelId, List<RunObservation> Observations)> Read(
        ISqlConnection connection, long? modelId, long? versionId, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            """
            SELECT r.id, r.run_key, r.hardware_id, r.task_type, r.scenario, r.precision_name, r.batch_size, r.input_tokens, r.output_tokens, r.concurrency,
                r.offered_rate, r.backend, r.runtime_version, r.execution_provider, r.driver_version, r.threads, r.suite, r.benchmark_version,
                r.machine_fingerprint, r.launch_count, p.latency_e2e, p.latency_ttft, p.latency_tpot, p.throughput_samples, p.throughput_tokens_in,
                p.throughput_tokens_out, p.memory_peak_rss, p.memory_peak_device, r.model_id, v.version_tag
            FROM test_runs r
            LEFT JOIN test_run_versions l ON l.test_run_id = r.id
            LEFT JOIN model_registry_versions v ON v.id = l.version_id
            JOIN (
                SELECT q.test_run_id,
                    max(CASE WHEN q.metric = 'latency.e2e' THEN coalesce(q.p50, q.mean) END) AS latency_e2e,
                    max(CASE WHEN q.metric = 'latency.ttft' THEN coalesce(q.p50, q.mean) END) AS latency_ttft,
                    max(CASE WHEN q.metric = 'latency.tpot' THEN coalesce(q.p50, q.mean) END) AS latency_tpot,
                    max(CASE WHEN q.metric = 'throughput.samples' THEN coalesce(q.p50, q.mean) END) AS throughput_samples,
                    max(CASE WHEN q.metric = 'throughput.tokens_in' THEN coalesce(q.p50, q.mean) END) AS throughput_tokens_in,
                    max(CASE WHEN q.metric = 'throughput.tokens_out' THEN coalesce(q.p50, q.mean) END) AS throughput_tokens_out,
                    max(CASE WHEN q.metric = 'memory.peak_rss' THEN coalesce(q.p50, q.mean) END) AS memory_peak_rss,
                    max(CASE WHEN q.metric = 'memory.peak_device' THEN coalesce(q.p50, q.mean) END) AS memory_peak_device
                FROM metric_results q
                JOIN test_runs s ON s.id = q.test_run_id
                WHERE CAST($1 AS BIGINT) IS NULL OR s.model_id = $1
                GROUP BY q.test_run_id
            ) p ON p.test_run_id = r.id
            WHERE r.verdict = 'valid' AND (CAST($1 AS BIGINT) IS NULL OR r.model_id = $1) AND (CAST($2 AS BIGINT) IS NULL OR l.version_id = $2)
            ORDER BY r.model_id, r.id
            """, [SqlValue.From(modelId), SqlValue.From(versionId)], cancellationToken);
        List<RunObservation> observations = [];
        var current = 0L;
        while (rows.Read())
        {
            var model = rows.Int64(ObservationColumns.Count);
            if (model != current && observations.Count > 0)
            {
                yield return (current, observations);
                observations = [];
            }
            current = model;
            const int Version = ObservationColumns.Count + 1;
            observations.Add(ObservationColumns.Read(rows) with { VersionTag = rows.IsNull(Version) ? null : rows.Text(Version) });
        }
        if (observations.Count > 0)
            yield return (current, observations);
    }
}

/// <summary>The columns of an observation, in the order in which statements name them.</summary>
internal static class ObservationColumns
{
    /// <summary>The columns of <see cref="Read"/>.</summary>
    public const int Count = 28;

    private const int FirstMetric = 20;

    /// <summary>Those of the last columns.</summary>
    public static readonly Metric[] Metrics =
    [
        Metric.Latency, Metric.TimeToFirstToken, Metric.TimePerOutputToken, Metric.Throughput, Metric.InputTokenThroughput,
        Metric.OutputTokenThroughput, Metric.PeakMemory, Metric.PeakDeviceMemory,
    ];

    public static RunObservation Read(ISqlRows rows)
    {
        Dictionary<Metric, double> values = [];
        for (var i = 0; i < Metrics.Length; i++)
        {
            if (!rows.IsNull(FirstMetric + i))
                values.Add(Metrics[i], rows.Double(FirstMetric + i));
        }
        return new RunObservation
        {
            RunId = rows.Int64(0),
            RunKey = rows.Text(1),
            HardwareId = rows.Int64(2),
            Workload = new Workload(Names.Parse<TaskType>(rows.Text(3)), rows.Text(4))
            {
                Precision = Text(5),
                BatchSize = Int(6),
                InputTokens = Int(7),
                OutputTokens = Int(8),
                Concurrency = Int(9),
                OfferedRate = rows.IsNull(10) ? null : rows.Double(10),
            },
            Engine = new Engine(Text(11)) { Version = Text(12), ExecutionProvider = Text(13), DriverVersion = Text(14), Threads = Int(15) },
            Suite = rows.Text(16),
            BenchmarkVersion = rows.Text(17),
            MachineFingerprint = rows.Text(18),
            LaunchCount = Int(19) ?? 1,
            Values = values,
        };

        string? Text(int column) => rows.IsNull(column) ? null : rows.Text(column);
        // Numbers beyond an int say nothing that a class of workloads could tell apart.
        int? Int(int column) => rows.IsNull(column) ? null : (int)Math.Min(rows.Int64(column), int.MaxValue);
    }
}
