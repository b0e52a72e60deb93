using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Measurement;

/// <summary>A model of known service times is measured, under a clock that is not real.</summary>
public sealed class LoadGeneratorTests
{
    private static double Exponential(Random chance, double mean) => -mean * Math.Log(1 - chance.NextDouble());

    private static MetricResult Latency(BenchmarkOutcome outcome) => outcome.Run![Metric.Latency]!; // measured

    [Fact]
    public void A_constant_time_is_found_exactly()
    {
        var outcome = FakeModel.Measure((_, _) => () => 0.001);
        Assert.Equal(RunVerdict.Valid, outcome.Run!.Verdict);
        var latency = Latency(outcome);
        Assert.Equal((0.001, 0.001, 0.001, 0.0), (latency.P50!.Value, latency.P99!.Value, latency.Mean!.Value, latency.StandardDeviation!.Value), Tolerant);
        Assert.Equal(1000, outcome.Run[Metric.Throughput]!.Mean!.Value, 1e-3);
        Assert.Equal(3, outcome.Run.LaunchCount);
        Assert.Equal(0, outcome.Run[Metric.ErrorRate]!.Mean);
        Assert.True(latency.SampleCount >= 30_000);
        Assert.Equal(latency.SampleCount, SampleSeries.Read(outcome.Run.Samples!).Single().Launches.Sum(launch => launch.Windows.Sum(window => window.Length)));
    }

