using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Bench.Benches;

/// <summary>How long does advice on hardware take, when the database has ten million results?</summary>
/// <remarks>The rows are generated: 200 models on 60 platforms in four batch sizes and two precisions, five metrics of each run, with effects of
/// model, platform and pair, and noise. No other program gives such advice; its largest question to the database is asked by DuckDB's own client for Node too.</remarks>
internal static class AdviceBench
{
    private const long Runs = 2_000_000;
    private const long QuickRuns = 20_000;
    private const string NoPeer = "none";

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var runs = settings.Quick ? QuickRuns : Runs;
        var path = settings.Made(string.Create(CultureInfo.InvariantCulture, $"advice-{runs}.duckdb"));
        if (!File.Exists(path))
        {
            var unfinished = path + ".unfinished";
            File.Delete(unfinished);
            var started = Stopwatch.GetTimestamp();
            Generate(unfinished, runs);
            Console.Error.WriteLine($"{5 * runs:N0} results were generated in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s.");
            File.Move(unfinished, path);
        }
        BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None).Dispose(); // one that an older build made gets today's schema
        var size = string.Create(CultureInfo.InvariantCulture, $"{5 * runs / 1e6:0.#} M results");
        var question = new JsonObject { ["file"] = path, ["sql"] = Question(path), ["keep"] = false };
        var cold = Alternation.Measure(1, settings.Rounds(7), () => Alternation.Time(() =>
        {
            using var store = BenchmarkStore.OpenToRead(path, TimeSpan.Zero, CancellationToken.None);
            new HardwareRecommender(store.Connection).RecommendHardware("org/model-17");
        }), () => settings.Peer.Measure("duckdbAsk", question));
        yield return new Row($"open, read and recommend, {size}", "ms", cold[0], cold[1], "open and read in @duckdb/node-api");
        using (var store = BenchmarkStore.OpenToRead(path, TimeSpan.Zero, CancellationToken.None))
        {
            var recommender = new HardwareRecommender(store.Connection);
            var models = 0;
            yield return new Row($"recommend for another model, {size}", "ms", Alternation.Measure(1, settings.Rounds(7),
                () => Alternation.Time(() => recommender.RecommendHardware($"org/model-{20 + models++}")))[0], Peer: null, NoPeer);
            yield return new Row($"the same question again, {size}", "ms", Alternation.Measure(1, settings.Rounds(15),
                () => Alternation.Time(() => recommender.RecommendHardware("org/model-20")))[0], Peer: null, NoPeer);
        }
        var command = settings.Program(settings.Gpux, "db", "recommend", "--model", "org/model-17", "--db-path", path, "--json");
        yield return new Row($"gpux db recommend, {size}", "ms", Alternation.Measure(1, settings.Rounds(7), command.Milliseconds)[0], Peer: null, NoPeer);
    }

    // As the recommender asks it, for "org/model-17".
    private static string Question(string path)
    {
        using var store = BenchmarkStore.OpenToRead(path, TimeSpan.Zero, CancellationToken.None);
        using var rows = store.Connection.Query("SELECT m.id, (SELECT count(*) FROM test_runs) FROM models m WHERE m.name = 'org/model-17'", [], CancellationToken.None);
        rows.Read();
        return BenchmarkCells.CellQuery.Replace("$1", "'inference'", StringComparison.Ordinal).Replace("$2", rows.Int64(0).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("$3", BenchmarkCells.Drawn(HardwareRecommender.SampledRuns, rows.Int64(1)).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("$4", "true", StringComparison.Ordinal);
    }

    private static void Generate(string path, long runs)
    {
        using var store = BenchmarkStore.Open(path, TimeSpan.Zero, CancellationToken.None);
        void Execute(string sql, params ReadOnlySpan<SqlValue> parameters) => store.Connection.Execute(sql, parameters, CancellationToken.None);
        Execute(
            """
            INSERT INTO models (name, architecture, task, parameter_count)
            SELECT 'org/model-' || i, 'family-' || (i % 12), 'fill-mask', CAST(2e7 * exp(3 * (sin(i * 12.9898) + 1)) AS BIGINT) FROM range(200) t(i)
            """);
        Execute(
            """
            INSERT INTO hardware_platforms (name, kind, memory_bytes, memory_bytes_per_second)
            SELECT 'platform ' || i, CASE WHEN i % 6 = 0 THEN 'cpu' ELSE 'gpu' END, 80000000000, 1e11 * exp(1.5 * (sin(i * 78.233) + 1)) FROM range(60) t(i)
            """);
        Execute(
            """
            INSERT INTO hardware_peaks (hardware_id, precision_name, operations_per_second, source)
            SELECT id, 'fp16', 100 * memory_bytes_per_second, 'made up' FROM hardware_platforms
            """);
        // Ids begin at 1. A run's number says what it is about, and noise is a fraction of a sine, so that every machine makes the same rows.
        Execute(
            """
            INSERT INTO test_runs (run_key, model_id, hardware_id, provenance, machine_fingerprint, suite, benchmark_version, task_type, scenario, execution_provider,
                precision_name, batch_size, input_tokens, concurrency, verdict, started_at, duration_seconds)
            SELECT 'run ' || i, 1 + i % 200, 1 + (i // 200) % 60, 'simulated', 'made up', 'bench', '1', 'inference', 'closed-loop', 'cuda',
                CASE WHEN (i // 12000) % 2 = 0 THEN 'fp32' ELSE 'fp16' END, CAST(power(4, (i // 24000) % 4) AS BIGINT), 128, 1, 'valid', TIMESTAMPTZ '2026-01-01 00:00:00+00', 10
            FROM range($1) t(i) ORDER BY i
            """, runs);
        Execute(
            """
            INSERT INTO performance_results (test_run_id, metric, sample_count, mean, p50, p99)
            WITH run AS (
                SELECT id, batch_size * exp(-8 + sin(model_id * 3.7) + sin(hardware_id * 1.3) + 0.2 * sin(model_id * hardware_id) + 0.05 * sin(id * 43758.5453)) AS seconds, batch_size
                FROM test_runs
            )
            SELECT id, metric, 1000,
                CASE metric WHEN 'latency.e2e' THEN seconds WHEN 'throughput.samples' THEN batch_size / seconds WHEN 'load_time' THEN 1 ELSE 1e9 END,
                CASE metric WHEN 'latency.e2e' THEN seconds END, CASE metric WHEN 'latency.e2e' THEN 1.3 * seconds END
            FROM run, (VALUES ('latency.e2e'), ('throughput.samples'), ('memory.peak_device'), ('memory.weights'), ('load_time')) m(metric) ORDER BY id
            """);
    }
}
