using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Benchmarks.Tests.Roofline;
using Gpux.Onnx;

namespace Gpux.Benchmarks.Tests.Measurement;

public sealed class RunMetricsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // A launch whose requests took so long, one after the other.
    private static LaunchReport Launch(double latencySeconds, long count = 100) => new()
    {
        IsWarm = true, IsPrecise = true, Seconds = latencySeconds * count, Count = count, WeightBytes = 1000, LoadSeconds = 0.1, FirstInferenceSeconds = 0.1, Threads = 1,
        Windows = [.. Enumerable.Repeat(new LoadWindow((int)count / 10, latencySeconds * count / 10, latencySeconds), 10)],
        Samples = [new SampleSeries(Metric.Latency, [new LaunchSamples(1, [.. Enumerable.Repeat(Enumerable.Repeat((long)(latencySeconds * 1e9), (int)count / 10).ToArray(), 10)])])],
        Moments = new Dictionary<Metric, RunningMoments> { [Metric.Latency] = new(count, latencySeconds, 0) },
        InputShapes = new Dictionary<string, long[]> { ["input_ids"] = [1, 8] },
    };

    private BenchmarkRun Summarise(LaunchRequest request, params double[] shares)
    {
        var hardware = new HardwarePlatform("a machine", HardwareKind.Cpu) { MemoryBytesPerSecond = 1e10, Peaks = [new ArithmeticPeak("fp32", 1e12, "measured")] };
        var graph = Path.Combine(_folder.Path, "model.onnx");
        var model = ExampleGraphs.Encoder(layers: 1, hidden: 64, heads: 2, inner: 128);
        OnnxWriter.Write(model, graph);
        var least = RooflineBound.Of(GraphCost.Of(model, ExampleGraphs.EncoderInputs(1, 8), "encoder"), hardware)!.Least.TotalSeconds; // the machine is known
        var run = FakeModel.Summarise(request, [.. shares.Select(share => Launch(least / share))], graph: graph, hardware: hardware).Run!; // there are launches
        RunCheck.Require(run, DateTimeOffset.UtcNow);
        return run;
    }

    [Fact]
    public void A_share_of_the_roofline_is_what_memory_allows()
    {
        var run = Summarise(new LaunchRequest { Model = "fake" }, 0.3, 0.31);
        Assert.Equal(0.305, run[Metric.RooflineShare]!.Mean!.Value, 1e-4);
        Assert.Empty(run.Reasons);
    }

    [Theory]
    [InlineData(4.5, 4.5)] // in the caches
    [InlineData(0.2, 0.9)] // Student's interval of two reaches five
    public void More_than_the_roofline_is_no_share_and_no_fault(double first, double second)
    {
        var run = Summarise(new LaunchRequest { Model = "fake" }, first, second);
        Assert.Null(run[Metric.RooflineShare]);
        Assert.Contains(run.Reasons, reason => reason.StartsWith("roofline: no share is told", StringComparison.Ordinal));
        Assert.Equal(first == second ? RunVerdict.Valid : RunVerdict.Unstable, run.Verdict);
    }

    [Fact]
    public void A_machine_whose_speed_is_not_known_says_so()
    {
        var run = FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [Launch(0.001)], graph: "model.onnx", hardware: new HardwarePlatform("a machine", HardwareKind.Cpu)).Run!; // there is a launch
        Assert.Null(run[Metric.RooflineShare]);
        Assert.Contains(run.Reasons, reason => reason.StartsWith("roofline: no share is told", StringComparison.Ordinal));
    }

    [Fact]
    public void An_open_loop_has_no_share_of_the_roofline()
    {
        var run = Summarise(new LaunchRequest { Model = "fake", Rate = 20 }, 0.3, 0.3);
        Assert.Null(run[Metric.RooflineShare]);
        Assert.Empty(run.Reasons);
    }

    // Whatever launches find, and however they differ, can be stored.
    [Theory]
    [InlineData(1e-9, 1e-9), InlineData(1e-9, 1e4), InlineData(1e5, 9e5), InlineData(0.001, 0.05)]
    public void What_was_measured_can_be_stored(double first, double second)
    {
        LaunchReport Costly(double seconds, double joules) => Launch(seconds, 20) with
        {
            Joules = joules, PeakMemory = (long)(joules * 1e3), InputTokens = 1 << 20, Failures = new Dictionary<string, long> { ["X"] = 3 },
        };
        var failures = Enumerable.Range(0, 300).Select(i => new LaunchFailedException($"{new string((char)('a' + i % 26), 20_000)}\0\uD800{i}", "")).ToArray();
        var run = FakeModel.Summarise(new LaunchRequest { Model = "fake", Batch = 1 << 16, Objectives = GoodputObjectives.Parse(["latency=1s"]) }, [Costly(first, 1e-9), Costly(second, 1e12)], failures).Run!;
        RunCheck.Require(run, DateTimeOffset.UtcNow);
        Assert.NotNull(run[Metric.Latency]);
        Assert.True(run[Metric.Throughput] is not null || run.Reasons.Any(reason => reason.StartsWith("throughput.samples: left out", StringComparison.Ordinal)));
    }

    [Fact]
    public void Hours_of_windows_fit_into_what_is_stored()
    {
        var launch = Launch(0.001) with { Windows = [.. Enumerable.Range(0, 200_000).Select(i => new LoadWindow(500, 0.5, 0.001 + i * 1.23456789e-9))] };
        var run = FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [launch, launch]).Run!;
        RunCheck.Require(run, DateTimeOffset.UtcNow);
    }

    [Fact]
    public void Launches_of_unlike_strides_weigh_what_they_counted()
    {
        // Of 4,000 fast requests every fourth is kept, of 1,000 slow ones all.
        var fast = new LaunchSamples(4, [[.. Enumerable.Repeat(1_000_000L, 1000)]]);
        var slow = new LaunchSamples(1, [[.. Enumerable.Repeat(3_000_000L, 401)], [], [3_000_000], [.. Enumerable.Repeat(3_000_000L, 598)]]);
        LaunchReport Launch(LaunchSamples samples, long count, double mean) => new()
        {
            IsWarm = true, IsPrecise = true, Seconds = 10, Count = count, WeightBytes = 1,
            Samples = [new SampleSeries(Metric.Latency, [samples]), new SampleSeries(Metric.TimeToFirstToken, [samples])],
            Moments = new Dictionary<Metric, RunningMoments> { [Metric.Latency] = new(count, mean, 0), [Metric.TimeToFirstToken] = new(count, mean, 0) },
        };
        var outcome = FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [Launch(fast, 4000, 0.001), Launch(slow, 1000, 0.003)]);
        var first = outcome.Run![Metric.TimeToFirstToken]!;
        Assert.Equal(5000, first.SampleCount);
        Assert.Equal((4 * 0.001 + 0.003) / 5, first.Mean!.Value, 1e-12);
        Assert.Equal(Math.Sqrt(5000 * 0.0008 * 0.0008 / 4999), first.StandardDeviation!.Value, 1e-9);
        // Four fifths are fast: half of the samples that are kept would be slow.
        Assert.Equal((0.001, 0.003), (first.P50!.Value, first.P90!.Value));
        Assert.Equal(1000, outcome.Latencies.Count(latency => latency == 0.001));
        Assert.Equal(250, outcome.Latencies.Count(latency => latency == 0.003));
        Assert.All(SampleSeries.Read(outcome.Run.Samples!), series => Assert.All(series.Launches, launch => Assert.Equal(4, launch.Stride)));
    }

    [Fact]
    public void Callers_of_unlike_strides_weigh_what_they_counted()
    {
        var recording = new[] { new CallerSamples(64, hasTokens: true, null), new CallerSamples(64, hasTokens: true, null) };
        for (var i = 1; i <= 1024; i++)
            recording[0].Add(i, 10, new TokenTimes(2, 4));
        for (var i = 1; i <= 60; i++)
            recording[1].Add(i * 10, 1000, new TokenTimes(200, null));
        Assert.Equal((16, 1), (recording[0].Stride, recording[1].Stride));
        var series = Gpux.Benchmarks.Measurement.Launch.Series(recording, [512, 1024], 16);
        Assert.Equal([(Metric.Latency, 68), (Metric.TimeToFirstToken, 68), (Metric.TimePerOutputToken, 64)], series.Select(each => (each.Metric, each.Ordered().Length)));
        Assert.All(series, each => Assert.Equal(16, Assert.Single(each.Launches).Stride));
        // The last ended behind the measured time.
        var tally = recording[0].TallyUntil(1023);
        tally.Add(recording[1].TallyUntil(1024));
        Assert.Equal(1083, tally.Count);
        var moments = tally.Moments[Metric.Latency];
        Assert.Equal((1023 * 10 + 60 * 1000) / 1083.0 * 1e-9, moments.Mean, 1e-18);
        var mean = (1023 * 10 + 60 * 1000) / 1083.0;
        Assert.Equal(Math.Sqrt((1023 * (10 - mean) * (10 - mean) + 60 * (1000 - mean) * (1000 - mean)) / 1082) * 1e-9, moments.StandardDeviation!.Value, 1e-15);
        Assert.Equal(1023, tally.Moments[Metric.TimePerOutputToken].Count);
    }

    [Fact]
    public void Samples_are_thinned_evenly_to_a_number_that_can_be_stored()
    {
        var series = new SampleSeries(Metric.Latency, [new LaunchSamples(2, [[1, 2, 3], [4], [], [5, 6, 7, 8, 9]]), new LaunchSamples(1, [[.. Enumerable.Range(0, 32).Select(i => (long)i)]])]).Evenly(8);
        Assert.Equal([8, 8], series.Launches.Select(launch => launch.Stride));
        Assert.Equal(new long[][] { [1], [], [], [5, 9] }, series.Launches[0].Windows);
        Assert.Equal(new long[][] { [0, 8, 16, 24] }, series.Launches[1].Windows);
        Assert.Empty(new SampleSeries(Metric.Latency, []).Evenly(8).Launches);
    }
}
