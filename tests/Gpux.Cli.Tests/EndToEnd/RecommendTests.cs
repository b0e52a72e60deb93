using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Advice on hardware, asked for as users do, with results and without.</summary>
[Trait("Category", "Slow")]
public sealed class RecommendTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Without_results_published_peaks_speak_and_say_so()
    {
        var answer = await _user.RunAsync("recommend", "samples/storyteller", "--batch-size", "8", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var rows = answer.Json.GetProperty("recommendations").EnumerateArray().ToArray();
        Assert.Equal(5, rows.Length);
        Assert.All(rows, row =>
        {
            Assert.Equal("roofline", row.GetProperty("origin").GetString());
            Assert.Equal(System.Text.Json.JsonValueKind.Null, row.GetProperty("latency_seconds").GetProperty("high").ValueKind);
            Assert.True(row.GetProperty("tokens_per_second").GetProperty("typical").GetDouble() > 1);
        });
        Assert.Contains("gpux bench samples:storyteller --save", (await _user.RunAsync("recommend", "samples/storyteller")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_seed_s_lines_work_in_our_spelling()
    {
        Fill();
        var answer = await _user.RunAsync("db", "recommend", "--model", "bert-base-uncased", "--task", "inference", "--latency-sensitive", "--db-path", "benchmark_db.duckdb", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var first = answer.Json.GetProperty("recommendations")[0];
        Assert.Equal(("NVIDIA L4", "measured"), (first.GetProperty("hardware").GetString(), first.GetProperty("origin").GetString()));
        Assert.InRange(first.GetProperty("latency_seconds").GetProperty("typical").GetDouble(), 0.0019, 0.0021);
        var update = await _user.RunAsync("db", "update-task", "--task", "training", "--db-path", "benchmark_db.duckdb");
        Assert.Equal((0, "0 recommendations of 0 models for training.\n"), (update.ExitCode, update.Output));
        update = await _user.RunAsync("db", "update-task", "--task", "inference", "--db-path", "benchmark_db.duckdb");
        Assert.Equal((0, "2 recommendations of 1 model for inference.\n"), (update.ExitCode, update.Output));
    }

    [Fact]
    public async Task People_get_a_table_with_reasons()
    {
        Fill();
        var answer = await _user.RunAsync("db", "recommend", "--model", "bert-base-uncased", "--explain", "--db", "benchmark_db.duckdb");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Contains("6 runs of this configuration", answer.Output, StringComparison.Ordinal);
        Assert.Contains("weights: throughput 0.435, latency 0.391, memory 0.174", answer.Output, StringComparison.Ordinal);
        Assert.Contains("too few: more than 9 are needed", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_are_named()
    {
        Fill();
        async Task Refused(int exitCode, string message, params string[] arguments)
        {
            var answer = await _user.RunAsync(arguments);
            Assert.True(answer.ExitCode == exitCode && answer.Error.Contains(message, StringComparison.Ordinal), answer.ToString());
        }
        await Refused(1, "GPUX6086", "db", "recommend", "--model", "nobody", "--db-path", "benchmark_db.duckdb");
        await Refused(1, "GPUX6087", "db", "recommend", "--model", "bert-base-uncased", "--score-version", "1", "--db-path", "benchmark_db.duckdb");
        await Refused(1, "GPUX6009", "recommend", "samples/digits", "--db-path", "no-such.duckdb");
        await Refused(1, "GPUX6085", "recommend", "samples/digits", "--prices", "no-such.csv");
        await Refused(2, "is no time", "recommend", "samples/digits", "--max-latency", "soon");
        await Refused(2, "is no size", "recommend", "samples/digits", "--max-memory", "much");
        await Refused(2, "is no precision", "recommend", "samples/digits", "--precision", "ternary");
        await Refused(2, "--batch-size cannot be 0", "recommend", "samples/digits", "--batch-size", "0");
        await Refused(2, "--max-cost cannot be", "recommend", "samples/digits", "--max-cost", "-1");
        await Refused(2, "sleeping", "recommend", "samples/digits", "--task", "sleeping");
    }

    [Fact]
    public async Task A_price_of_one_s_own_counts()
    {
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "prices.csv"), "hardware,price,as_of,source\nNVIDIA L4,0.71,2026-11-20,our invoice\n");
        var answer = await _user.RunAsync("recommend", "samples/digits", "--prices", "prices.csv", "--max-cost", "100", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        var row = Assert.Single(answer.Json.GetProperty("recommendations").EnumerateArray());
        Assert.Equal(("NVIDIA L4", 0.71), (row.GetProperty("hardware").GetString(), row.GetProperty("price").GetProperty("per_hour").GetDouble()));
        Assert.Equal("unproven", row.GetProperty("feasibility").GetString());
    }

    private void Fill()
    {
        using var store = BenchmarkStore.Open(Path.Combine(_user.Folder, "benchmark_db.duckdb"), TimeSpan.Zero, default);
        foreach (var (hardware, kind, seconds) in ((string, HardwareKind, double)[])[("NVIDIA L4", HardwareKind.Gpu, 0.002), ("EPYC 7763", HardwareKind.Cpu, 0.020)])
        {
            for (var i = 0; i < 6; i++)
            {
                store.Add(new BenchmarkRun
                {
                    Key = $"{hardware} {i}",
                    Model = new BenchmarkedModel("bert-base-uncased") { Architecture = "bert", ParameterCount = 110_000_000 },
                    Hardware = new HardwarePlatform(hardware, kind) { MemoryBytes = 24_000_000_000 },
                    Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp32", BatchSize = 1, InputTokens = 128, Concurrency = 1 },
                    Engine = new Engine("onnxruntime") { ExecutionProvider = kind == HardwareKind.Cpu ? "cpu" : "cuda" },
                    Provenance = Provenance.Imported,
                    MachineFingerprint = hardware,
                    Suite = "a test",
                    BenchmarkVersion = "1",
                    Verdict = RunVerdict.Valid,
                    StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                    Duration = TimeSpan.FromSeconds(1),
                    Metrics = [new MetricResult(Metric.Latency, 1000, seconds), new MetricResult(Metric.Throughput, 1000, 1 / seconds)],
                }, default);
            }
        }
    }
}
