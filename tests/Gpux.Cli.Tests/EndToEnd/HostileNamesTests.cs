using System.Text.Json;
using System.Xml.Linq;
using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Names that would be SQL, markup or a shell's words, through every command of the database.</summary>
[Trait("Category", "Slow")]
public sealed class HostileNamesTests : IDisposable
{
    private const string Model = "a'); DROP TABLE test_runs; -- $(reboot) <b>\"&";
    private const string Hardware = "GPU'; DELETE FROM performance_results; -- <script>alert(1)</script>";
    private const string Tag = "v1'; UPDATE models SET name = 'x'; --";

    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task They_are_names_and_nothing_else()
    {
        Fill();
        await JsonAsync("add-version", "--model", Model, "--version", Tag, "--metadata", JsonSerializer.Serialize(new { note = Model }));
        await JsonAsync("link-tests", "--model", Model, "--version", Tag, "--result-ids", "1,2,3");
        await JsonAsync("link-tests", "--model", Model, "--version", "v2", "--result-ids", "4,5,6");
        await JsonAsync("move-alias", "--model", Model, "--alias", "champion", "--version", Tag);
        Assert.Equal(Hardware, (await JsonAsync("calculate-scores", "--model", Model, "--hardware", Hardware))[0].GetProperty("hardware").GetString());
        Assert.Equal(Hardware, (await JsonAsync("recommend", "--model", Model, "--latency-sensitive", "--top-k", "1")).GetProperty("recommendations")[0].GetProperty("hardware").GetString());
        await JsonAsync("update-task", "--task", "inference");
        await JsonAsync("create-snapshot", "--model", Model, "--version", Tag);
        await JsonAsync("create-snapshot", "--model", Model, "--version", "v2");
        Assert.Equal(Hardware, (await JsonAsync("compare-versions", "--model", Model, "--version1", Tag, "--version2", "v2")).GetProperty("changes")[0].GetProperty("hardware").GetString());
        Assert.Equal(2, (await JsonAsync("version-history", "--model", Model)).GetProperty("versions").GetArrayLength());
        Assert.Equal(3, (await JsonAsync("list", "--model", Model, "--hardware", Hardware, "--version", Tag)).GetArrayLength());
        Assert.Equal(Model, (await JsonAsync("show", "1")).GetProperty("model").GetProperty("name").GetString());
        await JsonAsync("plot", "bars", "--model", Model, "-o", "bars.svg");
        Assert.Contains("<b>", XDocument.Load(Path.Combine(_user.Folder, "bars.svg")).Root!.Value, StringComparison.Ordinal); // as text
        await JsonAsync("report", "--model", Model, "-o", "report.html");
        var page = await File.ReadAllTextAsync(Path.Combine(_user.Folder, "report.html"));
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        await JsonAsync("export", "--model", Model, "-o", "all.jsonl");
        await JsonAsync("delete", "6", "--yes");
        Assert.Equal(1, (await JsonAsync("import", "all.jsonl")).GetProperty("added").GetInt64());
        using var store = BenchmarkStore.OpenToRead(Path.Combine(_user.Folder, "names.duckdb"), TimeSpan.Zero, default);
        var runs = store.Find(new RunFilter(), default);
        Assert.Equal((6, Model, Hardware), (runs.Count, runs.Select(run => run.Run.Model.Name).Distinct().Single(), runs.Select(run => run.Run.Hardware.Name).Distinct().Single()));
        Assert.All(runs, run => Assert.Equal(2, run.Run.Metrics.Count));
    }

    [Fact]
    public async Task What_is_said_to_do_may_be_pasted()
    {
        Fill();
        var answer = await _user.RunAsync("db", "compare-versions", "--model", Model, "--version1", Tag, "--version2", "v2", "--db-path", "names.duckdb");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains(ShellWord.Of(Model), answer.Error, StringComparison.Ordinal);
        Assert.Contains(ShellWord.Of(Tag), answer.Error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(string verb, params string[] arguments)
    {
        var answer = await _user.RunAsync(["db", verb, .. arguments, "--db-path", "names.duckdb", "--json"]);
        Assert.True(answer.ExitCode == 0, $"{verb}: {answer}");
        return answer.Json;
    }

    private void Fill()
    {
        using var store = BenchmarkStore.Open(Path.Combine(_user.Folder, "names.duckdb"), TimeSpan.Zero, default);
        for (var i = 1; i <= 6; i++)
        {
            store.Add(new BenchmarkRun
            {
                Key = $"run {i}",
                Model = new BenchmarkedModel(Model) { Architecture = "bert", ParameterCount = 110_000_000 },
                Hardware = new HardwarePlatform(Hardware, HardwareKind.Gpu) { MemoryBytes = 24_000_000_000 },
                Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp32", BatchSize = 1, InputTokens = 128, Concurrency = 1 },
                Engine = new Engine("onnxruntime") { ExecutionProvider = "cuda" },
                Provenance = Provenance.Imported,
                MachineFingerprint = Hardware,
                Suite = "a test",
                BenchmarkVersion = "1",
                Verdict = RunVerdict.Valid,
                StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, i, TimeSpan.Zero),
                Duration = TimeSpan.FromSeconds(1),
                Metrics = [new MetricResult(Metric.Latency, 1000, 0.01 + i * 1e-5), new MetricResult(Metric.Throughput, 1000, 100 - i)],
            }, default);
        }
    }
}
