using System.Text.Json.Nodes;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Bench.Benches;

/// <summary>How fast are benchmark results stored, and how fast does the database say what a machine does with a model?</summary>
/// <remarks>The peer is DuckDB's own client for Node, on the same schema: it makes the same rows by an INSERT ... SELECT within the
/// engine, so that no row crosses to it, and asks the same question of the same file.</remarks>
internal static class InsightsBench
{
    private const int Models = 200;
    private const int Platforms = 50;

    private const string Medians =
        """
        SELECT r.model_id, r.hardware_id, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY p.p50)
        FROM performance_results p JOIN test_runs r ON r.id = p.test_run_id
        WHERE p.metric = 'latency.e2e' GROUP BY r.model_id, r.hardware_id ORDER BY r.model_id, r.hardware_id
        """;

    private static readonly Metric[] Measured =
    [
        Metric.Latency, Metric.FirstInference, Metric.TimeToFirstToken, Metric.TimePerOutputToken, Metric.LoadTime, Metric.Throughput,
        Metric.OutputTokenThroughput, Metric.PeakMemory, Metric.Energy, Metric.RooflineShare,
    ];

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var runs = settings.Quick ? 10_000 : 1_000_000;
        var (ours, theirs) = (settings.Made("insights.duckdb"), settings.Made("insights-peer.duckdb"));
        yield return Store(settings, $"append {runs * Measured.Length / 1000} k results", runs, ours, theirs, store => AppendResults(store, runs), "duckdbFillResults");
        yield return Store(settings, $"store {runs / 1000} k runs of {Measured.Length} results", runs, ours, theirs,
            store => store.Append(Runs(runs), CancellationToken.None), "duckdbFill");
        foreach (var row in Ask(settings, ours))
            yield return row;
        yield return Import(settings, settings.Quick ? 2_000 : 20_000, ours, theirs);
        // What is served from these results (recommendations) is measured here, on the same file.
        File.Delete(ours);
        File.Delete(theirs);
    }

    private static Row Store(BenchSettings settings, string name, int runs, string ours, string theirs, Action<BenchmarkStore> store, string operation)
    {
        var times = Alternation.Measure(warmups: 0, settings.Rounds(3),
            () =>
            {
                using var empty = Empty(ours);
                return Alternation.Time(() => store(empty));
            },
            () =>
            {
                Empty(theirs).Dispose();
                return settings.Peer.Measure(operation, new JsonObject
                {
                    ["file"] = theirs, ["runs"] = runs, ["models"] = Models, ["platforms"] = Platforms,
                    ["metrics"] = MetricNames(),
                });
            });
        // A thousand results in a second are one in a millisecond.
        var results = (double)runs * Measured.Length;
        return new Row(name, "k results/s", times[0].Rate(results), times[1].Rate(results), "INSERT ... SELECT in @duckdb/node-api");
    }

    /// <summary>Theirs reads the table and stores it; ours checks each run, makes its digest and compares its key besides.</summary>
    private static Row Import(BenchSettings settings, int runs, string ours, string theirs)
    {
        var table = settings.Made("insights.csv");
        using (var source = Empty(ours))
        {
            source.Append(Runs(runs), CancellationToken.None);
            new ResultExport(source).Write(table, ExportFormat.Csv, new RunFilter(), CancellationToken.None);
        }
        var times = Alternation.Measure(warmups: 0, settings.Rounds(3),
            () =>
            {
                using var empty = Empty(ours);
                return Alternation.Time(() => new ResultImport(empty, new ImportOptions(), TimeProvider.System).Import([table], null, CancellationToken.None));
            },
            () =>
            {
                Empty(theirs).Dispose();
                return settings.Peer.Measure("duckdbImport", new JsonObject { ["file"] = theirs, ["table"] = table, ["metrics"] = MetricNames() });
            });
        File.Delete(table);
        return new Row($"import {runs / 1000} k runs of {Measured.Length} results from CSV", "k runs/s", times[0].Rate(runs), times[1].Rate(runs),
            "INSERT ... SELECT FROM read_csv in @duckdb/node-api");
    }

    private static JsonArray MetricNames() => new([.. Measured.Select(metric => JsonValue.Create(metric.Name))]);

    private static void AppendResults(BenchmarkStore store, int runs)
    {
        var random = new Random(1);
        using var appender = store.Connection.Append("performance_results",
            ["test_run_id", "metric", "sample_count", "mean", "p50", "p90", "p95", "p99", "standard_deviation", "ci_low", "ci_high", "ci_level"], CancellationToken.None);
        for (long run = 1; run <= runs; run++)
        {
            foreach (var metric in Measured)
            {
                var value = random.NextDouble();
                appender.Add(run);
                appender.Add(metric.Name);
                appender.Add(1000L);
                foreach (var scale in (ReadOnlySpan<double>)[1, 1, 1.1, 1.2, 1.3, 0.1, 0.9, 1.1])
                    appender.Add(value * scale);
                appender.Add(0.95);
                appender.EndRow();
            }
        }
        appender.Complete();
    }

    private static IEnumerable<Row> Ask(BenchSettings settings, string file)
    {
        const string Peer = "@duckdb/node-api";
        JsonObject Request(bool keep) => new() { ["file"] = file, ["sql"] = Medians, ["keep"] = keep };
        var cold = Alternation.Measure(warmups: 1, settings.Rounds(7),
            () => Alternation.Time(() =>
            {
                using var store = Open(file);
                ReadAll(store);
            }),
            () => settings.Peer.Measure("duckdbAsk", Request(keep: false)));
        yield return new Row("medians by model and hardware, cold", "ms", cold[0], cold[1], Peer);
        using (var store = Open(file))
        {
            var warm = Alternation.Measure(warmups: 2, settings.Rounds(15),
                () => Alternation.Time(() => ReadAll(store)), () => settings.Peer.Measure("duckdbAsk", Request(keep: true)));
            settings.Peer.Ask("duckdbClose", []);
            yield return new Row("medians by model and hardware, warm", "ms", warm[0], warm[1], Peer);
        }
    }

    private static BenchmarkStore Empty(string file)
    {
        foreach (var path in (string[])[file, file + ".wal"])
            File.Delete(path);
        return BenchmarkStore.Open(file, TimeSpan.FromSeconds(10), CancellationToken.None);
    }

    private static BenchmarkStore Open(string file) => BenchmarkStore.OpenToRead(file, TimeSpan.FromSeconds(10), CancellationToken.None);

    private static void ReadAll(BenchmarkStore store)
    {
        using var rows = store.Connection.Query(Medians, [], CancellationToken.None);
        while (rows.Read())
            _ = rows.Double(3);
    }

    private static IEnumerable<BenchmarkRun> Runs(int count)
    {
        var models = Enumerable.Range(0, Models).Select(i => new BenchmarkedModel($"model {i}")).ToArray();
        var platforms = Enumerable.Range(0, Platforms).Select(i => new HardwarePlatform($"platform {i}", HardwareKind.Gpu)).ToArray();
        var fingerprints = platforms.Select(platform => $"machine with {platform.Name}").ToArray();
        var random = new Random(1);
        for (var i = 0; i < count; i++)
        {
            var (model, platform) = (i % Models, i / Models % Platforms);
            yield return new BenchmarkRun
            {
                Key = $"run {i}",
                Model = models[model],
                Hardware = platforms[platform],
                Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp16", BatchSize = 1, Concurrency = 1 },
                Engine = new Engine("onnxruntime") { ExecutionProvider = "cuda" },
                Provenance = Provenance.Simulated,
                MachineFingerprint = fingerprints[platform],
                Suite = "bench/run insights",
                BenchmarkVersion = "1",
                Verdict = RunVerdict.Valid,
                StartedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(i),
                Duration = TimeSpan.FromSeconds(10),
                Metrics = [.. Measured.Select(metric => Result(metric, random.NextDouble()))],
            };
        }
    }

    private static MetricResult Result(Metric metric, double value) => new(metric, 1000, value)
    {
        P50 = value, P90 = value * 1.1, P95 = value * 1.2, P99 = value * 1.3, StandardDeviation = value / 10, ConfidenceLow = value * 0.9, ConfidenceHigh = value * 1.1,
        ConfidenceLevel = 0.95,
    };
}
