using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class PercentilesTests
{
    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(2, 0.5, 1)]
    [InlineData(20, 0.95, 19)]
    [InlineData(100, 0.99, 99)]
    [InlineData(101, 0.99, 100)]
    [InlineData(1000, 0.999, 999)]
    [InlineData(7, 1, 7)]
    public void Rank_is_the_nearest(int count, double share, int rank) => Assert.Equal(rank, Percentiles.Rank(count, share));

    [Theory]
    [InlineData(10, 0.5, 2, 9)]
    [InlineData(30, 0.5, 10, 21)]
    [InlineData(100, 0.5, 40, 61)]
    [InlineData(500, 0.99, 490, 500)]
    [InlineData(1000, 0.99, 983, 997)]
    [InlineData(2000, 0.99, 1971, 1989)]
    public void Interval_ranks_are_those_of_the_table(int count, double share, int low, int high) =>
        Assert.Equal((low, high), Percentiles.IntervalRanks(count, share));

    [Fact]
    public void Too_few_samples_bound_nothing()
    {
        var (low, high) = Percentiles.IntervalRanks(100, 0.99);
        Assert.NotNull(low);
        Assert.Null(high);
        Assert.Equal((null, null), Percentiles.IntervalRanks(5, 0.5));
        var percentile = Percentiles.Of([1, 2, 3], 0.99);
        Assert.False(percentile.IsBounded);
        Assert.Equal(3, percentile.Value);
    }

    [Theory]
    [InlineData(0.9, new[] { 44, 64, 81, 127, 197, 681 })]
    [InlineData(0.95, new[] { 90, 130, 165, 259, 398, 1372 })]
    [InlineData(0.99, new[] { 459, 662, 838, 1307, 2010, 6898 })]
    [InlineData(0.999, new[] { 4603, 6636, 8403, 13105, 20140, 69058 })]
    public void Early_stopping_needs_what_the_rules_table_says(double share, int[] expected) =>
        Assert.Equal(expected, new[] { 0, 1, 2, 5, 10, 50 }.Select(exceedances => EarlyStopping.LeastSamples(exceedances, share)));

    [Theory]
    [InlineData(0.9, 23_886), InlineData(0.95, 50_425), InlineData(0.97, 85_811), InlineData(0.99, 262_742)]
    public void A_fixed_number_of_samples_is_what_the_rules_list(double share, long expected) => Assert.Equal(expected, FixedSamples.Count(share));

    [Fact]
    public void Early_stopping_drops_the_slowest_that_may_be()
    {
        double[] ordered = [.. Enumerable.Range(1, 2010).Select(value => (double)value)];
        Assert.Equal(2001, EarlyStopping.Estimate(ordered, 0.99)); // ten may exceed: nine are dropped
        Assert.Equal(2001, EarlyStopping.Estimate(ordered.AsSpan(0, 2009), 0.99)); // nine may: eight are
        Assert.Null(EarlyStopping.Estimate(ordered.AsSpan(0, 661), 0.99));
        Assert.Equal(662, EarlyStopping.Estimate(ordered.AsSpan(0, 662), 0.99));
    }

    [Fact]
    public void Trend_tells_a_slope_from_noise()
    {
        var chance = new Random(1);
        var rising = Trend.Of([.. Enumerable.Range(0, 40).Select(i => 1 + 0.005 * i + 0.02 * chance.NextDouble())]);
        Assert.InRange(rising.Change, 0.15, 0.2);
        Assert.True(rising.PValue < 1e-6);
        var alarms = Enumerable.Range(0, 1000).Count(_ => Trend.Of([.. Enumerable.Range(0, 20).Select(_ => chance.NextDouble())]).PValue < 0.05);
        Assert.InRange(alarms, 25, 75);
        Assert.Equal(1, Trend.Of([3, 3, 3, 3, 3, 3]).PValue);
    }
}