    private static readonly IEqualityComparer<(double, double, double, double)> Tolerant = EqualityComparer<(double, double, double, double)>.Create(
        (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9 && Math.Abs(a.Item3 - b.Item3) < 1e-9 && Math.Abs(a.Item4 - b.Item4) < 1e-9);

    [Fact]
    public void Intervals_hold_the_truth_as_often_as_they_say()
    {
        const int Repetitions = 60;
        const double Mean = 0.0005;
        var (median, p90, p99) = (0, 0, 0);
        for (var seed = 0; seed < Repetitions; seed++)
        {
            var outcome = FakeModel.Measure((_, chance) => () => Exponential(chance, Mean), seed, launches: 1);
            var latency = Latency(outcome);
            median += latency.ConfidenceLow <= Mean * Math.Log(2) && Mean * Math.Log(2) <= latency.ConfidenceHigh ? 1 : 0;
            p90 += Holds(outcome, 0.9, Mean * Math.Log(10));
            p99 += Holds(outcome, 0.99, Mean * Math.Log(100));
        }
        // At 95 %, fewer than 53 of 60 come once in fifty times; the seeds are fixed.
        Assert.InRange(median, 53, Repetitions);
        Assert.InRange(p90, 53, Repetitions);
        Assert.InRange(p99, 53, Repetitions);
    }

    private static int Holds(BenchmarkOutcome outcome, double share, double truth) =>
        outcome.Percentiles.First(percentile => percentile.Share == share) is { } found && found.Low <= truth && truth <= found.High ? 1 : 0;

    [Fact]
    public void Two_modes_are_told_apart()
    {
        var outcome = FakeModel.Measure((_, chance) => () => chance.NextDouble() < 0.9 ? 0.001 : 0.005);
        Assert.Equal(RunVerdict.Valid, outcome.Run!.Verdict);
        var latency = Latency(outcome);
        Assert.Equal(0.001, latency.P50!.Value, 1e-9);
        Assert.Equal(0.005, latency.P95!.Value, 1e-9);
        Assert.InRange(latency.Mean!.Value, 0.00135, 0.00145);
    }

    [Theory]
    [InlineData(0.01, "drifting:")] // a hundredth a second: any three windows agree
    [InlineData(1.0, "not warm:")]
    public void What_drifts_is_unstable(double perSecond, string reason)
    {
        var outcome = FakeModel.Measure((clock, _) =>
        {
            var start = clock.Seconds;
            return () => 0.001 * Math.Pow(1 + perSecond, Math.Min(20, clock.Seconds - start) * (1 + clock.Seconds % 1 * 1e-3));
        }, launches: 1, limits: perSecond < 0.5 ? null : MeasurementLimits.Default with { WarmUpMost = TimeSpan.FromSeconds(15) });
        Assert.Equal(RunVerdict.Unstable, outcome.Run!.Verdict);
        Assert.Contains(outcome.Run.Reasons, text => text.StartsWith(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_pause_shows_in_an_open_loop_and_hides_in_a_closed_one()
    {
        // Every ten seconds, nothing for one second.
        static Func<double> Pausing(FakeClock clock)
        {
            var next = clock.Seconds + 10;
            return () =>
            {
                if (clock.Seconds < next)
                    return 0.001;
                next += 10;
                return 1;
            };
        }
        var limits = MeasurementLimits.Default with { Least = TimeSpan.FromSeconds(40) };
        var closed = FakeModel.Measure((clock, _) => Pausing(clock), launches: 1, limits: limits);
        var open = FakeModel.Measure((clock, _) => Pausing(clock), launches: 1, rate: 200, step: 50_000, limits: limits);
        Assert.InRange(Latency(closed).P99!.Value, 0.0009, 0.0011); // one request in ten thousand waited
        Assert.InRange(Latency(open).P99!.Value, 0.8, 1.1); // a tenth of all users did, half a second in the mean
        Assert.InRange(Latency(open).P50!.Value, 0.001, 0.0015);
        Assert.DoesNotContain(open.Run!.Reasons, text => text.StartsWith("saturated", StringComparison.Ordinal));
    }

    [Fact]
    public void An_open_loop_counts_the_queue()
    {
        // M/D/1 at half load: the mean wait is half a service time.
        var outcome = FakeModel.Measure((_, _) => () => 0.01, rate: 50, step: 50_000, limits: MeasurementLimits.Default with { Least = TimeSpan.FromSeconds(100) });
        Assert.InRange(Latency(outcome).Mean!.Value, 0.0145, 0.0155);
        Assert.InRange(outcome.Run![Metric.Throughput]!.Mean!.Value, 48, 52);
        Assert.Equal("open-loop", outcome.Run.Workload.Scenario);
    }

    [Fact]
    public void More_than_can_be_done_is_saturated()
    {
        var outcome = FakeModel.Measure((_, _) => () => 0.01, launches: 1, rate: 120, step: 50_000);
        Assert.Equal(RunVerdict.Invalid, outcome.Run!.Verdict);
        Assert.Contains(outcome.Run.Reasons, text => text.StartsWith("saturated:", StringComparison.Ordinal));
    }

    [Fact]
    public void Failures_are_counted_by_kind_and_are_no_latencies()
    {
        var outcome = FakeModel.Measure((clock, chance) => new Failing(clock, chance, share: 0.05));
        Assert.Equal(RunVerdict.Invalid, outcome.Run!.Verdict);
        Assert.InRange(outcome.Run[Metric.ErrorRate]!.Mean!.Value, 0.045, 0.055);
        Assert.Contains(outcome.Run.Reasons, text => text.StartsWith("errors:", StringComparison.Ordinal) && text.Contains("TimeoutException: ", StringComparison.Ordinal));
        Assert.Equal(0.001, Latency(outcome).P99!.Value, 1e-9);
        Assert.Equal(RunVerdict.Valid, FakeModel.Measure((clock, chance) => new Failing(clock, chance, share: 0.005)).Run!.Verdict);
    }

    [Fact]
    public void A_model_that_only_fails_is_given_up_soon()
    {
        var outcome = FakeModel.Measure((clock, chance) => new Failing(clock, chance, share: 1), launches: 1);
        Assert.Equal(RunVerdict.Invalid, outcome.Run!.Verdict);
        Assert.Null(outcome.Run[Metric.Latency]);
        Assert.True(outcome.Run.Duration < TimeSpan.FromSeconds(1));
        Assert.Equal(1, outcome.Run[Metric.ErrorRate]!.Mean);
        RunCheck.Require(outcome.Run, DateTimeOffset.UtcNow);
    }

    [Fact]
    public void Launches_that_differ_are_unstable()
    {
        var first = true;
        var outcome = FakeModel.Measure((_, _) =>
        {
            var seconds = first ? 0.001 : 0.0013;
            first = false;
            return () => seconds;
        });
        Assert.Equal(RunVerdict.Unstable, outcome.Run!.Verdict);
        Assert.Contains(outcome.Run.Reasons, text => text.StartsWith("launches differ:", StringComparison.Ordinal));
    }

    [Fact]
    public void More_than_a_million_answers_are_counted_in_buckets_and_thinned()
    {
        var outcome = FakeModel.Measure((_, chance) => () => 2e-6 + 8e-6 * chance.NextDouble(), launches: 1);
        Assert.True(outcome.Run![Metric.Latency]!.SampleCount > 1 << 20);
        var launch = SampleSeries.Read(outcome.Run.Samples!).Single().Launches.Single();
        Assert.True(launch.Stride > 1);
        Assert.InRange(launch.Windows.Sum(window => window.Length), 1 << 19, 1 << 20);
        Assert.InRange(Latency(outcome).P90!.Value, 9.2e-6 * 0.99, 9.2e-6 * 1.01);
        // All of them make the mean, of a closed loop of one.
        Assert.Equal(1 / outcome.Run[Metric.Throughput]!.Mean!.Value, Latency(outcome).Mean!.Value, 1e-12);
    }

    [Fact]
    public void Slow_models_are_measured_in_ten_requests()
    {
        var outcome = FakeModel.Measure((_, _) => () => 3, launches: 1);
        Assert.Equal(RunVerdict.Valid, outcome.Run!.Verdict);
        Assert.InRange(Latency(outcome).SampleCount, 10, 12);
        Assert.Null(Latency(outcome).P99);
    }

    [Fact]
    public void Strictness_is_ten_minutes_and_enough_requests()
    {
        var outcome = FakeModel.Measure((_, _) => () => 5, launches: 1, limits: MeasurementLimits.Strict);
        Assert.Equal(RunVerdict.Valid, outcome.Run!.Verdict);
        Assert.Contains("early_stopping", outcome.Run.EnvironmentJson!, StringComparison.Ordinal);
        var cut = FakeModel.Measure((_, _) => () => 5, launches: 1, limits: MeasurementLimits.Strict.Lasting(TimeSpan.FromSeconds(60)));
        Assert.Equal(RunVerdict.Invalid, cut.Run!.Verdict);
        Assert.Contains(cut.Run.Reasons, text => text.StartsWith("strict:", StringComparison.Ordinal));
    }

    [Fact]
    public void Callers_work_side_by_side_on_a_real_clock()
    {
        const int Callers = 4;
        using var together = new Barrier(Callers);
        var limits = MeasurementLimits.Quick with { Least = TimeSpan.FromMilliseconds(50), Most = TimeSpan.FromMilliseconds(100) };
        var clock = new NanosecondClock(TimeProvider.System);
        var times = Enumerable.Range(0, Callers).Select(_ => new List<(long Begun, long Ended)>()).ToArray();
        var requests = new Answering(caller =>
        {
            var begun = clock.Now;
            // Nobody goes on before all have come: four at a time, or never.
            if (times[caller].Count == 0)
                Assert.True(together.SignalAndWait(TimeSpan.FromSeconds(30)));
            Thread.SpinWait(1000);
            times[caller].Add((begun, clock.Now));
        });
        var load = new LoadGenerator(requests, limits, TimeProvider.System).Run(Callers, null, hasTokens: false, 1, CancellationToken.None);
        var report = Launch.Report(load, null);
        var (start, end) = (load.Recording.MeasuringStart, load.Recording.MeasuringEnd);
        Assert.Equal(report.Count, report.Samples.Single().Ordered().Length);
        // Each request was seen to end between this caller's own look at the clock and its next request: at each end of the measured time one may lie so.
        Assert.InRange(report.Count, Surely(), Surely() + 2 * Callers);

        int Surely() => times.Sum(own => own.Zip(own.Skip(1)).Count(pair => pair.First.Ended > start && pair.Second.Begun <= end));
    }

    [Fact]
    public void Cancelling_ends_all_callers()
    {
        using var cancelled = new CancellationTokenSource();
        var requests = new Answering(_ => cancelled.Cancel());
        Assert.ThrowsAny<OperationCanceledException>(() => new LoadGenerator(requests, MeasurementLimits.Default, TimeProvider.System).Run(3, null, hasTokens: false, 1, cancelled.Token));
    }

    private sealed class Answering(Action<int> answer) : IRequests
    {
        public Answered Answer(int caller, CancellationToken cancellationToken)
        {
            answer(caller);
            return default;
        }
    }

    private sealed class Failing(FakeClock clock, Random chance, double share) : IRequests
    {
        public Answered Answer(int caller, CancellationToken cancellationToken)
        {
            clock.Work(0.001);
            return chance.NextDouble() < share ? throw new TimeoutException() : default;
        }
    }
}
