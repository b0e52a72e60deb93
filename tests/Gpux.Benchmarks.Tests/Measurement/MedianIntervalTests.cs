using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Tests.Measurement;

/// <summary>The interval of the median holds the median of the launches that there might have been as often as it says.</summary>
public sealed class MedianIntervalTests
{
    private const double Median = 0.01;

    /// <param name="betweenLaunches">Scatter of launches' logarithms.</param>
    /// <param name="betweenWindows">Of windows within a launch.</param>
    [Theory]
    [InlineData(3, 0, 0.03), InlineData(3, 0.01, 0.03), InlineData(3, 0.03, 0.03), InlineData(3, 0.05, 0.03)]
    [InlineData(5, 0, 0.03), InlineData(5, 0.01, 0.03), InlineData(5, 0.03, 0.03), InlineData(5, 0.05, 0.03)]
    [InlineData(2, 0.05, 0.03), InlineData(8, 0.2, 0.03)]
    public void Launches_that_scatter_are_allowed_for(int launches, double betweenLaunches, double betweenWindows)
    {
        const int Repetitions = 2000; // a standard error of half a per cent
        const int Windows = 10; // of a request each: what matters of a window is its median
        var chance = new Random(launches * 100 + (int)(betweenLaunches * 1000));
        var held = 0;
        for (var i = 0; i < Repetitions; i++)
        {
            var series = new SampleSeries(Metric.Latency, [.. Enumerable.Range(0, launches).Select(_ => Launch())]);
            var interval = MedianInterval.Of(series, series.Ordered()[launches * Windows / 2])!.Value; // there are values
            held += interval.Low <= Median && Median <= interval.High ? 1 : 0;
        }
        Assert.InRange((double)held / Repetitions, 0.93, 0.97);

        LaunchSamples Launch()
        {
            var own = Normal.Sample(chance, 0, betweenLaunches);
            return new LaunchSamples(1, [.. Enumerable.Range(0, Windows).Select(_ => new[] { (long)(Median * 1e9 * Math.Exp(own + Normal.Sample(chance, 0, betweenWindows))) })]);
        }
    }

    [Fact]
    public void A_run_tells_the_interval_of_its_launches_for_all_times_of_requests()
    {
        static LaunchReport Launch(double factor) => new()
        {
            IsWarm = true, IsPrecise = true, Seconds = 10, Count = 300, WeightBytes = 1, InputTokens = 4, OutputTokens = 4,
            Samples = [.. new[] { Metric.Latency, Metric.TimeToFirstToken, Metric.TimePerOutputToken }.Select(metric => new SampleSeries(metric, [new LaunchSamples(1, [.. Enumerable.Repeat(Enumerable.Repeat((long)(1e7 * factor), 30).ToArray(), 10)])]))],
            Moments = new[] { Metric.Latency, Metric.TimeToFirstToken, Metric.TimePerOutputToken }.ToDictionary(metric => metric, _ => new RunningMoments(300, 0.01 * factor, 0)),
        };
        var run = FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [Launch(0.9), Launch(1), Launch(1 / 0.9)]).Run!;
        // Student's t of two degrees of freedom times the standard error of three logarithms.
        var half = 4.302653 * Math.Log(1 / 0.9) / Math.Sqrt(3);
        Assert.All((Metric[])[Metric.Latency, Metric.TimeToFirstToken, Metric.TimePerOutputToken], metric =>
        {
            Assert.Equal(0.01 * Math.Exp(-half), run[metric]!.ConfidenceLow!.Value, 1e-8);
            Assert.Equal(0.01 * Math.Exp(half), run[metric]!.ConfidenceHigh!.Value, 1e-8);
        });
        // One launch knows of its windows, which agree.
        var alone = FakeModel.Summarise(new LaunchRequest { Model = "fake" }, [Launch(1)]).Run!;
        Assert.Equal((0.01, 0.01, 0.95), (alone[Metric.TimeToFirstToken]!.ConfidenceLow!.Value, alone[Metric.TimeToFirstToken]!.ConfidenceHigh!.Value, alone[Metric.TimeToFirstToken]!.ConfidenceLevel!.Value));
    }

    [Fact]
    public void The_median_that_is_told_lies_within_its_interval()
    {
        // One launch of nine in ten requests, far from four others that agree.
        SampleSeries series = new(Metric.Latency, [new LaunchSamples(1, [[.. Enumerable.Repeat(1_000L, 1000)]]), .. Enumerable.Repeat(new LaunchSamples(1, [[100_000_000]]), 4)]);
        var interval = MedianInterval.Of(series, 1e-6)!.Value;
        Assert.InRange(1e-6, interval.Low, interval.High);
        // One window of most of the requests, far from all others.
        series = new(Metric.Latency, [new LaunchSamples(1, [[.. Enumerable.Repeat(20_000_000L, 1000)], .. Enumerable.Repeat(new[] { 10_000_000L }, 30)])]);
        interval = MedianInterval.Of(series, 0.02)!.Value;
        Assert.InRange(0.02, interval.Low, interval.High);
        Assert.Null(MedianInterval.Of(new SampleSeries(Metric.Latency, [new LaunchSamples(1, [[0]]), new LaunchSamples(1, [[1]])]), 0));
        Assert.Null(MedianInterval.Of(new SampleSeries(Metric.Latency, [new LaunchSamples(1, [[5], [6], []])]), 5e-9));
    }
}
