using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>What is exported comes back as it was, to the last bit.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly Importer _from = new();

    public void Dispose() => _from.Dispose();

    [Theory]
    [InlineData("results.csv")]
    [InlineData("results.csv.gz")]
    [InlineData("results.json")]
    [InlineData("results.jsonl")]
    [InlineData("results.jsonl.gz")]
    [InlineData("results.parquet")]
    [InlineData("it's; a \"name\" [ü*?] ${x} --.csv")]
    [InlineData("it's; a \"name\" [ü*?] ${x} --.json")]
    [InlineData("it's; a \"name\" [ü*?] ${x} --.parquet")]
    public void Exported_runs_come_back(string name)
    {
        _from.Store.AddAll(Runs(), default);
        var path = _from.Export(name);
        // A neighbour that the name would match as a pattern.
        File.WriteAllText(_from.Folder["it's; a \"name\" ü123 ${x} --.csv"], "a\n1\n");
        using var to = new Importer();
        var file = to.Import(path);
        Assert.Equal(("gpux", 44L, 44L, 44, 0L), (file.Format, file.Rows, file.Runs, file.New, file.RefusedCount));
        var (before, after) = (_from.Store.Find(new RunFilter(), default), to.Store.Find(new RunFilter(), default));
        Assert.Equal(before.Count, after.Count);
        for (var i = 0; i < before.Count; i++)
            Assert.Equivalent(before[i].Run, after[i].Run, strict: true);
        Assert.Equal([1, 0, 255, 10], to.Store.Samples(after[0].Id, default)!.Content);
        // Once more: everything is there already.
        var again = to.Import(path);
        Assert.Equal((44L, 0, 44L), (again.Runs, again.New, again.AlreadyThere));
    }

    [Fact]
    public void A_filter_exports_what_agrees_with_it()
    {
        _from.Store.AddAll([ExampleRun.Of("a"), ExampleRun.Of("b", model: "llama"), ExampleRun.Of("c", hardware: "EPYC", kind: HardwareKind.Cpu)], default);
        using var to = new Importer();
        Assert.Equal(1, to.Import(_from.Export("cpu.csv", new RunFilter { Hardware = "cpu" })).New);
        Assert.Equal("c", Assert.Single(to.Runs).Key);
        Assert.Equal(2, to.Import(_from.Export("some.parquet", new RunFilter { Ids = [1, 2, 77] })).New);
        Assert.Equal(0, to.Import(_from.Export("none.csv", new RunFilter { Model = "unknown" })).Runs);
    }

    [Fact]
    public void An_export_replaces_the_file_when_it_is_whole()
    {
        _from.Store.AddAll([ExampleRun.Of("a")], default);
        File.WriteAllText(_from.Folder["a.csv"], "before");
        _from.Export("a.csv");
        Assert.StartsWith("gpux_results,run_key,model,", File.ReadAllText(_from.Folder["a.csv"]), StringComparison.Ordinal);
        var missing = Assert.Throws<Gpux.Benchmarks.Transfers.ResultExportException>(() => _from.Export("missing/a.csv"));
        Assert.Contains("missing/a.csv' cannot be written", missing.Message, StringComparison.Ordinal);
        // What makes the copy has no name for a user.
        Assert.DoesNotContain(":memory:", missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_from.Folder.Files, name => name.StartsWith('.'));
    }

    /// <summary>Runs with every field, with few, and with numbers whose bits are drawn.</summary>
    private static IEnumerable<BenchmarkRun> Runs()
    {
        var whole = ExampleRun.Of("whole, \"quoted\"; 'single'") with
        {
            VersionTag = "v1.0.0, or so",
            Model = new BenchmarkedModel("モデル/\"é\"\\,;'") { Registry = "hf", Architecture = "bert", Task = "fill-mask", ParameterCount = long.MaxValue >> 12, SizeBytes = 440_000_001, MetadataJson = """{"a": [1, "é\n"]}""" },
            Hardware = new HardwarePlatform("2x NVIDIA L4", HardwareKind.Gpu)
            {
                Vendor = "NVIDIA", Device = "L4", DeviceCount = 2, MemoryBytes = 48L << 30, MemoryBytesPerSecond = 600e9 + 1.0 / 3,
                Peaks = [new ArithmeticPeak("fp16", 242e12 + 1, "data \"sheet\""), new ArithmeticPeak("fp32", 60e12, "measured")], MetadataJson = """{"b": null}""",
            },
            Workload = new Workload(TaskType.Training, "open-loop") { Precision = "fp16", BatchSize = 8, InputTokens = 128, OutputTokens = 0, Concurrency = 4, OfferedRate = 0.1 + 0.2 },
            Engine = new Engine("onnxruntime") { Version = "1.30", ExecutionProvider = "cuda", OptionsJson = """{"a": 1}""", DriverVersion = "570", Threads = 4 },
            EnvironmentJson = """{"cpu": "EPYC, 64 \"cores\""}""",
            Seed = long.MinValue + 1,
            LaunchCount = 3,
            Verdict = RunVerdict.Unstable,
            Reasons = ["the clock was slowed down", "\"quoted\", ünï", "two\nlines"],
            BundleSha256 = new string('a', 64),
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234560),
            Duration = TimeSpan.FromSeconds(10.5),
            Metrics =
            [
                new MetricResult(Metric.Latency, 1000, 0.1 + 0.2)
                {
                    P50 = 0.1, P90 = 0.2, P95 = 0.30000000000000004, P99 = 1.0 / 3, StandardDeviation = double.Epsilon, ConfidenceLow = 0, ConfidenceHigh = 1e-300, ConfidenceLevel = 0.95,
                },
                new MetricResult(Metric.Energy, 1, 16777217),
            ],
            Samples = new RunSamples("float64", [1, 0, 255, 10]),
        };
        yield return whole;
        yield return ExampleRun.Of("tails") with { Metrics = [new MetricResult(Metric.Latency, 7, Mean: null) { P90 = 1.0 / 3, P99 = 0.5 }] };
        yield return ExampleRun.Of("few") with { Model = new BenchmarkedModel("m"), Hardware = new HardwarePlatform("h", HardwareKind.Other), Engine = new Engine((string?)null), Workload = new Workload(TaskType.Inference, "x") };
        yield return ExampleRun.Of("empty") with { ProvenanceSource = "", Suite = "", BenchmarkVersion = "", Engine = new Engine("") { Version = " " } };
        var random = new Random(7);
        for (var i = 0; i < 40; i++)
        {
            yield return ExampleRun.Of($"random {i}") with
            {
                Metrics =
                [
                    new MetricResult(Metric.Latency, random.NextInt64(1, 1L << 40), Drawn(random, 1e6)),
                    new MetricResult(Metric.PeakMemory, 1, Drawn(random, 1e16)),
                    new MetricResult(Metric.RooflineShare, 1, random.NextDouble()),
                ],
            };
        }
    }

    // Every size of number up to a limit is as likely as the others.
    private static double Drawn(Random random, double limit)
    {
        while (true)
        {
            var number = BitConverter.Int64BitsToDouble(random.NextInt64(0, BitConverter.DoubleToInt64Bits(limit)));
            if (double.IsFinite(number) && number <= limit)
                return number;
        }
    }
}
