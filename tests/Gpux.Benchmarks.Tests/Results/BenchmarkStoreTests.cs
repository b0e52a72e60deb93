using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Database.DuckDb;
using Gpux.Benchmarks.Tests.Database.Postgres;

namespace Gpux.Benchmarks.Tests.Results;

public sealed class DuckDbStoreTests() : BenchmarkStoreTests(new DuckDbFile());

[Collection(nameof(PostgresServer))]
public sealed class PostgresStoreTests(PostgresServer server) : BenchmarkStoreTests(server.Create());

public abstract class BenchmarkStoreTests : IDisposable
{
    private readonly ITestDatabase _database;
    private readonly BenchmarkStore _store;

    protected BenchmarkStoreTests(ITestDatabase database)
    {
        _database = database;
        _store = BenchmarkStore.Open(database.Location, TimeSpan.Zero, default);
    }

    public void Dispose()
    {
        _store.Dispose();
        _database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Percentiles_without_a_mean_are_kept_and_are_no_median()
    {
        MetricResult[] metrics = [new(Metric.Latency, 1, Mean: null) { P90 = 0.0035, P99 = 0.004 }, new(Metric.Throughput, 1, 300)];
        _store.AddAll([ExampleRun.Of("tail") with { Metrics = metrics }, ExampleRun.Of("whole")], default);
        var stored = _store.Find(new RunFilter(), default);
        Assert.Equal(metrics, stored[0].Run.Metrics);
        Assert.Null(stored[0].Run[Metric.Latency]!.Typical);
        Assert.False(_store.Add(ExampleRun.Of("tail") with { Metrics = metrics }, default).IsNew);
        Assert.Throws<RunChangedException>(() => _store.Add(ExampleRun.Of("tail") with { Metrics = [metrics[0] with { P90 = 0.003 }] }, default));
        // Neither scores nor advice take the 90th percentile for a median.
        var score = Assert.Single(new ModelRegistryIntegration(_store).CalculateSuitabilityScores());
        Assert.Equal([300, 0.01], ObservationReader.Read(_store.Connection, null, null, default).Single().Observations switch
        {
            var seen => [seen[0].Values[Metric.Throughput], seen[1].Values[Metric.Latency]],
        });
        Assert.DoesNotContain(Metric.Latency, RunObservation.Of(stored[0])!.Values.Keys);
        Assert.NotNull(score.Compatibility);
        var advice = new HardwareRecommender(_store.Connection).Recommend(new RecommendationRequest(ModelFacts.Of(stored[0].Run.Model)), default);
        Assert.Contains(advice.Notes, note => note.StartsWith("Of 1 run only the 90th or 99th percentile", StringComparison.Ordinal));
        Assert.Equal(2, _store.Delete([.. stored.Select(run => run.Id)], default));
        using var rows = _store.Connection.Query("SELECT count(*) FROM metric_results", [], default);
        Assert.True(rows.Read());
        Assert.Equal(0, rows.Int64(0));
    }

    [Fact]
    public void A_run_comes_back_whole()
    {
        var run = ExampleRun.Of("a") with
        {
            VersionTag = "v1.0.0",
            Model = new BenchmarkedModel("bert") { Registry = "hf", Architecture = "bert", Task = "fill-mask", ParameterCount = 110_000_000, SizeBytes = 440_000_000 },
            Hardware = new HardwarePlatform("2x NVIDIA L4", HardwareKind.Gpu)
            {
                Vendor = "NVIDIA", Device = "L4", DeviceCount = 2, MemoryBytes = 48L << 30, MemoryBytesPerSecond = 600e9,
                Peaks = [new ArithmeticPeak("fp16", 242e12, "data sheet"), new ArithmeticPeak("fp32", 60e12, "measured")],
            },
            Workload = new Workload(TaskType.Training, "open-loop")
            {
                Precision = "fp16", BatchSize = 8, InputTokens = 128, OutputTokens = 3, Concurrency = 4, OfferedRate = 17.5,
            },
            Engine = new Engine("onnxruntime") { Version = "1.30", ExecutionProvider = "cuda", OptionsJson = """{"a": 1}""", DriverVersion = "570", Threads = 4 },
            EnvironmentJson = """{"cpu": "EPYC"}""",
            Seed = 42,
            LaunchCount = 3,
            Verdict = RunVerdict.Unstable,
            Reasons = ["the clock was slowed down", "\"quoted\""],
            BundleSha256 = new string('a', 64),
            Metrics =
            [
                new MetricResult(Metric.Latency, 1000, 0.011)
                {
                    P50 = 0.01, P90 = 0.012, P95 = 0.013, P99 = 0.02, StandardDeviation = 0.001, ConfidenceLow = 0.009, ConfidenceHigh = 0.011, ConfidenceLevel = 0.95,
                },
                new MetricResult(Metric.Energy, 1, 16777217),
            ],
            Samples = new RunSamples("float64", [1, 2, 3]),
        };
        var (id, isNew) = _store.Add(run, default);
        Assert.True(isNew);
        var found = Assert.Single(_store.Find(new RunFilter { Ids = [id] }, default));
        Assert.Equivalent(run with { Samples = null }, found.Run, strict: true);
        Assert.Equal(run.Samples.Content, _store.Samples(id, default)!.Content);
    }

    [Fact]
    public void A_run_that_is_there_is_not_written_again()
    {
        var (id, _) = _store.Add(ExampleRun.Of("a", throughput: 100), default);
        Assert.Equal((id, false), _store.Add(ExampleRun.Of("a", throughput: 100), default));
        Assert.Equal(id, Assert.Throws<RunChangedException>(() => _store.Add(ExampleRun.Of("a", throughput: 200), default)).Id);
        Assert.Equal(100, Assert.Single(_store.Find(new RunFilter(), default)).Run[Metric.Throughput]!.Mean);
    }

    [Fact]
    public void A_run_that_makes_no_sense_leaves_nothing()
    {
        Assert.Throws<ImpossibleValueException>(() => _store.Add(ExampleRun.Of("a", throughput: double.NaN), default));
        Assert.Throws<ImpossibleValueException>(() => _store.AddAll([ExampleRun.Of("b"), ExampleRun.Of("c", latencySeconds: -1)], default));
        Assert.Empty(_store.Find(new RunFilter(), default));
        Assert.Null(_store.ModelId("bert-base-uncased", default));
    }

    [Fact]
    public void Many_runs_are_appended_once()
    {
        BenchmarkRun[] runs = [.. Enumerable.Range(0, 500).Select(i => ExampleRun.Of($"run {i}", model: $"model {i % 7}", latencySeconds: (i + 1) / 1000.0, version: i % 3 == 0 ? "v1" : null))];
        Assert.Equal(300, _store.Append(runs[..300], default));
        Assert.Equal(200, _store.Append([.. runs, .. runs], default));
        Assert.Equal(0, _store.Append(runs, default));
        var found = _store.Find(new RunFilter(), default);
        Assert.Equal(runs.Select(run => run.Key), found.Select(stored => stored.Run.Key));
        Assert.All(found.Zip(runs), pair => Assert.Equal(RunDigest.Of(pair.Second), RunDigest.Of(pair.First.Run)));
        Assert.Equal(167, _store.Find(new RunFilter { VersionTag = "v1" }, default).Count);
        Assert.Equal(["run 498", "run 499"], _store.Find(new RunFilter { Limit = 2 }, default).Select(stored => stored.Run.Key));
        var changed = Assert.Throws<RunChangedException>(() => _store.Append([ExampleRun.Of("new"), runs[5] with { Seed = 1 }], default));
        Assert.Equal(found[5].Id, changed.Id);
        Assert.Throws<RunChangedException>(() => _store.AddAll([ExampleRun.Of("new"), ExampleRun.Of("new", throughput: 1)], default));
        Assert.Equal(500, _store.Find(new RunFilter(), default).Count);
    }

    [Fact]
    public void Names_and_texts_of_any_kind_come_back()
    {
        foreach (var (i, name) in ((string[])[new string('ä', 1000), "'; DROP TABLE models; --", "a\"b,{}\\", "模型 \U0001F600"]).Index())
        {
            var run = ExampleRun.Of($"{i} {name}", model: name, hardware: name, version: name) with { EnvironmentJson = """{"a": "\u0000\n", "b": 1e400}""" };
            var (id, _) = _store.Add(run, default);
            Assert.Equivalent(run, Assert.Single(_store.Find(new RunFilter { Model = name, VersionTag = name }, default)).Run, strict: true);
            Assert.Equal((id, false), _store.Add(run, default));
        }
    }

    [Fact]
    public void Measured_ceilings_replace_published_ones_and_only_rise()
    {
        static HardwarePlatform Machine(double? bandwidth, double peak, string source) =>
            new("EPYC", HardwareKind.Cpu) { MemoryBytesPerSecond = bandwidth, Peaks = [new ArithmeticPeak("fp32", peak, source)] };
        foreach (var (machine, bandwidth, peak) in ((HardwarePlatform, double, double)[])
        [
            (Machine(400e9, 9e12, "data sheet"), 400e9, 9e12),
            (Machine(500e9, 8e12, "another data sheet"), 400e9, 9e12), // the first stays
            (Machine(19.4e9, 1e11, "measured"), 19.4e9, 1e11),
            (Machine(38.3e9, 3e11, "measured"), 38.3e9, 3e11),
            (Machine(20e9, 2e11, "measured"), 38.3e9, 3e11), // a busy machine does less
            (Machine(400e9, 9e12, "data sheet"), 38.3e9, 3e11),
            (new HardwarePlatform("EPYC", HardwareKind.Cpu), 38.3e9, 3e11),
            (Machine(null, 4e11, "measured"), 38.3e9, 4e11),
        ])
        {
            var id = _store.EnsureHardware(machine, default);
            var stored = HardwareReader.Read(_store.Connection, default)[id];
            Assert.Equal((bandwidth, peak), (stored.MemoryBytesPerSecond, Assert.Single(stored.Peaks).OperationsPerSecond));
        }
    }

    [Fact]
    public void Results_without_a_provider_are_of_the_provider_that_the_vendor_s_GPUs_have()
    {
        static BenchmarkRun On(string key, string vendor, HardwareKind kind, string? provider) => ExampleRun.Of(key, hardware: $"{vendor} {kind}") with
        {
            Hardware = new HardwarePlatform($"{vendor} {kind}", kind) { Vendor = vendor }, Engine = new Engine("other") { ExecutionProvider = provider },
        };
        BenchmarkRun[] runs = [On("a", "NVIDIA", HardwareKind.Gpu, null), On("b", "AMD", HardwareKind.Gpu, null), On("c", "NVIDIA", HardwareKind.Gpu, "webgpu"),
            On("d", "AMD", HardwareKind.Cpu, null), On("e", "NVIDIA", HardwareKind.Gpu, "cuda")];
        _store.AddAll(runs, default);
        foreach (var (word, keys) in ((string, string[])[])[("cuda", ["a", "e"]), ("CUDA", ["a", "e"]), ("rocm", ["b"]), ("webgpu", ["c"]), ("gpu", ["a", "b", "c", "e"])])
        {
            Assert.Equal(keys, _store.Find(new RunFilter { Hardware = word }, default).Select(run => run.Run.Key));
            Assert.Equal(keys, runs.Where(run => run.IsOn(word)).Select(run => run.Key));
        }
        var scores = new ModelRegistryIntegration(_store).CalculateSuitabilityScores();
        Assert.Equal(["NVIDIA Gpu"], scores.Where(score => score.IsOn("cuda")).Select(score => score.Hardware.Name));
        Assert.Equal(["AMD Gpu"], scores.Where(score => score.IsOn("rocm")).Select(score => score.Hardware.Name));
    }

    [Fact]
    public void What_is_learned_of_a_model_and_hardware_is_added_and_not_overwritten()
    {
        var id = _store.EnsureModel(new BenchmarkedModel("bert") { Task = "fill-mask" }, default);
        Assert.Equal(id, _store.EnsureModel(new BenchmarkedModel("bert") { Task = "other", ParameterCount = 7, MetadataJson = """{"a": 1}""" }, default));
        var platform = _store.EnsureHardware(new HardwarePlatform("L4", HardwareKind.Gpu) { Peaks = [new ArithmeticPeak("fp16", 1e12, "data sheet")] }, default);
        Assert.Equal(platform, _store.EnsureHardware(new HardwarePlatform("L4", HardwareKind.Gpu)
        {
            Vendor = "NVIDIA", MemoryBytes = 24L << 30, Peaks = [new ArithmeticPeak("fp16", 9e11, "measured"), new ArithmeticPeak("fp32", 3e11, "measured")],
        }, default));
        _store.EnsureHardware(new HardwarePlatform("L4", HardwareKind.Gpu) { Vendor = "other", Peaks = [new ArithmeticPeak("fp16", 2e12, "data sheet")] }, default);
        _store.Add(ExampleRun.Of("a", model: "bert", hardware: "L4"), default);
        var run = Assert.Single(_store.Find(new RunFilter(), default)).Run;
        Assert.Equal(("fill-mask", 7, """{"a": 1}"""), (run.Model.Task, run.Model.ParameterCount, run.Model.MetadataJson));
        Assert.Equal(("NVIDIA", 24L << 30), (run.Hardware.Vendor, run.Hardware.MemoryBytes));
        Assert.Equal([9e11, 3e11], run.Hardware.Peaks.Select(peak => peak.OperationsPerSecond));
    }

    [Fact]
    public void Cancelled_work_leaves_nothing()
    {
        using var cancelling = new CancellationTokenSource();
        cancelling.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _store.Add(ExampleRun.Of("a"), cancelling.Token));
        Assert.Empty(_store.Find(new RunFilter(), default));
        Assert.True(_store.Add(ExampleRun.Of("a"), default).IsNew);
    }

