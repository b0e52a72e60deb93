using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Reports;

public sealed class RunComparisonTests
{
    private static BenchmarkRun[] Runs(double latency, int count = 5, double noise = 0.01) => [.. Enumerable.Range(0, count).Select(i =>
        ExampleRun.Of($"{latency}-{i}", latencySeconds: latency * (1 + noise * (i - count / 2) / count), throughput: 1 / latency))];

    private static MetricComparison Latency(BenchmarkRun[] a, BenchmarkRun[] b) => Only(a, b).Metrics.Single(metric => metric.Metric == Metric.Latency);

    private static RunComparison Only(BenchmarkRun[] a, BenchmarkRun[] b) => Assert.Single(RunComparison.Of(a, b));

    [Fact]
    public void Faster_is_said_with_its_interval()
    {
        var latency = Latency(Runs(0.0132), Runs(0.0100));
        Assert.Equal(ComparisonVerdict.Better, latency.Verdict);
        Assert.Equal("B is 1.32x faster (95 % 1.31-1.33)", latency.Words);
        Assert.Equal(1.32, latency.Factor!.Ratio, 2);
    }

    [Fact]
    public void Slower_is_the_mirror_of_faster()
    {
        var latency = Latency(Runs(0.0100), Runs(0.0132));
        Assert.Equal(ComparisonVerdict.Worse, latency.Verdict);
        Assert.Equal("B is 1.32x slower (95 % 1.31-1.33)", latency.Words);
    }

    [Fact]
    public void A_difference_within_five_per_cent_is_none() => Assert.Equal(ComparisonVerdict.Equivalent, Latency(Runs(0.0100), Runs(0.0102)).Verdict);

    [Fact]
    public void Noise_is_inconclusive() => Assert.Equal(ComparisonVerdict.Inconclusive, Latency(Runs(0.0100, noise: 1), Runs(0.0107, noise: 1)).Verdict);

    [Fact]
    public void Too_few_launches_say_so()
    {
        var latency = Latency(Runs(0.0132, 1), Runs(0.0100, 2));
        Assert.Equal(ComparisonVerdict.Inconclusive, latency.Verdict);
        Assert.Equal("inconclusive: B may be 1.32x faster, but 1 value a side tells nothing; 3 are the least: gpux bench --launches 5", latency.Words);
    }

    [Fact]
    public void Less_memory_is_not_faster()
    {
        var a = Enumerable.Range(0, 5).Select(i => ExampleRun.Of($"a{i}", memoryBytes: 2e9 + i)).ToArray();
        var b = Enumerable.Range(0, 5).Select(i => ExampleRun.Of($"b{i}", memoryBytes: 1e9 + i)).ToArray();
        Assert.Equal("B takes 2.00x less (95 % 2.00-2.00)", Only(a, b).Metrics.Single(metric => metric.Metric == Metric.PeakDeviceMemory).Words);
    }

    [Fact]
    public void Throughput_is_better_when_it_is_higher() =>
        Assert.Equal(ComparisonVerdict.Better, Only(Runs(0.0132), Runs(0.0100)).Metrics.Single(metric => metric.Metric == Metric.Throughput).Verdict);

    [Fact]
    public void What_is_not_compared_is_told_with_its_reason()
    {
        var a = Runs(0.0100, 3).Select(run => run with { Metrics = [.. run.Metrics.Where(result => result.Metric != Metric.Throughput), new MetricResult(Metric.Energy, 1, 3)] }).ToArray();
        var b = Runs(0.0100, 3).Select(run => run with
        {
            Key = $"b {run.Key}",
            Metrics = [.. run.Metrics.Select(result => result.Metric == Metric.Latency ? new MetricResult(Metric.Latency, 1000, null) { P99 = 0.02 } : result)],
        }).ToArray();
        var both = Only(a, b);
        Assert.Equal(["latency.e2e: of some runs the tail alone is known, no median and no mean", "throughput.samples: B alone has it", "energy: A alone has it"], both.LeftOut);
        Assert.DoesNotContain(both.Metrics, metric => metric.Metric == Metric.Latency);
        a[0] = a[0] with { Metrics = [.. a[0].Metrics.Where(result => result.Metric != Metric.PeakDeviceMemory)] };
        Assert.Contains("memory.peak_device: some of the runs do not have it", Only(a, b).LeftOut);
        Assert.Empty(Only(Runs(0.0132), Runs(0.0100)).LeftOut);
    }

