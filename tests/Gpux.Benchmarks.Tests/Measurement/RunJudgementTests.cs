using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Measurement;

public sealed class RunJudgementTests
{
    private static readonly LaunchReport Quiet = new()
    {
        IsWarm = true, IsPrecise = true, Seconds = 10, Count = 1000,
        Windows = [.. Enumerable.Repeat(new LoadWindow(100, 1, 0.01), 10)],
        Samples = [new SampleSeries(Metric.Latency, [new LaunchSamples(1, [.. Enumerable.Repeat<long[]>([.. Enumerable.Repeat(10_000_000L, 100)], 10)])])],
        Moments = new Dictionary<Metric, RunningMoments> { [Metric.Latency] = new(1000, 0.01, 0) }, WeightBytes = 1000, LoadSeconds = 0.5, FirstInferenceSeconds = 0.1,
    };

    private static BenchmarkRun Judge(LaunchReport launch, LaunchRequest? request = null, params GpuxException[] failures) =>
        FakeModel.Summarise(request ?? new LaunchRequest { Model = "fake" }, [Quiet, launch], failures).Run!; // there are launches

    private static void AssertInvalid(string reason, Disturbances disturbances) => Assert.Contains(Judge(Quiet with { Disturbances = disturbances }) is { Verdict: RunVerdict.Invalid, Reasons: var reasons } ? reasons : [],
        text => text.StartsWith(reason, StringComparison.Ordinal));

    [Fact]
    public void A_quiet_machine_and_steady_launches_are_valid()
    {
        var run = Judge(Quiet);
        Assert.Equal(RunVerdict.Valid, run.Verdict);
        Assert.Empty(run.Reasons);
    }

    [Fact]
    public void Whatever_disturbs_makes_a_run_invalid()
    {
        AssertInvalid("busy machine:", new Disturbances { OtherProcesses = 0.3 });
        AssertInvalid("stolen time:", new Disturbances { Stolen = 0.06 });
        AssertInvalid("throttled:", new Disturbances { Throttled = 1 });
        AssertInvalid("memory pressure:", new Disturbances { MemoryStalled = 0.02 });
        AssertInvalid("shared card:", new Disturbances { OtherGpuProcesses = 1 });
        Assert.Equal(RunVerdict.Valid, Judge(Quiet with { Disturbances = new Disturbances { OtherProcesses = 0.05, Stolen = 0.01, Throttled = 0, MemoryStalled = 0.001, OtherGpuProcesses = 0 } }).Verdict);
    }

    [Fact]
    public void What_does_no_harm_by_itself_is_noted()
    {
        var run = Judge(Quiet with { Disturbances = new Disturbances { ClockStep = -3, OnBattery = true } });
        Assert.Equal(RunVerdict.Valid, run.Verdict);
        Assert.Equal(["clock step", "battery"], run.Reasons.Select(reason => reason.Split(':')[0]));
        Assert.Contains("quick:", Judge(Quiet, new LaunchRequest { Model = "fake", Limits = MeasurementLimits.Quick }).Reasons.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_launch_that_failed_makes_a_run_invalid()
    {
        var run = Judge(Quiet, null, new LaunchFailedException("It crashed.", ""));
        Assert.Equal(RunVerdict.Invalid, run.Verdict);
        Assert.Equal("failed launch: It crashed.", run.Reasons.Single());
        Assert.Null(FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [], [new LaunchFailedException("It crashed.", "")]).Run);
    }

    [Fact]
    public void Metrics_of_launches_are_pooled_or_averaged_and_absent_where_unknown()
    {
        var run = Judge(Quiet with { LoadSeconds = 0.7, PeakMemory = 5 }, new LaunchRequest { Model = "fake", Batch = 4 });
        Assert.Equal(2000, run[Metric.Latency]!.SampleCount);
        Assert.Equal(400, run[Metric.Throughput]!.Mean);
        var load = run[Metric.LoadTime]!;
        Assert.Equal(0.6, load.Mean!.Value, 1e-12);
        // Student: 12.706 times the standard error.
        Assert.Equal(0.6 + 12.7062 * 0.1, load.ConfidenceHigh!.Value, 1e-4);
        Assert.Equal(0, load.ConfidenceLow);
        Assert.Null(run[Metric.PeakMemory]); // one launch does not know it
        Assert.Null(run[Metric.Energy]);
        Assert.Null(run[Metric.CacheMemory]);
    }

    [Fact]
    public void Generated_tokens_are_counted_for_all_rows()
    {
        var launch = Quiet with
        {
            InputTokens = 100, OutputTokens = 11,
            Samples = [.. Quiet.Samples, new SampleSeries(Metric.TimeToFirstToken, [new LaunchSamples(1, [[5_000_000]])]), new SampleSeries(Metric.TimePerOutputToken, [new LaunchSamples(1, [[500_000]])])],
            Moments = new Dictionary<Metric, RunningMoments> { [Metric.TimePerOutputToken] = new(1, 0.0005, 0) },
        };
        var run = FakeModel.Summarise(new LaunchRequest { Model = "fake", Batch = 2 }, [launch]).Run!;
        Assert.Equal(100 * 2 * 11, run[Metric.OutputTokenThroughput]!.Mean!.Value, 1e-9); // 100 requests a second
        // Whole prompts of the requests that were answered, however many were read side by side.
        Assert.Equal(100 * 2 * 100, run[Metric.InputTokenThroughput]!.Mean!.Value, 1e-6);
        Assert.Equal(0.0005, run[Metric.TimePerOutputToken]!.Mean!.Value, 1e-12);
    }
}
