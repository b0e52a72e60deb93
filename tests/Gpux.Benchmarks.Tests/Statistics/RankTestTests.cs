using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class RankTestTests
{
    // The example of scipy.stats.mannwhitneyu's documentation (1.15), exact and asymptotic.
    private static readonly double[] Males = [19, 22, 16, 29, 24];
    private static readonly double[] Females = [20, 11, 17, 12];

    [Fact]
    public void Small_samples_are_counted_exactly()
    {
        var test = RankTest.Of(Males, Females);
        Assert.True(test.IsExact);
        Assert.Equal(17, test.Statistic);
        Assert.Equal(1.0 / 9, test.PValue, 12); // 14 of 126 orders
        Assert.Equal(3, RankTest.Of(Females, Males).Statistic);
        Assert.Equal(test.PValue, RankTest.Of(Females, Males).PValue, 12);
    }

    [Fact]
    public void Ties_make_it_normal()
    {
        // By hand: 13.5 of 16 pairs; three numbers that two values share: variance 16/12 (9 - 18/56).
        var test = RankTest.Of([1, 3, 3, 5], [0, 1, 2, 2]);
        Assert.False(test.IsExact);
        Assert.Equal(13.5, test.Statistic);
        var z = (13.5 - 8 - 0.5) / Math.Sqrt(16.0 / 12 * (9 - (6.0 + 6 + 6) / 56));
        Assert.Equal(2 * (1 - new MathNet.Numerics.Distributions.Normal(0, 1).CumulativeDistribution(z)), test.PValue, 12);
    }

    [Fact]
    public void Normal_approximation_is_scipy_s()
    {
        // mannwhitneyu(males, females, method="asymptotic") of the same documentation.
        Assert.Equal(0.11134688653314041, RankTest.NormalPValue(17, 5, 4, []), 12);
        double[] first = [.. Enumerable.Range(0, 60).Select(i => i * 2.0)], second = [.. Enumerable.Range(0, 60).Select(i => i * 2.0 + 11)];
        var test = RankTest.Of(first, second);
        Assert.False(test.IsExact); // too large to count
        Assert.Equal(RankTest.NormalPValue(first.Sum(x => second.Count(y => x > y)), 60, 60, []), test.PValue, 12);
    }

    // Two-sided 5 % of the tables of Mann and Whitney (Milton, 1964).
    [Theory]
    [InlineData(4, 4, 0), InlineData(5, 5, 2), InlineData(6, 6, 5), InlineData(8, 8, 13), InlineData(9, 9, 17), InlineData(10, 10, 23), InlineData(5, 10, 8), InlineData(20, 20, 127), InlineData(3, 3, -1)]
    public void Critical_values_are_the_tables(int first, int second, int critical) => Assert.Equal(critical, RankTest.Critical(first, second, 0.05));

    [Theory]
    [InlineData(double.NaN), InlineData(double.PositiveInfinity)]
    public void What_is_no_number_is_refused(double value) => Assert.Throws<ArgumentException>(() => RankTest.Of([1, value], [1]));

    [Fact]
    public void Shift_is_the_median_of_all_differences()
    {
        // Hollander and Wolfe, example 4.1 (permeability of membranes): estimate 0.305 for at term less 12-26 weeks; R's wilcox.test(conf.int = TRUE) agrees.
        double[] atTerm = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], early = [1.15, 0.88, 0.90, 0.74, 1.21];
        var shift = HodgesLehmann.Of(early, atTerm);
        Assert.Equal(0.305, shift.Shift, 10);
        Assert.Equal(35, RankTest.Of(atTerm, early).Statistic);
        Assert.Equal(0.2544, RankTest.Of(atTerm, early).PValue, 4);
        // The 9th of 50 differences from each end, by counting.
        double[] differences = [.. atTerm.SelectMany(x => early, (x, y) => x - y).Order()];
        Assert.Equal((differences[8], differences[^9]), (shift.Low, shift.High));
    }

    [Fact]
    public void Too_few_values_have_no_interval()
    {
        Assert.Equal((double.NegativeInfinity, double.PositiveInfinity), (HodgesLehmann.Of([1, 2, 3], [4, 5, 6]).Low, HodgesLehmann.Of([1, 2, 3], [4, 5, 6]).High));
        var test = PermutationTest.Of([1, 2, 3], [4, 5, 6]);
        Assert.Equal((3.0, double.NegativeInfinity, double.PositiveInfinity), (test.Shift, test.Low, test.High));
        Assert.Equal(0.1, test.PValue, 12); // 2 of 20
    }

    [Fact]
    public void Permutation_interval_holds_what_the_test_does_not_refuse()
    {
        double[] first = [1.1, 2.5, 0.3, 4.2, 2.2], second = [3.9, 6.1, 5.5, 2.8, 7.7, 4.1];
        var test = PermutationTest.Of(first, second);
        Assert.True(test.IsExact);
        // Just inside of an end the shifted samples do not differ at 5 %, just outside they do.
        double Shifted(double by) => PermutationTest.Of(first, [.. second.Select(value => value - by)]).PValue;
        Assert.True(Shifted(test.Low + 1e-6) > 0.05 && Shifted(test.High - 1e-6) > 0.05);
        Assert.True(Shifted(test.Low - 1e-6) <= 0.05 && Shifted(test.High + 1e-6) <= 0.05);
    }

    [Fact]
    public void Large_uneven_samples_are_drawn()
    {
        double[] first = [.. Enumerable.Range(0, 8).Select(i => (double)i)], second = [.. Enumerable.Range(0, 60).Select(i => i * 0.13 + 5)];
        var test = PermutationTest.Of(first, second);
        Assert.False(test.IsExact);
        Assert.True(test.Low < test.Shift && test.Shift < test.High);
        Assert.Equal(test, PermutationTest.Of(first, second)); // the draws have a seed
    }

    // The share of intervals that miss the truth is at most 5 %, and not far below it; 600 seeded repetitions have an error of 0.9 %.
    [Theory]
    [InlineData(5, 5), InlineData(7, 6), InlineData(9, 9), InlineData(12, 15)]
    public void Intervals_miss_as_often_as_they_say(int first, int second)
    {
        const int Repetitions = 600;
        var random = new Random(first * 100 + second);
        var normal = new MathNet.Numerics.Distributions.Normal(0, 0.05, random);
        var misses = 0;
        for (var i = 0; i < Repetitions; i++)
        {
            double[] a = [.. Enumerable.Range(0, first).Select(_ => 0.010 * Math.Exp(normal.Sample()))];
            double[] b = [.. Enumerable.Range(0, second).Select(_ => 0.008 * Math.Exp(normal.Sample()))];
            var ratio = LogRatio.Of(a, b);
            misses += ratio.Low > 0.8 || ratio.High < 0.8 ? 1 : 0;
        }
        Assert.InRange((double)misses / Repetitions, 0.02, 0.07);
    }
}
