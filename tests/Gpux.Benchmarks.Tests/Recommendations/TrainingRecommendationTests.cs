using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Recommendations;

/// <summary>Which GPUs, how many of them and split how: measured trainings first, then what the planner says, and nothing else than it.</summary>
public sealed class TrainingRecommendationTests
{
    private const string Name = "llama-7b";
    private static readonly ModelFacts Facts = new(Name) { Family = "llama", Task = "text-generation", ParameterCount = 6_740_000_000, Precision = "fp16" };
    private static readonly RecommendationRequest Request = new(Facts) { Task = TaskType.Training, TopK = 100 };

    private static HardwareAdvice Advise(RecommendationRequest request) => new HardwareRecommender(null).Recommend(request, default);

    [Fact]
    public void Plans_are_those_of_the_planner()
    {
        var advice = Advise(Request with { BatchSize = 64 });
        Assert.NotEmpty(advice.Ranked);
        Assert.All(advice.Ranked, row =>
        {
            var plan = row.Plan!; // every row has one
            Assert.Equal((EstimateOrigin.Planned, Feasibility.Feasible), (row.Origin, row.Feasibility));
            Assert.Equal(64, plan.Job.Batch);
            var best = TrainingPlanner.Plan(plan.Job).Best!; // it fits
            Assert.Equal((best.Parallelism, best.TokensPerSecond), (plan.Parallelism, row.Throughput!.Value.Typical));
            Assert.Equal(plan.Job.Cluster.GpuCount, row.Hardware.DeviceCount);
            Assert.Equal((long)(plan.Memory.TotalBytes * row.Hardware.DeviceCount), row.MemoryBytes);
            // The range is that of the efficiency, and wide.
            Assert.InRange(row.Latency!.Value.High / row.Latency.Value.Low, 1.2, 1.7);
        });
    }

    [Fact]
    public void As_few_GPUs_are_taken_as_hold_it()
    {
        Assert.All(Advise(Request).Ranked.Where(row => row.Hardware.DeviceCount > 1), row =>
            Assert.Null(TrainingPlanner.Plan(row.Plan!.Job with { Cluster = row.Plan.Job.Cluster with { GpuCount = row.Hardware.DeviceCount / 2 } }).Best));
        Assert.All(Advise(Request with { Gpus = 16 }).Ranked, row => Assert.Equal(16, row.Hardware.DeviceCount));
    }

    [Fact]
    public void More_GPUs_are_taken_where_time_is_short_and_what_is_too_slow_is_refused()
    {
        var hurried = Request with { TrainingTokens = 10e9, MaxDuration = TimeSpan.FromDays(3) };
        var advice = Advise(hurried);
        Assert.All(advice.Ranked, row => Assert.True(row.Plan!.DurationMost <= TimeSpan.FromDays(3)));
        var h100 = advice.Ranked.Single(row => row.Hardware.Name.EndsWith("H100 SXM", StringComparison.Ordinal));
        Assert.True(h100.Hardware.DeviceCount > Advise(Request).Ranked.Single(row => row.Hardware.Name.EndsWith("H100 SXM", StringComparison.Ordinal)).Hardware.DeviceCount);
        var slow = Advise(hurried with { Gpus = 8, MaxDuration = TimeSpan.FromHours(1) });
        Assert.Empty(slow.Ranked);
        Assert.Contains(slow.Infeasible, row => row.Reasons[0].Contains("above 60 min", StringComparison.Ordinal));
    }

    [Fact]
    public void Memory_is_saved_where_it_is_short()
    {
        double Bytes(RecommendationRequest request) => Advise(request).Ranked.Sum(row => (double)row.MemoryBytes!.Value); // planned
        var (plenty, scarce) = (Request with { Gpus = 8 }, Request with { Gpus = 8, IsMemoryConstrained = true });
        Assert.True(Bytes(scarce) < 0.8 * Bytes(plenty));
        var bounded = Advise(Request with { MaxMemoryBytes = 20L << 30 });
        Assert.All(bounded.Ranked, row => Assert.True(row.Plan!.Memory.TotalBytes <= 20L << 30));
        Assert.NotEmpty(bounded.Ranked);
    }

