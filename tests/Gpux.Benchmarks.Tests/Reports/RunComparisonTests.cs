using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Reports;

public sealed class RunComparisonTests
{
    private static BenchmarkRun[] Runs(double latency, int count = 5, double noise = 0.01) => [.. Enumerable.Range(0, count).Select(i =>
        ExampleRun.Of($"{latency}-{i}", latencySeconds: latency * (1 + noise * (i - count / 2) / count), throughput: 1 / latency))];

    private static MetricComparison Latency(BenchmarkRun[] a, BenchmarkRun[] b) => RunComparison.Of(a, b).Metrics.Single(metric => metric.Metric == Metric.Latency);

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
        var latency = Latency(Runs(0.0132, 3), Runs(0.0100, 3));
        Assert.Equal(ComparisonVerdict.Inconclusive, latency.Verdict);
        Assert.Contains("B may be 1.32x faster, but 3 launches a side tell nothing at 95 %; 4 are the least", latency.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Less_memory_is_not_faster()
    {
        var a = Enumerable.Range(0, 5).Select(i => ExampleRun.Of($"a{i}", memoryBytes: 2e9 + i)).ToArray();
        var b = Enumerable.Range(0, 5).Select(i => ExampleRun.Of($"b{i}", memoryBytes: 1e9 + i)).ToArray();
        Assert.Equal("B takes 2.00x less (95 % 2.00-2.00)", RunComparison.Of(a, b).Metrics.Single(metric => metric.Metric == Metric.PeakDeviceMemory).Words);
    }

    [Fact]
    public void Throughput_is_better_when_it_is_higher() =>
        Assert.Equal(ComparisonVerdict.Better, RunComparison.Of(Runs(0.0132), Runs(0.0100)).Metrics.Single(metric => metric.Metric == Metric.Throughput).Verdict);

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
        var comparison = RunComparison.Of([ExampleRun.Of("a")], [other]);
        Assert.Empty(comparison.Metrics);
        Assert.Contains(comparison.Obstacles, obstacle => obstacle.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void Another_precision_is_what_one_may_compare()
    {
        var b = ExampleRun.Of("b");
        Assert.Empty(RunComparison.Of([ExampleRun.Of("a")], [b with { Workload = b.Workload with { Precision = "int8" } }]).Obstacles);
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
        Assert.InRange((double)alarms / Repetitions, 0.015, 0.07);
        Assert.InRange((double)finds / Repetitions, 0.97, 1);
    }
}
