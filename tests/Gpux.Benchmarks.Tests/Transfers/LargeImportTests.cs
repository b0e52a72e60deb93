using System.Globalization;
using System.Runtime.CompilerServices;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>Files of many runs: they are read while they are stored, and count as a whole or not at all.</summary>
public sealed class LargeImportTests : IDisposable
{
    private readonly Importer _importer = new();

    public void Dispose() => _importer.Dispose();

    [Fact]
    public void Runs_are_let_go_while_the_rest_is_read()
    {
        const int Runs = 30_000;
        var first = new WeakReference(null);
        IEnumerable<BenchmarkRun> Made()
        {
            for (var i = 0; i < Runs; i++)
            {
                if (i == Runs - 1)
                {
                    GC.Collect();
                    Assert.False(first.IsAlive);
                }
                yield return Make(i, first);
            }
        }
        Assert.Equal(Runs, _importer.Store.AddAll(Made(), default));
        using var rows = _importer.Store.Connection.Query("SELECT count(*), count(DISTINCT test_run_id) FROM performance_results", [], default);
        Assert.True(rows.Read());
        Assert.Equal((2 * Runs, Runs), (rows.Int64(0), rows.Int64(1)));
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(5001)]
    public void A_run_that_is_told_again_far_behind_is_compared_with_the_first(int runs)
    {
        // The last row repeats the first, whose part was stored long before.
        IEnumerable<BenchmarkRun> Made(double again) => Enumerable.Range(0, runs).Select(i => ExampleRun.Of($"run {i}", latencySeconds: 0.001)).Append(ExampleRun.Of("run 0", latencySeconds: again));
        var changed = Assert.Throws<RunChangedException>(() => _importer.Store.AddAll(Made(0.002), default));
        Assert.Contains("'run 0'", changed.Message, StringComparison.Ordinal);
        Assert.Empty(_importer.Runs);
        Assert.Equal(runs, _importer.Store.AddAll(Made(0.001), default));
        Assert.Equal(0, _importer.Store.AddAll(Made(0.001), default));
        Assert.Throws<RunChangedException>(() => _importer.Store.AddAll([ExampleRun.Of("new"), ExampleRun.Of("run 4999", latencySeconds: 0.002)], default));
        Assert.Equal(runs, _importer.Runs.Count);
        var (export, twice) = (_importer.Export("e.jsonl"), _importer.Folder["twice.jsonl"]);
        var lines = File.ReadAllLines(export);
        File.WriteAllLines(twice, [.. lines, lines[0]]);
        using var to = new Importer();
        Assert.Equal((runs + 1L, runs, 1L, 0L), to.Import(twice) switch { var file => (file.Runs, file.New, file.Repeated, file.AlreadyThere) });
        Assert.Equal((runs + 1L, 0, 1L, (long)runs), to.Import(twice) switch { var file => (file.Runs, file.New, file.Repeated, file.AlreadyThere) });
    }