    [Fact]
    public void What_does_not_fit_says_by_how_much()
    {
        var advice = Advise(Request with { Gpus = 1 });
        var l4 = advice.Infeasible.Single(row => row.Hardware.Name == "NVIDIA L4");
        Assert.StartsWith("it does not fit on 1: ", l4.Reasons[0], StringComparison.Ordinal);
        Assert.Contains("more than the 23.2 GB that may be filled", l4.Reasons[0], StringComparison.Ordinal);
        Assert.Contains(Advise(Request with { Precision = "bf16" }).Infeasible, row => row.Hardware.Name == "NVIDIA T4" && row.Reasons[0] == "it does not compute in bf16");
        Assert.Equal("fp16", Advise(Request).Ranked.Single(row => row.Hardware.Name.EndsWith("T4", StringComparison.Ordinal)).Precision);
        Assert.Throws<TrainingInputException>(() => Advise(Request with { Precision = "int8" }));
    }

    [Fact]
    public void A_training_costs_what_its_GPUs_cost()
    {
        var advice = Advise(Request with { TrainingTokens = 1e9 });
        var row = advice.Ranked.First(row => row.CostPerMillion is not null);
        var perHour = PriceList.BuiltIn.Cheapest(HardwareCatalog.SingleName(row.Hardware), row.Hardware.DeviceCount)!.PerHourOf(row.Hardware.DeviceCount);
        Assert.Equal(perHour / 3600 / row.Throughput!.Value.Typical * 1e6, row.CostPerMillion!.Value.Typical, 9); // GPUs that train do not wait
        Assert.Contains(advice.Notes, note => note.StartsWith("No training of llama-7b was measured", StringComparison.Ordinal));
    }

    [Fact]
    public void Measured_trainings_come_first_and_count_tokens_too()
    {
        using var folder = new TemporaryFolder();
        using var store = BenchmarkStore.Open(folder["results.duckdb"], TimeSpan.Zero, default);
        store.AddAll(Enumerable.Range(0, 6).Select(i => Training("8x NVIDIA A100 80GB", 8, 2.0, $"{i}")), default);
        var recommender = new HardwareRecommender(store.Connection);
        var rows = recommender.RecommendHardware(Name, TaskType.Training, batchSize: 16, memoryConstrained: true, topK: 100);
        Assert.Equal(("8x NVIDIA A100 80GB", EstimateOrigin.Measured, Feasibility.Feasible), (rows[0].Hardware.Name, rows[0].Origin, rows[0].Feasibility));
        Assert.Null(rows[0].Plan);
        // 16 sequences of 1024 tokens in two seconds.
        Assert.InRange(rows[0].Throughput!.Value.Typical, 0.98 * 8192, 1.02 * 8192);
        Assert.All(rows.Skip(1), row => Assert.True(row is { Origin: EstimateOrigin.Planned, ThroughputUnit: "tokens" } && row.Plan!.Job is { Batch: 16, Sequence: 1024 }));
        // Without a batch, what was measured says which.
        Assert.Equal(EstimateOrigin.Measured, recommender.RecommendHardware(Name, TaskType.Training)[0].Origin);
        Assert.Equal((1, 1), recommender.UpdateTaskRecommendations(TaskType.Training));
    }

    [Fact]
    public void A_model_of_unknown_size_is_not_planned() =>
        Assert.Throws<NothingKnownException>(() => Advise(new RecommendationRequest(new ModelFacts("unheard-of")) { Task = TaskType.Training }));

    [Fact]
    public void Bounds_of_trainings_are_checked() => Assert.All((RecommendationRequest[])
        [Request with { Gpus = 0 }, Request with { MaxDuration = TimeSpan.FromDays(1) }, Request with { TrainingTokens = -1 }, Request with { TrainingTokens = 1, MaxDuration = TimeSpan.Zero }],
        request => Assert.Throws<ArgumentOutOfRangeException>(() => Advise(request)));

    private static BenchmarkRun Training(string hardware, int count, double stepSeconds, string key)
    {
        var run = ExampleRun.Of(key, Name, hardware, HardwareKind.Gpu, stepSeconds, 16 / stepSeconds, memoryBytes: null);
        return run with
        {
            Model = new BenchmarkedModel(Name) { Architecture = "llama", Task = "text-generation", ParameterCount = 6_740_000_000 },
            Hardware = run.Hardware with { DeviceCount = count },
            Workload = new Workload(TaskType.Training, "closed-loop") { Precision = "bf16", BatchSize = 16, InputTokens = 1024, Concurrency = 1 },
        };
    }
}
