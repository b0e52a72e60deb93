using Gpux.Benchmarks.Recommendations;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class ConformalBandTests
{
    [Theory]
    [InlineData(0.8, 4)]
    [InlineData(0.9, 9)]
    [InlineData(0.95, 19)]
    public void Threshold_is_infinite_until_there_is_enough(double level, int needed)
    {
        Assert.Equal(needed, ConformalBand.Needed(level));
        Assert.True(double.IsPositiveInfinity(ConformalBand.Threshold(Errors(needed - 1), level, seed: 1)));
        Assert.Equal(needed, ConformalBand.Threshold(Errors(needed), level, seed: 1));
    }

    [Fact]
    public void Threshold_is_the_order_statistic()
    {
        // 200 · 0.9 of 199
        Assert.Equal(180, ConformalBand.Threshold(Errors(199), 0.9, seed: 1), 9);
    }

    [Fact]
    public void Threshold_lies_between_two_order_statistics()
    {
        // 19 · 0.9 = 17.1 of 18
        Assert.Equal(17.1, ConformalBand.Threshold(Errors(18), 0.9, seed: 1), 9);
        // Of groups of two equal errors each as of groups of one.
        Assert.Equal(17.1, ConformalBand.Threshold([.. Errors(18).Select(error => (double[])[error[0], error[0]])], 0.9, seed: 1), 1);
    }

    [Theory]
    [InlineData(9, 0.9)]
    [InlineData(11, 0.9)]
    [InlineData(15, 0.9)]
    [InlineData(18, 0.9)]
    [InlineData(24, 0.9)]
    [InlineData(50, 0.9)]
    [InlineData(200, 0.9)]
    public void Covers_what_it_promises(int count, double level)
    {
        var random = new Random(7);
        var covered = 0;
        const int Draws = 4000;
        for (var draw = 0; draw < Draws; draw++)
        {
            var errors = Enumerable.Range(0, count).Select(_ => (double[])[Math.Abs(Normal.Sample(random, 0, 1))]).ToArray();
            covered += Math.Abs(Normal.Sample(random, 0, 1)) <= ConformalBand.Threshold(errors, level, seed: draw) ? 1 : 0;
        }
        Assert.InRange((double)covered / Draws, 0.88, 0.92);
    }

    [Fact]
    public void Errors_of_one_group_count_once()
    {
        // A thousand errors of three models say as little as three.
        double[][] groups = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Repeat(1.0, 400).ToArray())];
        Assert.True(double.IsPositiveInfinity(ConformalBand.Threshold(groups, 0.9, seed: 1)));
    }

    [Fact]
    public void Coverage_of_what_does_not_drift_is_what_is_promised()
    {
        var random = new Random(11);
        var (covered, count) = (0, 0);
        for (var draw = 0; draw < 200; draw++)
        {
            var (part, of) = ConformalBand.Coverage([.. Enumerable.Range(0, 60).Select(_ => (double[])[Math.Abs(Normal.Sample(random, 0, 1))])], 0.9, seed: draw);
            Assert.Equal(60 - ConformalBand.Needed(0.9), of);
            (covered, count) = (covered + part, count + of);
        }
        Assert.InRange((double)covered / count, 0.89, 0.915);
    }

    [Fact]
    public void Coverage_of_what_drifts_falls_below_what_is_promised()
    {
        var random = new Random(12);
        // Each group's errors are larger than those of the one before, on the whole.
        double[][] drifting = [.. Enumerable.Range(0, 100).Select(i => (double[])[Math.Exp(0.05 * i) * Math.Abs(Normal.Sample(random, 0, 1))])];
        var (covered, count) = ConformalBand.Coverage(drifting, 0.9, seed: 1);
        Assert.InRange((double)covered / count, 0.3, 0.8);
        // The same errors in an order that says nothing.
        var mixed = drifting.ToArray();
        new Random(13).Shuffle(mixed);
        (covered, count) = ConformalBand.Coverage(mixed, 0.9, seed: 1);
        Assert.InRange((double)covered / count, 0.85, 1);
    }

    [Fact]
    public void Coverage_needs_more_groups_than_an_interval()
    {
        Assert.Equal((0, 0), ConformalBand.Coverage(Errors(9), 0.9, seed: 1));
        Assert.Equal((0, 1), ConformalBand.Coverage(Errors(10), 0.9, seed: 1)); // each is larger than all before
    }

    [Theory]
    [InlineData(18, 20, 0.683, 0.988)] // R: binom.test(18, 20)
    [InlineData(0, 10, 0, 0.3085)]
    [InlineData(10, 10, 0.6915, 1)]
    public void Coverage_has_an_interval_of_its_own(int covered, int count, double low, double high)
    {
        var coverage = new HeldOutCoverage("latency", "new model", count + 9, 9, covered, count);
        Assert.Equal(low, coverage.Low, 3);
        Assert.Equal(high, coverage.High, 3);
    }

    private static double[][] Errors(int count) => [.. Enumerable.Range(1, count).Select(error => (double[])[error])];
}
