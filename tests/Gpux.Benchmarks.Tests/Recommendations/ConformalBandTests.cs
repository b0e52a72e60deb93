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
        // ceil(200 · 0.9) of 199
        Assert.Equal(180, ConformalBand.Threshold(Errors(199), 0.9, seed: 1));
    }

    [Theory]
    [InlineData(9, 0.9)]
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

    private static double[][] Errors(int count) => [.. Enumerable.Range(1, count).Select(error => (double[])[error])];
}
