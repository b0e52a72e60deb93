using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Results;

public sealed class RunCheckTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly BenchmarkRun Good = ExampleRun.Of("a");

    [Fact]
    public void A_good_run_passes() => RunCheck.Require(Good, Now);

    [Theory]
    [InlineData("latency.e2e", 1e9)]
    [InlineData("latency.e2e", -0.001)]
    [InlineData("latency.e2e", double.NaN)]
    [InlineData("latency.ttft", double.PositiveInfinity)]
    [InlineData("throughput.samples", 1e30)]
    [InlineData("memory.weights", 1e18)]
    [InlineData("error_rate", 1.01)]
    [InlineData("energy", double.NegativeInfinity)]
    public void What_was_never_measured_is_refused_by_metric_value_and_bound(string name, double value)
    {
        var metric = Metric.Find(name);
        Assert.NotNull(metric);
        foreach (var result in (MetricResult[])
            [
                new(metric, 1, value), new(metric, 1, 0.5) { P99 = value }, new(metric, 1, 0.5) { StandardDeviation = value },
                new(metric, 1, 0.5) { ConfidenceHigh = value },
            ])
        {
            var refused = Assert.Throws<ImpossibleValueException>(() => RunCheck.Require(Good with { Metrics = [result] }, Now));
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
            Assert.Contains(value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
            Assert.Contains(value > metric.Maximum ? "the most is" : value < 0 ? "the least is 0" : "no number", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_bound_itself_is_taken()
    {
        foreach (var metric in Metric.All)
            RunCheck.Require(Good with { Metrics = [new(metric, 1, metric.Maximum)] }, Now);
    }

    [Fact]
    public void Results_that_contradict_themselves_are_refused()
    {
        var latency = new MetricResult(Metric.Latency, 10, 1);
        foreach (var metrics in (MetricResult[][])
            [
                [latency with { P50 = 2, P90 = 1 }], [latency with { P50 = 2, P99 = 1 }], [latency with { P90 = 2, P95 = 1 }],
                [latency with { ConfidenceLow = 2, ConfidenceHigh = 1 }], [latency with { ConfidenceLevel = 1 }], [latency with { ConfidenceLevel = 0 }],
                [latency with { SampleCount = 0 }], [latency, latency],
            ])
            Assert.Throws<ImpossibleValueException>(() => RunCheck.Require(Good with { Metrics = metrics }, Now));
    }

    [Fact]
    public void An_interval_that_holds_neither_the_median_nor_the_mean_is_refused()
    {
        var latency = new MetricResult(Metric.Latency, 1000, 0.0101) { P50 = 0.01, ConfidenceLevel = 0.95 };
        foreach (var (low, high) in (ReadOnlySpan<(double, double)>)[(0.02, 0.03), (0.001, 0.009)])
            foreach (var result in (MetricResult[])[latency, latency with { Mean = null }, latency with { P50 = null }])
            {
                var refused = Assert.Throws<ImpossibleValueException>(() => RunCheck.Require(Good with { Metrics = [result with { ConfidenceLow = low, ConfidenceHigh = high }] }, Now));
                Assert.Equal("latency.e2e.ci_low", refused.Field);
                Assert.Contains("neither the median nor the mean", refused.Message, StringComparison.Ordinal);
            }
    }

    [Fact]
    public void An_interval_of_the_mean_and_one_that_was_rounded_are_taken()
    {
        var latency = new MetricResult(Metric.Latency, 1000, 0.025) { P50 = 0.01, ConfidenceLow = 0.02, ConfidenceHigh = 0.03, ConfidenceLevel = 0.95 };
        foreach (var result in (MetricResult[])
            [
                latency, latency with { P50 = 0.025, Mean = 1 }, latency with { Mean = 0.0301, P50 = null }, latency with { Mean = null, P50 = null, P99 = 0.1 },
                latency with { ConfidenceHigh = null, P50 = 0.001, Mean = null }, new(Metric.ErrorRate, 10, 0) { ConfidenceLow = 0, ConfidenceHigh = 0.3, ConfidenceLevel = 0.95 },
            ])
            RunCheck.Require(Good with { Metrics = [result] }, Now);
    }

    [Fact]
    public void A_valid_run_took_some_time_and_did_some_work()
    {
        foreach (var result in (MetricResult[])[new(Metric.Latency, 10, 0), new(Metric.Latency, 10, null) { P50 = 0, P99 = 0.1 }, new(Metric.Throughput, 10, 0)])
        {
            var refused = Assert.Throws<ImpossibleValueException>(() => RunCheck.Require(Good with { Metrics = [result] }, Now));
            Assert.Contains($"{result.Metric} is 0", refused.Message, StringComparison.Ordinal);
            RunCheck.Require(Good with { Metrics = [result], Verdict = RunVerdict.Invalid }, Now); // as where every request failed
        }
        // Of what some tools write 0 where it does not apply.
        foreach (var metric in (Metric[])[Metric.TimeToFirstToken, Metric.TimePerOutputToken, Metric.OutputTokenThroughput, Metric.Goodput, Metric.ErrorRate, Metric.LoadTime])
            RunCheck.Require(Good with { Metrics = [new(metric, 10, 0)] }, Now);
    }

    [Fact]
    public void Work_that_nobody_does_is_refused()
    {
        foreach (var run in (BenchmarkRun[])
            [
                Good with { Workload = Good.Workload with { BatchSize = 0 } }, Good with { Workload = Good.Workload with { InputTokens = -1 } },
                Good with { Workload = Good.Workload with { OfferedRate = double.NaN } }, Good with { Engine = Good.Engine with { Threads = 0 } },
                Good with { LaunchCount = 0 }, Good with { Duration = TimeSpan.FromSeconds(-1) }, Good with { Duration = TimeSpan.MaxValue },
                Good with { Model = Good.Model with { ParameterCount = -1 } }, Good with { Hardware = Good.Hardware with { DeviceCount = 0 } },
                Good with { Hardware = Good.Hardware with { MemoryBytes = long.MaxValue } },
                Good with { Hardware = Good.Hardware with { Peaks = [new ArithmeticPeak("fp16", double.PositiveInfinity, "x")] } },
            ])
            Assert.Throws<ImpossibleValueException>(() => RunCheck.Require(run, Now));
    }

    [Fact]
    public void Names_have_a_length_and_no_control_characters()
    {
        foreach (var name in (string[])[new string('ä', 1000), "'; DROP TABLE models; --", "a\"b", "模型 \U0001F600"])
            RunCheck.Require(Good with { Model = new BenchmarkedModel(name) }, Now);
        foreach (var name in (string[])[new string('ä', 1301), "", "a\0b", "a\e[2Jb", "a\ud800b", "line\nline"])
        {
            var refused = Assert.Throws<UnfitTextException>(() => RunCheck.Require(Good with { Model = new BenchmarkedModel(name) }, Now));
            Assert.Contains("the model's name", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(refused.Message, char.IsControl);
            Assert.True(refused.Message.Length < 250);
        }
        Assert.Throws<UnfitTextException>(() => RunCheck.Require(Good with { VersionTag = "" }, Now));
        Assert.Throws<UnfitTextException>(() => RunCheck.Require(Good with { BundleSha256 = new string('x', 64) }, Now));
        Assert.Throws<UnfitTextException>(() => RunCheck.Require(Good with { Reasons = [.. Enumerable.Repeat("slow", 101)] }, Now));
    }

    [Fact]
    public void Json_is_an_object_of_bounded_size_and_depth()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        RunCheck.Require(Good with { EnvironmentJson = Nested(32) }, Now);
        foreach (var json in (string[])
            [
                Nested(33), Nested(100_000), "[1]", "1", "", "{", "{\"a\": }", "{} {}", "{\"a\": \"" + new string('x', 1 << 20) + "\"}", new string('[', 1 << 19),
            ])
        {
            Assert.Contains("the environment", Assert.Throws<UnfitJsonException>(
                () => RunCheck.Require(Good with { EnvironmentJson = json }, Now)).Message, StringComparison.Ordinal);
            Assert.Throws<UnfitJsonException>(() => RunCheck.Require(Good with { Model = Good.Model with { MetadataJson = json } }, Now));
        }
    }

    [Theory]
    [InlineData("1999-12-31T23:59:59Z", false)]
    [InlineData("1970-01-01T00:00:00Z", false)]
    [InlineData("2000-01-01T00:00:00Z", true)]
    [InlineData("2026-06-01T13:00:00+14:00", true)]
    [InlineData("2026-06-02T00:00:00Z", true)]
    [InlineData("2026-06-02T00:00:01Z", false)]
    [InlineData("2038-01-19T03:14:08Z", false)]
    public void A_clock_that_is_wrong_is_found_out(string startedAt, bool isTaken)
    {
        var run = Good with { StartedAt = DateTimeOffset.Parse(startedAt, System.Globalization.CultureInfo.InvariantCulture) };
        if (isTaken)
            RunCheck.Require(run, Now);
        else
            Assert.Throws<UnfitTimeException>(() => RunCheck.Require(run, Now));
    }

    [Fact]
    public void A_digest_is_of_what_was_run_and_found_and_of_nothing_else()
    {
        var digest = RunDigest.Of(Good);
        Assert.Equal(digest, RunDigest.Of(Good with
        {
            Key = "b", VersionTag = "v2", Provenance = Provenance.Imported, ProvenanceSource = "a file", EnvironmentJson = "{}", Metrics = [.. Good.Metrics.Reverse()],
            StartedAt = Good.StartedAt.ToOffset(TimeSpan.FromHours(9)), Samples = new RunSamples("float64", [1]),
        }));
        foreach (var other in (BenchmarkRun[])
            [
                Good with { Model = new BenchmarkedModel("b") }, Good with { Workload = Good.Workload with { BatchSize = 2 } },
                Good with { Workload = Good.Workload with { BatchSize = null } }, Good with { StartedAt = Good.StartedAt.AddMicroseconds(1) },
                Good with { Metrics = [.. Good.Metrics.Skip(1)] }, Good with { Metrics = [Good.Metrics[0] with { P90 = 1 }, .. Good.Metrics.Skip(1)] },
                Good with { Suite = Good.Suite + Good.BenchmarkVersion, BenchmarkVersion = "" }, Good with { Verdict = RunVerdict.Unstable },
            ])
            Assert.NotEqual(digest, RunDigest.Of(other));
    }
}