    [Fact]
    public void A_file_whose_last_row_is_refused_leaves_nothing_of_many_parts()
    {
        const int Runs = 20_000;
        File.WriteAllLines(_importer.Folder["a.csv"], Enumerable.Range(0, Runs + 1).Select(i => i == 0 ? "model,ms" : $"m{i % 7},{(i == Runs ? -1 : i)}"));
        var options = new ImportOptions { Maps = ["ms=latency.e2e:ms"], Hardware = "NVIDIA L4" };
        var refused = Assert.Single(_importer.ImportAll(_importer.Folder["a.csv"], options with { Strict = true }));
        Assert.IsType<RefusedRowsException>(refused.Error);
        Assert.Equal(0, refused.New);
        Assert.Null(_importer.Store.ModelId("m1", default));
        var told = new List<Progress>();
        var import = new ResultImport(_importer.Store, options, TimeProvider.System) { Progress = new Listener(told) };
        Assert.Equal((Runs - 1, 1L), Assert.Single(import.Import([_importer.Folder["a.csv"]], null, default)) switch { var file => (file.New, file.RefusedCount) });
        Assert.Equal(Runs / 1000 + 1, told.Count);
        Assert.Equal((Runs, (long?)Runs), (told[^1].Done, told[^1].Total));
        Assert.Equal((0, Runs - 1L), _importer.Import(_importer.Folder["a.csv"], options) switch { var again => (again.New, again.AlreadyThere) });
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("many.csv")]
    [InlineData("many.jsonl")]
    public void An_import_of_two_hundred_thousand_runs_takes_less_than_400_MB(string name)
    {
        var file = _importer.Folder[name];
        string[] columns =
        [
            "gpux_results", "duration", "run_key", "model", "hardware", "hardware_kind", "provenance", "machine_fingerprint", "suite", "benchmark_version", "task_type", "scenario",
            "verdict", "started_at", .. Metric.All.Take(10).SelectMany(metric => (string[])[$"{metric}.mean", $"{metric}.p50"]),
        ];
        using (var writer = File.CreateText(file))
        {
            var isTable = name.EndsWith(".csv", StringComparison.Ordinal);
            if (isTable)
                writer.WriteLine(string.Join(',', columns));
            for (var i = 0; i < 200_000; i++)
            {
                string[] texts = [$"run-{i}-{i * 2654435761L:x16}", $"m{i % 200}", $"h{i % 50}", "gpu", "simulated", $"machine {i % 50}", "s", "1", "inference", "x", "valid", "2026-01-02T03:04:05Z"];
                IEnumerable<string> values = ["1", "1", .. isTable ? texts : texts.Select(text => $"\"{text}\""),
                    .. Enumerable.Range(0, 20).Select(column => ((i + column) / 1e6).ToString("R", CultureInfo.InvariantCulture))];
                writer.WriteLine(isTable ? string.Join(',', values) : $"{{{string.Join(',', columns.Zip(values, (column, value) => $"\"{column}\":{value}"))}}}");
            }
        }
        using var other = new OtherProcess("import", _importer.Folder["other.duckdb"], file);
        string? line;
        while ((line = other.ReadLine()) is not null && line != Kills.End)
            Assert.True(line is Kills.Begin or "200000", line);
        var peak = File.ReadLines($"/proc/{other.Id}/status").First(status => status.StartsWith("VmHWM:", StringComparison.Ordinal));
        Assert.InRange(long.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) >> 10, 1, 400); // of which DuckDB has what waits for its transaction to end
    }

    [Fact]
    public void Killed_import_leaves_the_whole_file_or_nothing() => KillWhileImporting(3, runs: 1000);

    [Fact]
    [Trait("Category", "Slow")]
    public void Import_killed_thirty_times_leaves_the_whole_file_or_nothing() => KillWhileImporting(30, runs: 10_000);

    private void KillWhileImporting(int times, int runs)
    {
        _importer.Store.Append(Enumerable.Range(0, runs).Select(i => ExampleRun.Of($"run {i}", model: $"model {i % 20}", version: $"v{i % 3}")), default);
        var file = _importer.Export("runs.parquet");
        using var folder = new TemporaryFolder();
        var results = folder["results.duckdb"];
        var half = 0;
        new Kills(times, piecesBefore: 0).Each(() => new OtherProcess("import", results, file), said =>
        {
            using (var store = BenchmarkStore.Open(results, TimeSpan.Zero, default))
            using (var rows = store.Connection.Query(
                """
                SELECT (SELECT count(*) FROM test_runs), (SELECT count(*) FROM performance_results), (SELECT count(*) FROM test_run_versions),
                    (SELECT count(*) FROM models), (SELECT count(*) FROM model_registry_versions)
                """, [], default))
            {
                Assert.True(rows.Read());
                var isWhole = rows.Int64(0) > 0;
                Assert.Equal(isWhole ? (runs, 3 * runs, runs, 20, 60) : (0, 0, 0, 0, 0), (rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4)));
                Assert.True(isWhole || said[^1] == Kills.Begin); // what was said to be stored is
                half += isWhole ? 0 : 1;
            }
            foreach (var name in folder.Files.ToArray())
                File.Delete(folder[name]);
        });
        Assert.True(half > 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static BenchmarkRun Make(int number, WeakReference first)
    {
        var run = ExampleRun.Of($"run {number}", memoryBytes: null);
        if (number == 0)
            first.Target = run;
        return run;
    }

    private sealed class Listener(List<Progress> told) : IProgress<Progress>
    {
        public void Report(Progress value) => told.Add(value);
    }
}
