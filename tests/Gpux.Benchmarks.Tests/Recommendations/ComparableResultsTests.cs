using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Recommendations;

/// <summary>What was measured in different ways is never in one number, and each number says in which way it was measured.</summary>
public sealed class ComparableResultsTests : IDisposable
{
    private const string Bert = "bert-base-uncased";
    private const string L4 = "NVIDIA L4";

    private readonly TemporaryFolder _folder = new();
    private readonly BenchmarkStore _store;
    private int _runs;

    public ComparableResultsTests() => _store = BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.Zero, default);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    public static TheoryData<string> Ways => [.. Others.Keys];

    private static Dictionary<string, Func<BenchmarkRun, BenchmarkRun>> Others { get; } = new()
    {
        ["open loop"] = run => run with { Workload = run.Workload with { Scenario = "open-loop", OfferedRate = 1 } },
        ["open loop of unknown rate"] = run => run with { Workload = run.Workload with { Scenario = "open-loop" } },
        ["another scenario"] = run => run with { Workload = run.Workload with { Scenario = "Offline" } },
        ["end to end"] = run => run with { Suite = RunSummary.EndToEndSuite },
        ["another suite"] = run => run with { Suite = "llama-bench" },
        ["an older benchmark"] = run => run with { BenchmarkVersion = "0" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Runs_of_another_way_are_not_pooled(string way)
    {
        Add(6, 0.010, 100);
        Add(5, 0.100, 1, Others[way]);
        var advice = Advise();
        var row = advice.Ranked[0];
        Assert.Equal((L4, 6), (row.Hardware.Name, row.Runs));
        Assert.InRange(row.Latency!.Value.Typical, 0.0098, 0.0102);
        Assert.InRange(row.Throughput!.Value.Typical, 98, 102);
        Assert.Contains(advice.Notes, note => note.StartsWith("Never mixed with them are runs that were measured otherwise: 5 of ", StringComparison.Ordinal));
        Assert.Equal(6, advice.Runs.OfModel);
        // What scores and comparisons keep apart is kept apart here.
        var (usual, other) = (Run(0.01, 100), Others[way](Run(0.01, 100)));
        Assert.NotEqual(WorkloadStratum.Of(usual.Workload, usual.Suite, usual.BenchmarkVersion), WorkloadStratum.Of(other.Workload, other.Suite, other.BenchmarkVersion));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Predictions_are_learnt_from_one_way_alone(string way)
    {
        Add(5, 0.010, 100);
        Add(5, 0.020, 50, run => On(run, "another"));
        var before = Advise().Ranked.Single(row => row.Hardware.Name == "NVIDIA T4");
        Add(5, 5, 0.2, Others[way]);
        Add(5, 7, 0.1, run => Others[way](On(run, "another")));
        Add(5, 9, 0.1, run => Others[way](On(run, "a third")) with { Model = new BenchmarkedModel("another/model") { ParameterCount = 110_000_000 } });
        var after = Advise().Ranked.Single(row => row.Hardware.Name == "NVIDIA T4");
        Assert.Equal(before.Latency, after.Latency);
        Assert.Equal(before.Throughput, after.Throughput);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Where_only_another_way_exists_it_is_used_and_named(string way)
    {
        Add(6, 0.010, 100);
        Add(6, 0.100, 10, run => Others[way](On(run, "another")));
        var advice = Advise();
        var row = advice.Ranked.Single(row => row.Hardware.Name == "another");
        Assert.Equal(6, row.Runs);
        Assert.InRange(row.Latency!.Value.Typical, 0.098, 0.102);
        Assert.StartsWith($"measured here is {row.Method} alone, which is not compared with gpux bench 1, closed-loop", row.Reasons[0], StringComparison.Ordinal);
        Assert.Equal((L4, 1), (advice.Ranked[0].Hardware.Name, advice.Ranked[0].Rank)); // before what is not comparable
        if (row.Method!.IsOffered)
            Assert.Null(row.Throughput);
        else
            Assert.InRange(row.Throughput!.Value.Typical, 9.8, 10.2);
    }

    [Fact]
    public void What_was_measured_here_otherwise_and_in_another_configuration_is_told()
    {
        Add(6, 0.010, 100);
        Add(6, 0.100, 10, run => On(run, "another") with { Suite = "llama-bench", Workload = run.Workload with { BatchSize = 32 } });
        var row = Advise().Ranked.Single(row => row.Hardware.Name == "another");
        Assert.Equal((0, EstimateOrigin.Predicted), (row.Runs, row.Origin));
        Assert.Contains("what was measured here is llama-bench 1, closed-loop, which is not compared with this, in another configuration", row.Reasons);
    }

    [Fact]
    public void Engines_are_not_pooled_and_the_fastest_is_named()
    {
        Add(6, 0.010, 100);
        Add(6, 0.020, 50, run => run with { Engine = run.Engine with { Backend = "vllm" } });
        var row = Advise().Ranked[0];
        Assert.Equal(("onnxruntime", 6), (row.Backend, row.Runs));
        Assert.InRange(row.Latency!.Value.Typical, 0.0098, 0.0102);
    }

    [Fact]
    public void The_newest_version_speaks_and_an_older_one_says_that_it_is_old()
    {
        Add(6, 0.010, 100);
        Add(6, 0.040, 25, run => run with { VersionTag = "v1" });
        Add(6, 0.020, 50, run => run with { VersionTag = "v2" });
        Add(6, 0.030, 33, run => On(run, "another") with { VersionTag = "v1" });
        var advice = Advise();
        var (newest, older) = (advice.Ranked[0], advice.Ranked.Single(row => row.Hardware.Name == "another"));
        Assert.Equal((L4, "v2", 6), (newest.Hardware.Name, newest.VersionTag, newest.Runs));
        Assert.InRange(newest.Latency!.Value.Typical, 0.0195, 0.0205);
        Assert.Equal(("v1", 6), (older.VersionTag, older.Runs));
        Assert.InRange(older.Latency!.Value.Typical, 0.029, 0.031);
        Assert.Equal("measured here is gpux bench 1, closed-loop, of version v1 alone, which is not compared with gpux bench 1, closed-loop, of version v2 elsewhere", older.Reasons[0]);
        Assert.Contains("12 of gpux bench 1, closed-loop, of version v1", advice.Notes.Single(note => note.StartsWith("Never mixed", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_tags_say_which_version_is_newer_whenever_it_was_added()
    {
        Add(3, 0.020, 50, run => run with { VersionTag = "v1.10" });
        Add(3, 0.040, 25, run => run with { VersionTag = "v1.9", StartedAt = run.StartedAt.AddDays(1) });
        Assert.Equal("v1.10", Advise().Ranked[0].VersionTag);
    }

    [Fact]
    public void Of_other_tags_the_version_that_was_measured_last_is_the_newer()
    {
        Add(3, 0.020, 50, run => run with { VersionTag = "winter", StartedAt = run.StartedAt.AddDays(1) });
        Add(3, 0.040, 25, run => run with { VersionTag = "autumn" }); // added, and linked, later
        Assert.Equal("winter", Advise().Ranked[0].VersionTag);
    }

    [Fact]
    public void A_newer_version_in_a_precision_that_nothing_proves_is_not_what_advice_is_about()
    {
        var quantised = (BenchmarkRun run) => run with { VersionTag = "v2", Workload = run.Workload with { Precision = "int8" } };
        Add(3, 0.010, 100, run => run with { VersionTag = "v1" });
        Add(3, 0.004, 250, quantised);
        Add(3, 0.005, 200, run => On(quantised(run), "another"));
        var row = Advise().Ranked[0];
        Assert.Equal((L4, "v1", "fp32"), (row.Hardware.Name, row.VersionTag, row.Precision));
        Assert.Contains("int8 was measured too, but nothing says that its answers are good enough", row.Reasons);
        Assert.DoesNotContain(Advise().Ranked, each => each.Precision == "int8");
        Assert.Equal("int8", Advise(precision: "int8").Ranked[0].Precision);
        // What the database has a proof of needs no other word.
        _store.Connection.Execute("INSERT INTO precision_proofs (model_id, precision_name, cosine, within_bound) SELECT id, 'int8', 0.9999, true FROM models", [], default);
        Assert.Equal(("v2", "int8"), (Advise().Ranked[0].VersionTag, Advise().Ranked[0].Precision));
    }

    [Fact]
    public void Of_the_precision_that_is_asked_for_predictions_are_learnt()
    {
        Add(5, 0.010, 100, run => run with { VersionTag = "v1" });
        var before = Advise(precision: "fp32").Ranked.Single(row => row.Hardware.Name == "NVIDIA T4");
        Add(5, 0.001, 1000, run => run with { VersionTag = "v2", Workload = run.Workload with { Precision = "int8" } });
        var after = Advise(precision: "fp32");
        Assert.Equal(before.Latency, after.Ranked.Single(row => row.Hardware.Name == "NVIDIA T4").Latency);
        Assert.Equal("v1", after.VersionTag);
    }

    [Fact]
    public void What_is_cheapest_is_of_the_version_that_is_first()
    {
        Add(6, 0.010, 100, run => run with { VersionTag = "v2" });
        Add(6, 0.001, 1000, run => On(run, "NVIDIA T4") with { VersionTag = "v1" });
        var advice = Advise();
        Assert.Equal("v2", advice.Ranked[0].VersionTag);
        Assert.True(advice.Cheapest is null or { VersionTag: "v2" }, $"{advice.Cheapest}");
    }

    [Fact]
    public void Only_what_may_be_compared_is_stored_as_a_recommendation()
    {
        Add(6, 0.010, 100);
        Add(6, 0.100, 10, run => On(run, "another") with { Suite = RunSummary.EndToEndSuite });
        Assert.Equal((1, 1), new HardwareRecommender(_store.Connection).UpdateTaskRecommendations(TaskType.Inference));
    }

    [Fact]
    public void Energy_is_the_mean_of_all_runs()
    {
        Add(9, 0.010, 100, run => run with { Metrics = [.. run.Metrics, new MetricResult(Metric.Energy, 1, 1)] });
        Add(1, 0.010, 100, run => run with { Metrics = [.. run.Metrics, new MetricResult(Metric.Energy, 1, 11)] });
        Assert.Equal(2, Advise().Ranked[0].EnergyJoules!.Value, 9);
    }

    [Fact]
    public void The_99th_percentile_comes_from_all_runs()
    {
        AddTails(L4, Enumerable.Range(0, 10).Select(i => i == 9 ? 0.080 : 0.020));
        Assert.Equal(0.010 * Math.Exp((9 * Math.Log(2) + Math.Log(8)) / 10), Advise().Ranked[0].LatencyP99!.Value.Typical, 3);
    }

    [Fact]
    public void A_bound_of_the_99th_percentile_is_kept_at_the_upper_end_of_its_own_interval()
    {
        for (var platform = 0; platform < 12; platform++)
            AddTails($"gpu {platform}", Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? 0.080 : 0.011));
        var advice = Advise(TimeSpan.FromMilliseconds(65));
        var row = advice.Infeasible.Single(row => row.Hardware.Name == "gpu 0");
        Assert.True(row.LatencyP99!.Value.High > 0.080, $"{row.LatencyP99}");
        Assert.StartsWith("its 99th percentile may be up to", row.Reasons[0], StringComparison.Ordinal);
        Assert.Equal(12, advice.Infeasible.Count(each => each.Runs == 10));
        Assert.Equal(Feasibility.Feasible, Advise(TimeSpan.FromSeconds(1)).Ranked.Single(each => each.Hardware.Name == "gpu 0").Feasibility);
    }

    [Fact]
    public void A_99th_percentile_of_single_runs_shows_no_scatter_and_proves_nothing()
    {
        for (var platform = 0; platform < 12; platform++)
        {
            Add(4, 0.010, 100, run => On(run, $"gpu {platform}"));
            AddTails($"gpu {platform}", [0.011]);
        }
        var row = Advise(TimeSpan.FromMilliseconds(65)).Ranked.Single(row => row.Hardware.Name == "gpu 0");
        Assert.Equal((Feasibility.Unproven, false, true), (row.Feasibility, row.LatencyP99!.Value.HasInterval, row.Latency!.Value.HasInterval));
        Assert.Contains(row.Reasons, reason => reason.StartsWith("99 of 100 requests within 11.0 ms, by 1 run of this configuration, without an interval: no configuration has two runs", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_99th_percentile_a_bound_of_it_is_not_proven()
    {
        for (var platform = 0; platform < 12; platform++)
            Add(4, 0.010, 100, run => On(run, $"gpu {platform}"));
        var row = Advise(TimeSpan.FromMilliseconds(65)).Ranked.Single(row => row.Hardware.Name == "gpu 0");
        Assert.Equal(Feasibility.Unproven, row.Feasibility);
        Assert.Contains("no 99th percentile is known, which is what is bounded", row.Reasons);
    }

    [Theory]
    [InlineData(0.0, 0.85, 1.0)]
    [InlineData(0.06, 0.0, 0.8)] // each configuration's last run is further off than those of the configurations before
    public void Coverage_of_a_user_s_own_results_can_fail(double drift, double least, double most)
    {
        var random = new Random(5);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        _store.AddAll(
            from platform in Enumerable.Range(0, 80)
            from i in Enumerable.Range(0, 4)
            let off = i < 3 ? 0.02 * (random.NextDouble() - 0.5) : 0.02 * Math.Exp(drift * platform) * (random.NextDouble() - 0.5)
            let run = On(Run(0.010 * Math.Exp(off), 100), $"gpu {platform % 10}")
            select run with { Key = $"{platform} {i}", StartedAt = start.AddHours(platform * 10 + i), Workload = run.Workload with { BatchSize = 1 << (platform / 10) } }, default);
        var coverage = new HardwareRecommender(_store.Connection).Recommend(new RecommendationRequest(new ModelFacts(Bert)) { Explain = true }, default).Coverage
            .Single(row => row is { Metric: "latency", Question: "another run" });
        Assert.Equal((80, 71), (coverage.Groups, coverage.Count));
        Assert.InRange(coverage.Share, least, most);
        Assert.InRange(coverage.Share, coverage.Low, coverage.High);
    }

    private HardwareAdvice Advise(TimeSpan? maxLatency = null, string? precision = null) => new HardwareRecommender(_store.Connection)
        .Recommend(new RecommendationRequest(new ModelFacts(Bert)) { TopK = 100, MaxLatency = maxLatency, Precision = precision }, default);

    private void Add(int count, double seconds, double throughput, Func<BenchmarkRun, BenchmarkRun>? change = null) =>
        _store.AddAll(Enumerable.Range(0, count).Select(_ => (change ?? (run => run))(Run(seconds, throughput) with { Key = $"run {_runs++}" })), default);

    private void AddTails(string hardware, IEnumerable<double> p99s) => _store.AddAll(p99s.Select(p99 => On(Run(0.010, 100), hardware) with
    {
        Key = $"run {_runs++}", Metrics = [new MetricResult(Metric.Latency, 1000, 0.010) { P50 = 0.010, P99 = p99 }, new MetricResult(Metric.Throughput, 1000, 100)],
    }), default);

    private static BenchmarkRun On(BenchmarkRun run, string hardware) => run with { Hardware = run.Hardware with { Name = hardware } };

    private static BenchmarkRun Run(double seconds, double throughput)
    {
        var run = ExampleRun.Of("key", Bert, L4, HardwareKind.Gpu, seconds, throughput);
        return run with
        {
            Model = new BenchmarkedModel(Bert) { Architecture = "bert", ParameterCount = 110_000_000 },
            Hardware = run.Hardware with { MemoryBytes = 24_000_000_000, MemoryBytesPerSecond = 300_000_000_000, Peaks = [new ArithmeticPeak("fp32", 3e13, "measured")] },
        };
    }
}