    [Fact]
    public void A_filter_takes_what_agrees_with_all_of_it()
    {
        _store.AddAll(
            [
                ExampleRun.Of("a"), ExampleRun.Of("b", hardware: "EPYC", kind: HardwareKind.Cpu), ExampleRun.Of("c", model: "llama-7b"),
                ExampleRun.Of("d", version: "v2") with { Verdict = RunVerdict.Invalid },
            ], default);
        string Keys(RunFilter filter) => string.Concat(_store.Find(filter, default).Select(found => found.Run.Key));
        Assert.Equal("abcd", Keys(new RunFilter()));
        Assert.Equal("abd", Keys(new RunFilter { Model = "bert-base-uncased" }));
        Assert.Equal("acd", Keys(new RunFilter { Hardware = "CUDA" }));
        Assert.Equal("b", Keys(new RunFilter { Hardware = "cpu" }));
        Assert.Equal("acd", Keys(new RunFilter { Hardware = "nvidia l4" }));
        Assert.Equal("d", Keys(new RunFilter { VersionTag = "v2" }));
        Assert.Equal("abc", Keys(new RunFilter { Verdict = RunVerdict.Valid }));
        Assert.Equal("a", Keys(new RunFilter { Model = "bert-base-uncased", Hardware = "gpu", Verdict = RunVerdict.Valid, TaskType = TaskType.Inference, Precision = "fp32" }));
        Assert.Equal("", Keys(new RunFilter { Ids = [] }));
    }

    [Fact]
    public void Deleting_is_whole_and_leaves_the_rest()
    {
        var (first, _) = _store.Add(ExampleRun.Of("a", version: "v1") with { Samples = new RunSamples("float64", [1]) }, default);
        _store.Add(ExampleRun.Of("b", version: "v1"), default);
        Assert.Equal(1, _store.Delete([first, 99], default));
        Assert.Equal("b", Assert.Single(_store.Find(new RunFilter(), default)).Run.Key);
        Assert.Null(_store.Samples(first, default));
    }

    [Fact]
    public void Metrics_are_the_table_s()
    {
        using var rows = _store.Connection.Query("SELECT name, unit, better FROM metrics", [], default);
        var stored = new HashSet<(string, string, bool)>();
        while (rows.Read())
            stored.Add((rows.Text(0), rows.Text(1), rows.Text(2) == "higher"));
        Assert.Equal(stored, Metric.All.Select(metric => (metric.Name, metric.Unit, metric.HigherIsBetter)).ToHashSet());
    }
}
