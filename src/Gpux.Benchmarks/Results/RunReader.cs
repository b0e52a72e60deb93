using System.Text.Json;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Finds runs in the database, and makes records of their rows.</summary>
internal sealed class RunReader(ISqlConnection connection)
{
    /// <returns>The runs that agree with the filter, by id, without their samples.</returns>
    public List<StoredRun> Find(RunFilter filter, CancellationToken cancellationToken)
    {
        // All that is read is of one moment, so that no run is without its metrics.
        using var transaction = connection.HasTransaction ? null : connection.BeginTransaction();
        var peaks = HardwareReader.Peaks(connection, cancellationToken);
        var alias = filter.VersionTag is ['@', .. var name] ? name : null;
        List<StoredRun> runs = [];
        using (var rows = connection.Query(
            """
            SELECT id, run_key, provenance, provenance_source, machine_fingerprint, environment, suite, benchmark_version, task_type, scenario, precision_name,
                batch_size, input_tokens, output_tokens, concurrency, offered_rate, backend, runtime_version, execution_provider, execution_provider_options,
                driver_version, threads, seed, launch_count, verdict, verdict_reasons, bundle_sha256, started_at, duration_seconds, version_tag, model_id,
                model_name, model_registry, model_architecture, model_task, parameter_count, size_bytes, model_metadata, hardware_id, hardware_name,
                hardware_kind, vendor, device, device_count, memory_bytes, memory_bytes_per_second, hardware_metadata
            FROM run_details
            WHERE (CAST($1 AS VARCHAR) IS NULL OR model_name = $1)
                AND (CAST($2 AS VARCHAR) IS NULL OR lower(hardware_name) = $2 OR hardware_kind = $2 OR lower(execution_provider) = $2
                    OR execution_provider IS NULL AND hardware_kind = 'gpu' AND lower(vendor) = CAST($10 AS VARCHAR))
                AND (CAST($3 AS VARCHAR) IS NULL OR version_tag = $3)
                AND (CAST($9 AS VARCHAR) IS NULL OR (model_id, version_tag) IN (
                    SELECT v.model_id, v.version_tag FROM model_alias_moves a JOIN model_registry_versions v ON v.id = a.version_id
                    WHERE a.alias = $9 AND a.id IN (SELECT max(id) FROM model_alias_moves GROUP BY model_id, alias)))
                AND (CAST($4 AS VARCHAR) IS NULL OR precision_name = $4)
                AND (CAST($5 AS VARCHAR) IS NULL OR task_type = $5)
                AND (CAST($6 AS VARCHAR) IS NULL OR verdict = $6)
                AND (CAST($7 AS VARCHAR) IS NULL OR id IN (SELECT unnest(CAST(string_to_array($7, ',') AS BIGINT[]))))
            ORDER BY id DESC
            LIMIT $8
            """,
            [
                filter.Model, filter.Hardware?.ToLowerInvariant(), alias is null ? filter.VersionTag : null, filter.Precision,
                filter.TaskType is { } task ? Names.Of(task) : null, filter.Verdict is { } verdict ? Names.Of(verdict) : null,
                filter.Ids is { } ids ? RunIds.List(ids) : null, filter.Limit ?? long.MaxValue, alias,
                filter.Hardware is { } hardware ? GpuVendor.OfProvider(hardware)?.ToLowerInvariant() : null,
            ], cancellationToken))
        {
            while (rows.Read())
                runs.Add(Run(new SqlColumns(rows), peaks));
        }
        runs.Reverse(); // the limit takes from the end
        AddMetrics(runs, cancellationToken);
        return runs;
    }

    // In the order of the columns above.
    private static StoredRun Run(SqlColumns row, Dictionary<long, List<ArithmeticPeak>> peaks)
    {
        var (id, key, provenance, provenanceSource) = (row.Int64(), row.Text(), Names.Parse<Provenance>(row.Text()), row.TextOrNull());
        var (fingerprint, environment, suite, benchmarkVersion) = (row.Text(), row.TextOrNull(), row.Text(), row.Text());
        var workload = new Workload(Names.Parse<TaskType>(row.Text()), row.Text())
        {
            Precision = row.TextOrNull(),
            BatchSize = row.Int32OrNull(),
            InputTokens = row.Int32OrNull(),
            OutputTokens = row.Int32OrNull(),
            Concurrency = row.Int32OrNull(),
            OfferedRate = row.DoubleOrNull(),
        };
        var engine = new Engine(row.TextOrNull())
        {
            Version = row.TextOrNull(),
            ExecutionProvider = row.TextOrNull(),
            OptionsJson = row.TextOrNull(),
            DriverVersion = row.TextOrNull(),
            Threads = row.Int32OrNull(),
        };
        var (seed, launches, verdict, reasons) = (row.Int64OrNull(), row.Int32(), Names.Parse<RunVerdict>(row.Text()), Texts(row.TextOrNull()));
        var (bundle, startedAt, duration, versionTag) = (row.TextOrNull(), row.Time(), Seconds(row.Double()), row.TextOrNull());
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
        var hardware = HardwareReader.Platform(ref row, hardwareId, peaks);
        return new StoredRun(id, modelId, hardwareId, new BenchmarkRun
        {
            Key = key,
            Model = model,
            VersionTag = versionTag,
            Hardware = hardware,
            Workload = workload,
            Engine = engine,
            Provenance = provenance,
            ProvenanceSource = provenanceSource,
            MachineFingerprint = fingerprint,
            EnvironmentJson = environment,
            Suite = suite,
            BenchmarkVersion = benchmarkVersion,
            Seed = seed,
            LaunchCount = launches,
            Verdict = verdict,
            Reasons = reasons,
            BundleSha256 = bundle,
            StartedAt = startedAt,
            Duration = duration,
            Metrics = [],
        });
    }

    private void AddMetrics(List<StoredRun> runs, CancellationToken cancellationToken)
    {
        if (runs.Count == 0)
            return;
        using var rows = connection.Query(
            """
            SELECT test_run_id, metric, sample_count, mean, p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level
            FROM metric_results
            WHERE test_run_id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))
            ORDER BY test_run_id, metric
            """, [RunIds.List(runs.Select(found => found.Id))], cancellationToken);
        List<MetricResult> results = [];
        var at = 0; // both are in the order of the ids
        while (rows.Read())
        {
            var row = new SqlColumns(rows);
            for (var id = row.Int64(); runs[at].Id != id; at++)
                Take();
            var metric = Metric.Find(row.Text())!; // the table holds none but those
            results.Add(new MetricResult(metric, row.Int64(), row.DoubleOrNull())
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
        Take();

        void Take()
        {
            results.Sort((left, right) => left.Metric.Order.CompareTo(right.Metric.Order));
            runs[at] = runs[at] with { Run = runs[at].Run with { Metrics = results } };
            results = [];
        }
    }

    // TimeSpan.FromSeconds cuts off, and 0.3 s would come back as 0.2999999 s.
    private static TimeSpan Seconds(double seconds) => new((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private static string[] Texts(string? json)
    {
        if (json is null)
            return [];
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(text => text.GetString() ?? "")];
    }
}