    public static TheoryData<string, BenchmarkRun> Others => new()
    {
        { "other machines", ExampleRun.Of("b") with { MachineFingerprint = "another" } },
        { "other benchmarks", ExampleRun.Of("b") with { BenchmarkVersion = "2" } },
        { "other benchmarks", ExampleRun.Of("b") with { Suite = "llama-bench" } },
        { "other workloads", ExampleRun.Of("b") with { Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp32", BatchSize = 8, InputTokens = 128, Concurrency = 1 } } },
        { "is unstable: the clock was slowed down", ExampleRun.Of("b") with { Verdict = RunVerdict.Unstable, Reasons = ["the clock was slowed down"] } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Other_conditions_are_not_compared(string why, BenchmarkRun other)
    {
        var comparison = Only([ExampleRun.Of("a")], [other]);
        Assert.Empty(comparison.Metrics);
        Assert.Contains(comparison.Obstacles, obstacle => obstacle.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void Another_precision_is_what_one_may_compare()
    {
        var b = ExampleRun.Of("b");
        Assert.Empty(Only([ExampleRun.Of("a")], [b with { Workload = b.Workload with { Precision = "int8" } }]).Obstacles);
    }

    [Fact]
    public void Precisions_are_compared_each_with_itself_and_never_pooled()
    {
        BenchmarkRun[] Of(string precision, double latency, int count) => [.. Runs(latency, count).Select(run => run with { Key = $"{run.Key} {precision} {count}", Workload = run.Workload with { Precision = precision } })];
        // Each precision is as fast as it was, and the sides have them in unlike numbers.
        var comparisons = RunComparison.Of([.. Of("fp32", 0.010, 7), .. Of("int8", 0.005, 3)], [.. Of("fp32", 0.010, 3), .. Of("int8", 0.005, 17)]);
        Assert.Equal(2, comparisons.Count);
        Assert.All(comparisons, comparison => Assert.All(comparison.Metrics, metric => Assert.NotEqual(ComparisonVerdict.Better, metric.Verdict)));
        Assert.Equal(["fp32", "int8"], comparisons.Select(comparison => comparison.A.Concat(comparison.B).Select(run => run.Workload.Precision).Distinct().Single()));
        // What one side alone has stands alone, and is not compared with what the other alone has.
        comparisons = RunComparison.Of([.. Of("fp32", 0.010, 3), .. Of("int8", 0.005, 3)], [.. Of("fp32", 0.010, 3), .. Of("fp16", 0.007, 3)]);
        Assert.Equal([(true, true), (true, false), (false, true)], comparisons.Select(comparison => (comparison.A.Count > 0, comparison.B.Count > 0)));
        // Of several against one other it is not known which is meant.
        var several = Only([.. Of("fp32", 0.010, 3), .. Of("int8", 0.005, 3)], Of("fp16", 0.007, 3));
        Assert.Empty(several.Metrics);
        Assert.Contains("several precisions on one side, and none in common: fp32 and int8", several.Obstacles);
    }

    private static BenchmarkRun[] By(Func<Engine, Engine> change, string name, double latency, int count) =>
        [.. Runs(latency, count).Select(run => run with { Key = $"{run.Key} {name} {count}", Engine = change(run.Engine) })];

    private static readonly Engine Usual = new("onnxruntime") { Version = "1.30.0", ExecutionProvider = "cuda", DriverVersion = "570", Threads = 8 };

    public static TheoryData<string, Engine> OtherEngines => new()
    {
        { "provider cpu", Usual with { ExecutionProvider = "cpu" } },
        { "provider unknown", Usual with { ExecutionProvider = null } },
        { "runtime onnxruntime 1.29.0", Usual with { Version = "1.29.0" } },
        { "runtime llama.cpp b1", Usual with { Backend = "llama.cpp", Version = "b1" } },
        { "driver 550", Usual with { DriverVersion = "550" } },
        { "threads 1", Usual with { Threads = 1 } },
    };

    [Theory]
    [MemberData(nameof(OtherEngines))]
    public void Ways_to_run_are_compared_each_with_itself_and_never_pooled(string other, Engine otherwise)
    {
        // The same ten milliseconds, and on one side a slow way beside them.
        BenchmarkRun[] a = [.. By(_ => Usual, "usual", 0.010, 3), .. By(_ => otherwise, "other", 0.100, 4)];
        var comparisons = RunComparison.Of(a, By(_ => Usual, "usual", 0.010, 5));
        Assert.Equal([(3, 5), (4, 0)], comparisons.Select(comparison => (comparison.A.Count, comparison.B.Count)));
        var latency = comparisons[0].Metrics.Single(metric => metric.Metric == Metric.Latency);
        Assert.Equal((ComparisonVerdict.Equivalent, 10), (latency.Verdict, Math.Round(latency.TypicalA * 1000)));
        Assert.Empty(comparisons[0].Differences);
        Assert.Equal([other], comparisons[1].Differences);
        // The other way round the rest is B's.
        Assert.Equal([(5, 3), (0, 4)], RunComparison.Of(By(_ => Usual, "usual", 0.010, 5), a).Select(comparison => (comparison.A.Count, comparison.B.Count)));
        // Where it is what one asked for, it is compared, and said.
        var asked = Only(By(_ => otherwise, "other", 0.100, 4), By(_ => Usual, "usual", 0.010, 5));
        Assert.Equal(ComparisonVerdict.Better, asked.Metrics.Single(metric => metric.Metric == Metric.Latency).Verdict);
        var name = other.Split(' ')[0];
        Assert.Equal($"{other} -> {EngineTrait.All.Single(trait => trait.Name == name).Of(Usual)}", Assert.Single(asked.Differences));
    }

    [Fact]
    public void What_differs_wholly_is_compared_in_each_precision_and_several_ways_against_one_are_not()
    {
        BenchmarkRun[] Of(string provider, string precision, double latency) => [.. By(engine => engine with { ExecutionProvider = provider }, $"{provider} {precision}", latency, 3)
            .Select(run => run with { Workload = run.Workload with { Precision = precision } })];
        var both = RunComparison.Of([.. Of("cpu", "fp32", 0.100), .. Of("cpu", "int8", 0.050)], [.. Of("cuda", "fp32", 0.010), .. Of("cuda", "int8", 0.006)]);
        Assert.Equal([("fp32", "provider cpu -> cuda"), ("int8", "provider cpu -> cuda")], both.Select(comparison => (comparison.A[0].Workload.Precision!, Assert.Single(comparison.Differences)))); // runs have one
        Assert.All(both, comparison => Assert.True(comparison.IsComparable));
        var several = Only([.. Of("cpu", "fp32", 0.100), .. Of("webgpu", "fp32", 0.020)], Of("cuda", "fp32", 0.010));
        Assert.Empty(several.Metrics);
        Assert.Equal("several providers on one side, and none in common: cpu and webgpu", Assert.Single(several.Obstacles));
        // Another version of the benchmark beside the one that both ran.
        BenchmarkRun[] later = [.. Runs(0.030, 3).Select(run => run with { Key = $"later {run.Key}", BenchmarkVersion = "2" })];
        var versions = RunComparison.Of([.. Runs(0.010, 3), .. later], Runs(0.010, 4));
        Assert.Equal([(3, 4), (3, 0)], versions.Select(comparison => (comparison.A.Count, comparison.B.Count)));
        Assert.Equal("benchmark gpux bench 2", Assert.Single(versions[1].Differences));
    }

    [Fact]
    public void Models_and_versions_are_never_pooled_either()
    {
        BenchmarkRun[] Of(string model, string? version, double latency, int count) => [.. Runs(latency, count).Select(run => run with { Key = $"{run.Key} {model} {version} {count}", Model = new BenchmarkedModel(model), VersionTag = version })];
        var comparisons = RunComparison.Of([.. Of("bert", "v1", 0.020, 3), .. Of("bert", "v2", 0.010, 3), .. Of("other", "v2", 0.030, 3)], Of("bert", "v2", 0.010, 4));
        Assert.Equal(["", "version v1", "model other"], comparisons.Select(comparison => string.Join(", ", comparison.Differences)));
        Assert.Equal(ComparisonVerdict.Equivalent, comparisons[0].Metrics.Single(metric => metric.Metric == Metric.Latency).Verdict);
        // Which is what one mostly asks.
        Assert.Equal("version v1 -> v2", Assert.Single(Only(Of("bert", "v1", 0.020, 3), Of("bert", "v2", 0.010, 3)).Differences));
        Assert.Equal(["model bert -> other", "version v1 -> none"], Only(Of("bert", "v1", 0.020, 3), Of("other", null, 0.010, 3)).Differences);
    }

    [Fact]
    public void Goodputs_of_unlike_objectives_are_not_compared()
    {
        BenchmarkRun[] Of(string seconds, int count) => [.. Runs(0.010, count).Select(run => run with
        {
            Key = $"{run.Key} {seconds} {count}", Metrics = [.. run.Metrics, new MetricResult(Metric.Goodput, 1, 50)],
            EnvironmentJson = $$$"""{"goodput":{"objectives":{"latency":{{{seconds}}}},"good":5,"requests":10,"share":0.5}}""",
        })];
        Assert.Contains(Only(Of("0.05", 3), Of("0.05", 4)).Metrics, metric => metric.Metric == Metric.Goodput);
        var unlike = Only(Of("0.05", 3), Of("0.06", 3));
        Assert.DoesNotContain(unlike.Metrics, metric => metric.Metric == Metric.Goodput);
        Assert.Contains("goodput: the objectives are not the same, or not known", unlike.LeftOut);
    }

    // What two default runs bring: a run a side, of five launches each.
    [Fact]
    public void Two_runs_of_several_launches_have_a_verdict_in_every_metric_that_launches_measure()
    {
        var metrics = Only([Launched("a", 0.0100)], [Launched("b", 0.0125)]).Metrics.ToDictionary(metric => metric.Metric);
        Assert.Equal("B is 1.25x slower (95 % 1.23-1.27)", metrics[Metric.Latency].Words);
        Assert.Equal((5, 5), (metrics[Metric.Latency].Factor!.CountA, metrics[Metric.Latency].Factor!.CountB));
        Assert.Equal(ComparisonVerdict.Worse, metrics[Metric.Throughput].Verdict);
        Assert.Equal(5, metrics[Metric.Throughput].Factor!.CountA);
        // What a run measures once needs more runs, not more launches.
        Assert.Equal("inconclusive: B may be 1.00x faster, but 1 value a side tells nothing; 3 are the least, of as many runs", metrics[Metric.ConversionTime].Words);
    }

    [Fact]
    public void Workloads_are_compared_with_their_like_and_the_rest_is_named()
    {
        var batch8 = Launched("b8", 0.05) with { Workload = Launched("b8", 0.05).Workload with { BatchSize = 8 } };
        var comparisons = RunComparison.Of([Launched("a", 0.01), batch8], [Launched("b", 0.01)]);
        Assert.Equal([true, false], comparisons.Select(comparison => comparison.IsComparable));
        Assert.Equal(("b8", 0), (Assert.Single(comparisons[1].A).Key, comparisons[1].B.Count));
    }

    [Fact]
    public void Machines_are_compared_each_with_itself()
    {
        BenchmarkRun On(string machine, double latency) => ExampleRun.Of($"{machine} {latency}", hardware: machine, latencySeconds: latency);
        var comparisons = RunComparison.Of([On("L4", 0.01), On("T4", 0.02), On("A100", 0.004)], [On("T4", 0.03), On("L4", 0.01), On("A100", 0.005) with { MachineFingerprint = "another driver" }]);
        Assert.Equal(["L4", "T4", "A100"], comparisons.Select(comparison => Assert.Single(comparison.A).Hardware.Name));
        Assert.Equal([true, true, false], comparisons.Select(comparison => comparison.IsComparable));
        Assert.Contains("other machines", Assert.Single(comparisons[2].Obstacles), StringComparison.Ordinal);
    }

    private static BenchmarkRun Launched(string key, double latency)
    {
        double[] launches = [.. new[] { 0.99, 1.0, 1.01, 0.995, 1.012 }.Select(share => share * latency)];
        return ExampleRun.Of(key, latencySeconds: latency) with
        {
            LaunchCount = 5,
            Samples = SampleSeries.Write([new SampleSeries(Metric.Latency, [.. launches.Select(launch => new LaunchSamples(1, [[(long)(launch * 1e9)], [1, (long)2e9]]))])]),
            Metrics =
            [
                new MetricResult(Metric.Latency, 15, latency) { P50 = latency }, RunMetrics.OfLaunches(Metric.Throughput, [.. launches.Select(launch => 1 / launch)]),
                new MetricResult(Metric.ConversionTime, 1, 0.1),
            ],
        };
    }

    // Of two that are alike, at most one in twenty may be called different; of two that differ by a third, nearly all must be.
    [Fact]
    public void Verdicts_err_as_rarely_as_they_say()
    {
        const int Repetitions = 300;
        var normal = new MathNet.Numerics.Distributions.Normal(0, 0.06, new Random(7));
        BenchmarkRun[] Launches(double latency) => [.. Enumerable.Range(0, 6).Select(i => ExampleRun.Of($"{i}", latencySeconds: latency * Math.Exp(normal.Sample())))];
        var (alarms, finds) = (0, 0);
        for (var i = 0; i < Repetitions; i++)
        {
            alarms += Latency(Launches(0.01), Launches(0.01)).Verdict is ComparisonVerdict.Better or ComparisonVerdict.Worse ? 1 : 0;
            finds += Latency(Launches(0.0133), Launches(0.01)).Verdict == ComparisonVerdict.Better ? 1 : 0;
        }
        Assert.InRange((double)alarms / Repetitions, 0, 0.06);
        Assert.InRange((double)finds / Repetitions, 0.97, 1);
    }
}
