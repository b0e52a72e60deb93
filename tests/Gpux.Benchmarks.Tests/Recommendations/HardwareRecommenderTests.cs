using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class HardwareRecommenderTests : IDisposable
{
    private const string Bert = "bert-base-uncased";

    private readonly TemporaryFolder _folder = new();
    private readonly BenchmarkStore _store;
    private readonly HardwareRecommender _recommender;
    private int _runs;

    public HardwareRecommenderTests()
    {
        _store = BenchmarkStore.Open(_folder["results.duckdb"], TimeSpan.Zero, default);
        _recommender = new HardwareRecommender(_store.Connection);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private static ModelFacts Facts => new(Bert) { Family = "bert", Task = "fill-mask", ParameterCount = 110_000_000, Precision = "fp32" };

    [Fact]
    public void Without_results_published_peaks_speak_and_say_so()
    {
        var advice = new HardwareRecommender(null).Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default);
        Assert.Equal(HardwareCatalog.All.Count, advice.Ranked.Count);
        Assert.All(advice.Ranked, row =>
        {
            Assert.Equal(EstimateOrigin.Roofline, row.Origin);
            Assert.False(row.Latency!.Value.HasInterval);
            Assert.StartsWith("roofline, not measured", row.Reasons[0], StringComparison.Ordinal);
        });
        Assert.Equal("NVIDIA B200", advice.Ranked[0].Hardware.Name);
        Assert.Contains(advice.Notes, note => note.Contains($"gpux bench {Bert} --save", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_results_and_size_nothing_can_be_said()
    {
        var request = new RecommendationRequest(new ModelFacts("unheard-of"));
        Assert.Contains("nothing tells its size", Assert.Throws<NothingKnownException>(() => new HardwareRecommender(null).Recommend(request, default)).Message, StringComparison.Ordinal);
        // What was found of others says something.
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        Assert.NotEmpty(_recommender.Recommend(request, default).Ranked);
    }

    [Fact]
    public void What_is_unknown_is_not_called_impossible()
    {
        _store.Add(Run("a board of ours", HardwareKind.Npu, 0.010, "busy") with { Hardware = new HardwarePlatform("a board of ours", HardwareKind.Npu), Verdict = RunVerdict.Invalid, Reasons = ["busy"] }, default);
        var advice = _recommender.Recommend(new RecommendationRequest(Facts) { MaxCost = 1000, TopK = 100 }, default);
        Assert.Empty(advice.Infeasible);
        Assert.Contains(advice.Unknown, row => row.Hardware.Name == "a board of ours" && row.Reasons[0] == "nothing was measured, and its peaks are not known");
        Assert.Contains(advice.Unknown, row => row.Hardware.Name == "NVIDIA L4" && row.Reasons[0] == "its price is not known, so that nothing shows whether it keeps the bound");
        Assert.All(advice.Ranked, row => Assert.NotNull(row.CostPerMillion));
        Assert.All(advice.Unknown, row => Assert.Equal((0, Feasibility.Unknown), (row.Rank, row.Feasibility)));
    }

    [Fact]
    public void A_model_too_large_is_refused_by_name_and_number()
    {
        var advice = new HardwareRecommender(null).Recommend(new RecommendationRequest(Facts with { ParameterCount = 30_000_000_000, Precision = "fp16" }) { TopK = 100 }, default);
        Assert.Equal(["AMD Instinct MI250", "AMD Instinct MI250X", "AMD Instinct MI300X", "NVIDIA A100 80GB", "NVIDIA A100 80GB PCIe", "NVIDIA B200", "NVIDIA H100 PCIe", "NVIDIA H100 SXM",
            "NVIDIA H200", "NVIDIA RTX PRO 6000"], advice.Ranked.Select(row => row.Hardware.Name).Order(StringComparer.Ordinal));
        var small = Assert.Single(advice.Infeasible, row => row.Hardware.Name == "NVIDIA L4");
        Assert.Equal("it takes 66.0 GB, and 90% of its 25.8 GB may be used", small.Reasons[0]);
        Assert.Equal(0, small.Rank);
    }

    [Fact]
    public void What_was_measured_comes_first_and_is_what_it_was()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.002, count: 6);
        Add("this machine", HardwareKind.Cpu, 0.020, count: 6);
        var advice = _recommender.Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default);
        Assert.Equal(["NVIDIA L4", "this machine"], advice.Ranked.Where(row => row.Runs > 0).OrderBy(row => row.Rank).Select(row => row.Hardware.Name));
        Assert.Equal((1, EstimateOrigin.Measured), (advice.Ranked[0].Rank, advice.Ranked[0].Origin));
        Assert.InRange(advice.Ranked[0].Latency!.Value.Typical, 0.00196, 0.00204);
        Assert.InRange(advice.Ranked[0].Throughput!.Value.Typical, 490, 510);
        Assert.True(advice.Ranked[0].IsMemoryMeasured);
        // Of the rest nothing is certain, and nothing is pretended.
        Assert.All(advice.Ranked.Where(row => row.Runs == 0), row => Assert.True(row is { Origin: EstimateOrigin.Predicted, Latency.HasInterval: false }));
        Assert.Contains("no interval: at 90% it takes 9 platforms that can be held out; there are 2", advice.Ranked[^1].Reasons);
        // The platform of the database and the one of the table are one.
        Assert.Single(advice.Ranked, row => row.Hardware.Name == "NVIDIA L4");
    }

    [Fact]
    public void Few_runs_are_drawn_towards_what_others_say()
    {
        for (var platform = 0; platform < 8; platform++)
            Add($"gpu {platform}", HardwareKind.Gpu, 0.010, count: 2);
        Add("odd", HardwareKind.Gpu, 0.020, count: 1);
        var odd = Assert.Single(_recommender.Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default).Ranked, row => row.Hardware.Name == "odd");
        Assert.InRange(odd.Latency!.Value.Typical, 0.010, 0.020);
    }

    [Fact]
    public void Enough_repeated_runs_give_an_interval()
    {
        AddRepeatedRuns();
        var first = _recommender.Recommend(new RecommendationRequest(Facts), default).Ranked[0];
        Assert.True(first.Latency!.Value.HasInterval);
        Assert.InRange(first.Latency.Value.High / first.Latency.Value.Low, 1.01, 1.2);
        Assert.Equal("gpu 0", first.Hardware.Name);
        Assert.InRange(first.ChanceOfBest, 0.01, 0.99); // platforms that were never measured may be better
    }

    [Fact]
    public void Bounds_hold_at_the_upper_end_of_the_interval()
    {
        AddRepeatedRuns();
        HardwareAdvice Within(double milliseconds) =>
            _recommender.Recommend(new RecommendationRequest(Facts) { MaxLatency = TimeSpan.FromMilliseconds(milliseconds), TopK = 100 }, default);
        var second = Within(1000).Ranked.Single(row => row.Hardware.Name == "gpu 1").LatencyP99!.Value;
        var advice = Within((second.Typical + second.High) / 2 * 1000);
        Assert.Equal(["gpu 0"], advice.Ranked.Where(row => row.Feasibility == Feasibility.Feasible).Select(row => row.Hardware.Name));
        Assert.Contains("may be up to", advice.Infeasible.Single(row => row.Hardware.Name == "gpu 1").Reasons[0], StringComparison.Ordinal);
        // What has no interval is not shown to keep the bound, and comes after what is.
        Assert.All(advice.Ranked.Skip(1), row => Assert.Equal(Feasibility.Unproven, row.Feasibility));
    }

    [Fact]
    public void Runs_that_are_not_valid_are_left_out_and_counted()
    {
        _store.Add(Run("NVIDIA L4", HardwareKind.Gpu, 0.001, "busy") with { Verdict = RunVerdict.Invalid, Reasons = ["busy machine"] }, default);
        var advice = _recommender.Recommend(new RecommendationRequest(Facts), default);
        Assert.All(advice.Ranked, row => Assert.Equal(EstimateOrigin.Roofline, row.Origin));
        Assert.Contains(advice.Notes, note => note.StartsWith("1 run of it is left out", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lower_precision_counts_once_its_answers_were_checked()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 5);
        Add("NVIDIA L4", HardwareKind.Gpu, 0.004, count: 5, precision: "int8");
        HardwareRecommendation First(RecommendationRequest request) => _recommender.Recommend(request, default).Ranked[0];
        var plain = First(new RecommendationRequest(Facts));
        Assert.Equal("fp32", plain.Precision);
        Assert.Contains("int8 was measured too, but nothing says that its answers are good enough", plain.Reasons);
        Assert.Equal("int8", First(new RecommendationRequest(Facts with { CheckedPrecisions = "int8" })).Precision);
        Assert.Equal("int8", First(new RecommendationRequest(Facts) { Precision = "int8" }).Precision);
    }

    [Fact]
    public void Without_a_price_there_is_no_cost()
    {
        Add("NVIDIA T4", HardwareKind.Gpu, 0.010, count: 5);
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 5);
        var rows = _recommender.Recommend(new RecommendationRequest(Facts), default).Ranked.ToDictionary(row => row.Hardware.Name);
        Assert.Null(rows["NVIDIA L4"].CostPerMillion);
        Assert.Equal(0.40 * 1e6 / (3600 * rows["NVIDIA T4"].Throughput!.Value.Typical * 0.5), rows["NVIDIA T4"].CostPerMillion!.Value.Typical, 9);
        var bounded = _recommender.Recommend(new RecommendationRequest(Facts) { MaxCost = 1000 }, default);
        Assert.Contains(bounded.Unknown, row => row.Hardware.Name == "NVIDIA L4");
        Assert.Contains(bounded.Notes, note => note.StartsWith("Costs are for hardware that has work 50%", StringComparison.Ordinal));
    }

    [Fact]
    public void The_order_does_not_depend_on_the_order_of_the_database()
    {
        string Ranking(IEnumerable<int> order)
        {
            using var store = BenchmarkStore.Open(_folder[Path.GetRandomFileName()], TimeSpan.Zero, default);
            store.AddAll(order.Select(i => Run($"gpu {i % 7}", HardwareKind.Gpu, 0.010, $"key {i}")), default); // all equal
            return string.Join(',', new HardwareRecommender(store.Connection).Recommend(new RecommendationRequest(Facts), default).Ranked.Select(row => row.Hardware.Name));
        }
        Assert.Equal("gpu 0,gpu 1,gpu 2,gpu 3,gpu 4", Ranking(Enumerable.Range(0, 21)));
        Assert.Equal("gpu 0,gpu 1,gpu 2,gpu 3,gpu 4", Ranking(Enumerable.Range(0, 21).Reverse()));
    }

    [Fact]
    public void Only_valid_runs_of_the_task_count()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        _store.Add(Run("NVIDIA T4", HardwareKind.Gpu, 0.001, "unstable") with { Verdict = RunVerdict.Unstable }, default);
        Assert.Equal(3, _recommender.Recommend(new RecommendationRequest(Facts), default).Runs.OfModel);
        Assert.Equal(0, _recommender.Recommend(new RecommendationRequest(Facts) { Task = TaskType.Training }, default).Runs.OfModel);
    }

    [Fact]
    public void An_answer_is_remembered_until_the_results_change()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        var first = _recommender.Recommend(new RecommendationRequest(Facts), default);
        Assert.Same(first, _recommender.Recommend(new RecommendationRequest(Facts), default));
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010);
        Assert.Equal(4, _recommender.Recommend(new RecommendationRequest(Facts), default).Runs.OfModel);
    }

    [Fact]
    public void Results_that_were_simulated_are_called_so()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        Assert.Contains("all of its results are simulated", _recommender.Recommend(new RecommendationRequest(Facts), default).Ranked[0].Reasons);
        Assert.Null(_recommender.FindFastest(Bert, default));
        _store.Add(Run("NVIDIA T4", HardwareKind.Gpu, 0.020, "real") with { Provenance = Provenance.Measured }, default);
        Assert.Equal(new FastestRun("NVIDIA T4", TimeSpan.FromSeconds(0.020), new MeasuringMethod("gpux bench", "1", "closed-loop", null))
        {
            Precision = "fp32", InputTokens = 128, Concurrency = 1, ExecutionProvider = "cuda", Platforms = 1,
        }, _recommender.FindFastest(Bert, default));
    }

    [Fact]
    public void The_fastest_is_found_among_runs_that_may_be_compared()
    {
        BenchmarkRun Real(string hardware, double seconds, string key, Func<BenchmarkRun, BenchmarkRun>? change = null) =>
            (change ?? (run => run))(Run(hardware, HardwareKind.Gpu, seconds, key) with { Provenance = Provenance.Measured });
        // All of these have lower latencies, of another precision, benchmark, scenario, load or length.
        _store.AddAll(
        [
            Real("NVIDIA T4", 0.001, "fp16", run => run with { Workload = run.Workload with { Precision = "float16" } }),
            Real("NVIDIA T4", 0.002, "suite", run => run with { Suite = "mlperf-inference" }),
            Real("NVIDIA T4", 0.003, "scenario", run => run with { Workload = run.Workload with { Scenario = "server" } }),
            Real("NVIDIA T4", 0.004, "batch", run => run with { Workload = run.Workload with { BatchSize = 8 } }),
            Real("NVIDIA T4", 0.005, "tokens", run => run with { Workload = run.Workload with { InputTokens = 16 } }),
            Real("NVIDIA T4", 0.006, "callers", run => run with { Workload = run.Workload with { Concurrency = 8 } }),
            Real("NVIDIA T4", 0.007, "end to end", run => run with { Suite = "gpux bench --end-to-end" }),
        ], default);
        Assert.Equal(1, _recommender.FindFastest(Bert, default)!.Platforms);
        _store.AddAll([Real("NVIDIA T4", 0.040, "a"), Real("NVIDIA L4", 0.010, "b"), Real("NVIDIA L4", 0.040, "c"), Real("NVIDIA A100 80GB", 0.025, "d")], default);
        var fastest = _recommender.FindFastest("hf:" + Bert, default)!; // there are runs
        Assert.Equal(("NVIDIA L4", "fp32", 128, 1, 3), (fastest.Hardware, fastest.Precision, fastest.InputTokens, fastest.Concurrency, fastest.Platforms));
        Assert.Equal(0.020, fastest.Latency.TotalSeconds, 6);
        Assert.Equal("gpux bench 1, closed-loop", fastest.Method.ToString());
        // More platforms have it, and nothing says that its answers are good enough.
        _store.AddAll(from i in Enumerable.Range(0, 4) select Real($"gpu {i}", 0.001, $"int8 {i}", run => run with { Workload = run.Workload with { Precision = "int8" } }), default);
        Assert.Equal("fp32", _recommender.FindFastest(Bert, default)!.Precision);
        _store.Connection.Execute("INSERT INTO precision_proofs (model_id, precision_name, cosine, within_bound) SELECT id, 'int8', 0.9999, true FROM models", [], default);
        Assert.Equal(("int8", 4), (_recommender.FindFastest(Bert, default)!.Precision, _recommender.FindFastest(Bert, default)!.Platforms));
        // A newer version is another model.
        _store.Add(Real("NVIDIA T4", 0.5, "newer") with { VersionTag = "v2" }, default);
        Assert.Equal(("NVIDIA T4", "v2", 1), (_recommender.FindFastest(Bert, default)!.Hardware, _recommender.FindFastest(Bert, default)!.VersionTag, _recommender.FindFastest(Bert, default)!.Platforms));
    }

    [Fact]
    public void The_smallest_batch_that_reaches_most_of_the_throughput_is_recommended()
    {
        foreach (var (batch, rate) in ((int, double)[])[(1, 100), (2, 190), (4, 300), (8, 310), (16, 310), (32, 310), (64, 310), (128, 310)])
            _store.AddAll(Enumerable.Range(0, 30).Select(run => Run("NVIDIA L4", HardwareKind.Gpu, batch / rate, $"{batch} {run}", batch: batch, throughput: rate)), default);
        Assert.Equal(4, _recommender.Recommend(new RecommendationRequest(Facts), default).Ranked[0].RecommendedBatchSize);
    }

    [Fact]
    public void Hardware_is_recommended_by_the_name_of_a_model()
    {
        _store.Add(Run("NVIDIA L4", HardwareKind.Gpu, 0.010, "a") with { Model = new BenchmarkedModel("org/tiny'; DROP TABLE models; --") { ParameterCount = 1_000_000 } }, default);
        Assert.Equal("NVIDIA L4", _recommender.RecommendHardware("org/tiny'; DROP TABLE models; --", latencySensitive: true, topK: 1)[0].Hardware.Name);
        Assert.Equal("NVIDIA L4", _recommender.RecommendHardware("tiny'; DROP TABLE models; --", batchSize: 16, memoryConstrained: true, topK: 1)[0].Hardware.Name);
        Assert.Throws<UnknownBenchmarkModelException>(() => _recommender.RecommendHardware("tiny"));
        Assert.Throws<UnknownBenchmarkModelException>(() => _recommender.RecommendHardware(new string('x', 1000)));
    }

    [Fact]
    public void Two_models_of_one_name_are_not_mixed_up()
    {
        _store.Add(Run("NVIDIA L4", HardwareKind.Gpu, 0.010, "a") with { Model = new BenchmarkedModel("one/bert") }, default);
        _store.Add(Run("NVIDIA L4", HardwareKind.Gpu, 0.010, "b") with { Model = new BenchmarkedModel("two/bert") }, default);
        Assert.Throws<UnknownBenchmarkModelException>(() => _recommender.RecommendHardware("bert"));
        Assert.Equal("two/bert", _recommender.FindModel("two/bert", default)!.Name);
    }

    [Fact]
    public void Recommendations_of_a_task_are_stored_and_renewed()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.002, count: 3);
        Add("this machine", HardwareKind.Cpu, 0.020, count: 3);
        Assert.Equal((1, 2), _recommender.UpdateTaskRecommendations(TaskType.Inference));
        Assert.Equal((0, 0), _recommender.UpdateTaskRecommendations(TaskType.Training));
        var stored = Stored();
        Assert.Equal(1, stored["NVIDIA L4"]);
        Assert.InRange(stored["this machine"], 0.01, 0.5);
        _store.Delete([.. _store.Find(new RunFilter { Hardware = "this machine" }, default).Select(found => found.Id)], default);
        Assert.Equal((1, 1), _recommender.UpdateTaskRecommendations(TaskType.Inference));
        Assert.Equal(["NVIDIA L4"], Stored().Keys);
    }

    [Fact]
    public void Scores_of_version_1_are_those_that_were_stored()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.002);
        Add("this machine", HardwareKind.Cpu, 0.020);
        Assert.Throws<ScoresMissingException>(() => _recommender.StoredScores(Bert, 5, default));
        _store.Connection.Execute(
            "INSERT INTO hardware_model_compatibility (model_id, hardware_id, compatibility_score, suitability_score) SELECT m.id, h.id, CASE WHEN h.kind = 'gpu' THEN 0.9 ELSE 0.4 END, 0.2 FROM models m, hardware_platforms h",
            [], default);
        Assert.Equal([new StoredScore("NVIDIA L4", 0.9, 0.2, null, null, null), new StoredScore("this machine", 0.4, 0.2, null, null, null)], _recommender.StoredScores(Bert, 5, default));
        Assert.Single(_recommender.StoredScores(Bert, 1, default));
    }

    [Fact]
    public void Numbers_that_no_source_was_read_for_are_called_so()
    {
        var rows = new HardwareRecommender(null).Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default).Ranked.ToDictionary(row => row.Hardware.Name);
        Assert.Contains(rows["NVIDIA B200"].Reasons, reason => reason.StartsWith("not every published number of it was verified: ", StringComparison.Ordinal));
        Assert.DoesNotContain(rows["NVIDIA L4"].Reasons, reason => reason.Contains("verified", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_it_ran_its_memory_is_enough()
    {
        _store.AddAll(
            from i in Enumerable.Range(0, 3)
            let run = Run("NVIDIA L4", HardwareKind.Gpu, 0.01, $"{i}")
            select run with { Metrics = [.. run.Metrics.Where(result => result.Metric != Metric.PeakDeviceMemory)] }, default);
        // Thirty times what it holds, by the number of parameters: it was quantised, or parts of it stayed elsewhere.
        var row = _recommender.Recommend(new RecommendationRequest(Facts with { ParameterCount = 200_000_000_000 }), default).Ranked[0];
        Assert.Equal(("NVIDIA L4", Feasibility.Feasible), (row.Hardware.Name, row.Feasibility));
        Assert.Contains("it ran here, so that its memory is enough", row.Reasons);
    }

    [Fact]
    public void Where_it_ran_and_its_memory_was_measured_it_is_enough_too()
    {
        _store.AddAll(
            from i in Enumerable.Range(0, 3)
            let run = Run("a board of ours", HardwareKind.Gpu, 0.01, $"{i}")
            select run with { Hardware = run.Hardware with { MemoryBytes = null } }, default);
        var row = _recommender.Recommend(new RecommendationRequest(Facts), default).Ranked[0];
        Assert.Equal(("a board of ours", Feasibility.Feasible, true), (row.Hardware.Name, row.Feasibility, row.IsMemoryMeasured));
    }

    /// <summary>As an engine does that takes nine tenths of a device in advance.</summary>
    [Fact]
    public void What_fills_a_device_says_neither_that_it_is_too_small_nor_that_another_is()
    {
        BenchmarkRun With(string hardware, double seconds, double capacity, double taken, string key)
        {
            var run = Run(hardware, HardwareKind.Gpu, seconds, key);
            return run with { Hardware = run.Hardware with { MemoryBytes = (long)capacity }, Metrics = [.. run.Metrics.Where(each => each.Metric != Metric.PeakDeviceMemory), new(Metric.PeakDeviceMemory, 1, taken)] };
        }
        _store.AddAll(Enumerable.Range(0, 3).Select(i => With("NVIDIA L4", 0.010, 24e9, 23.5e9, $"full {i}")), default);
        var alone = _recommender.Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default);
        Assert.Equal(("NVIDIA L4", Feasibility.Feasible), (alone.Ranked[0].Hardware.Name, alone.Ranked[0].Feasibility));
        Assert.Contains(alone.Ranked, row => row.Hardware.Name == "NVIDIA V100 16GB");
        _store.AddAll(Enumerable.Range(0, 3).Select(i => With("NVIDIA T4", 0.050, 16e9, 5e9, $"{i}")), default);
        var rows = _recommender.Recommend(new RecommendationRequest(Facts) { TopK = 100 }, default).Ranked.ToDictionary(row => row.Hardware.Name);
        Assert.Equal((1, 23_500_000_000, true), (rows["NVIDIA L4"].Rank, rows["NVIDIA L4"].MemoryBytes, rows["NVIDIA L4"].IsMemoryMeasured));
        // What another took is no measurement here.
        Assert.Equal((5_000_000_000, false), (rows["NVIDIA V100 16GB"].MemoryBytes, rows["NVIDIA V100 16GB"].IsMemoryMeasured));
    }

    [Fact]
    public void A_prediction_without_an_interval_refuses_nobody()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        var advice = _recommender.Recommend(new RecommendationRequest(Facts) { MaxLatency = TimeSpan.FromMilliseconds(1), TopK = 100 }, default);
        Assert.Equal(["NVIDIA L4"], advice.Infeasible.Where(row => row.Origin != EstimateOrigin.Roofline).Select(row => row.Hardware.Name));
        Assert.Contains(advice.Unknown, row => row.Hardware.Name == "NVIDIA T4" && row.Reasons[0].EndsWith("above 1.00 ms, without an interval", StringComparison.Ordinal));
    }

    [Fact]
    public void An_answer_is_forgotten_when_results_change_their_version()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.010, count: 3);
        Add("this machine", HardwareKind.Cpu, 0.020, count: 3);
        var integration = new ModelRegistryIntegration(_store);
        integration.LinkTestResults(Bert, "v1", [1, 2, 3]);
        Assert.Equal("NVIDIA L4", _recommender.RecommendHardware(Bert)[0].Hardware.Name);
        integration.LinkTestResults(Bert, "v2", [4, 5, 6]);
        Assert.Equal("v2", _recommender.RecommendHardware(Bert)[0].VersionTag);
        integration.LinkTestResults(Bert, "v2", [1, 2, 3], relink: true);
        integration.LinkTestResults(Bert, "v1", [4, 5, 6], relink: true);
        Assert.Equal(("NVIDIA L4", "v2"), (_recommender.RecommendHardware(Bert)[0].Hardware.Name, _recommender.RecommendHardware(Bert)[0].VersionTag));
    }

    [Fact]
    public void Recommendations_of_a_task_are_renewed_though_the_clock_was_set_back()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.002, count: 3);
        Add("this machine", HardwareKind.Cpu, 0.020, count: 3);
        new HardwareRecommender(_store.Connection, clock: new SetClock(new DateTimeOffset(2027, 1, 1, 12, 0, 0, TimeSpan.Zero))).UpdateTaskRecommendations(TaskType.Inference);
        _store.Delete([.. _store.Find(new RunFilter { Hardware = "this machine" }, default).Select(found => found.Id)], default);
        new HardwareRecommender(_store.Connection, clock: new SetClock(new DateTimeOffset(2027, 1, 1, 10, 0, 0, TimeSpan.Zero))).UpdateTaskRecommendations(TaskType.Inference);
        Assert.Equal(["NVIDIA L4"], Stored().Keys);
    }

    [Fact]
    public void Results_at_the_edge_of_sense_give_finite_answers()
    {
        foreach (var (i, seconds) in ((int, double)[])[(0, 1e-12), (1, 1e6), (2, 1)]) // as far apart as what is stored may be
        {
            var run = Run("odd", HardwareKind.Cpu, seconds, $"odd {i}");
            _store.Add(run with
            {
                Model = new BenchmarkedModel(Bert) { ParameterCount = 0 },
                Hardware = new HardwarePlatform($"odd {i}", HardwareKind.Cpu) { MemoryBytes = 0, MemoryBytesPerSecond = 0 },
                Workload = run.Workload with { BatchSize = int.MaxValue, InputTokens = 0, OutputTokens = int.MaxValue, Concurrency = int.MaxValue },
            }, default);
        }
        var advice = _recommender.Recommend(new RecommendationRequest(new ModelFacts(Bert)) { BatchSize = int.MaxValue, TopK = 100 }, default);
        Assert.All(advice.Ranked.Concat(advice.Infeasible), row => Assert.True(double.IsFinite(row.Latency!.Value.Typical) && row.Latency.Value.Typical > 0));
    }

    [Fact]
    public void Numbers_out_of_their_range_are_refused()
    {
        Assert.All((RecommendationRequest[])[
            new(Facts) { BatchSize = 0 }, new(Facts) { TopK = 0 }, new(Facts) { Utilisation = 0 }, new(Facts) { Utilisation = double.NaN }, new(Facts) { ConfidenceLevel = 1 },
            new(Facts) { MaxCost = -1 }, new(Facts) { MaxLatency = TimeSpan.Zero }, new(Facts) { MaxMemoryBytes = 0 }],
            request => Assert.Throws<ArgumentOutOfRangeException>(() => _recommender.Recommend(request, default)));
    }

    /// <summary>As the documentation of <see cref="HardwareRecommender"/> shows it.</summary>
    [Fact]
    public void The_documented_example_runs()
    {
        Add("NVIDIA L4", HardwareKind.Gpu, 0.002);
        _store.Dispose();
        using var store = BenchmarkStore.OpenToRead(_folder["results.duckdb"], lockWait: TimeSpan.FromSeconds(10), default);
        var recommender = new HardwareRecommender(store.Connection);
        var lines = new List<string>();
        foreach (var row in recommender.RecommendHardware("bert-base-uncased", TaskType.Inference, latencySensitive: true))
            lines.Add($"{row.Rank}. {row.Hardware.Name}: {row.Latency?.Typical} s, {row.Origin}");
        Assert.StartsWith("1. NVIDIA L4: 0.002", lines[0], StringComparison.Ordinal);
    }

    private Dictionary<string, double> Stored()
    {
        var stored = new Dictionary<string, double>();
        using var rows = _store.Connection.Query(
            "SELECT h.name, t.suitability_score FROM task_recommendations t JOIN hardware_platforms h ON h.id = t.hardware_id WHERE t.task_type = 'inference'", [], default);
        while (rows.Read())
            stored.Add(rows.Text(0), rows.Double(1));
        return stored;
    }

    // Twelve platforms, each slower than the one before, four runs on each, whose tails are the same.
    private void AddRepeatedRuns()
    {
        var random = new Random(1);
        _store.AddAll(
            from platform in Enumerable.Range(0, 12)
            from run in Enumerable.Range(0, 4)
            let seconds = 0.010 * (1 + platform) * Math.Exp(0.05 * (random.NextDouble() - 0.5))
            let stored = Run($"gpu {platform}", HardwareKind.Gpu, seconds, $"{platform} {run}")
            select stored with { Metrics = [.. stored.Metrics.Select(result => result.Metric == Metric.Latency ? result with { P99 = 1.1 * seconds } : result)] }, default);
    }

    private void Add(string hardware, HardwareKind kind, double seconds, int count = 1, string precision = "fp32")
    {
        _store.AddAll(Enumerable.Range(0, count).Select(_ => Run(hardware, kind, seconds, $"run {_runs++}", precision)), default);
    }

    private static BenchmarkRun Run(string hardware, HardwareKind kind, double seconds, string key, string precision = "fp32", int batch = 1, double? throughput = null)
    {
        var run = ExampleRun.Of(key, Bert, hardware, kind, seconds, throughput ?? batch / seconds);
        return run with
        {
            Model = new BenchmarkedModel(Bert) { Architecture = "bert", ParameterCount = 110_000_000 },
            Hardware = run.Hardware with { MemoryBytes = 24_000_000_000, MemoryBytesPerSecond = 300_000_000_000, Peaks = [new ArithmeticPeak("fp32", 3e13, "measured")] },
            Workload = run.Workload with { Precision = precision, BatchSize = batch },
        };
    }

    private sealed class SetClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
