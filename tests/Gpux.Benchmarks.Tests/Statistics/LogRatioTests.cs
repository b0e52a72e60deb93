using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class LogRatioTests
{
    [Fact]
    public void Ratio_and_interval_are_Welch_s_on_logarithms()
    {
        double[] a = [0.010, 0.0102, 0.0099], b = [0.020, 0.0207, 0.0201, 0.0195];
        var (ratio, test) = (LogRatio.Of(a, b), WelchTest.Of([.. a.Select(value => Math.Log(value))], [.. b.Select(value => Math.Log(value))]));
        Assert.Equal(Math.Exp(test.Difference), ratio.Ratio, 12);
        Assert.Equal((Math.Exp(test.Low), Math.Exp(test.High), test.PValue, 3, 4), (ratio.Low, ratio.High, ratio.PValue, ratio.CountA, ratio.CountB));
        Assert.Equal(RatioVerdict.Greater, ratio.Verdict(ratio.PValue));
        var inverse = ratio.Inverse();
        Assert.Equal((1 / ratio.Ratio, 1 / ratio.High, 1 / ratio.Low), (inverse.Ratio, inverse.Low, inverse.High));
        Assert.Equal(RatioVerdict.Less, inverse.Verdict(inverse.PValue));
    }

    [Fact]
    public void Two_values_a_side_have_no_interval()
    {
        var ratio = LogRatio.Of([1, 1.01], [2, 2.01, 2.02]);
        Assert.False(ratio.IsBounded);
        Assert.Equal((0.0, double.PositiveInfinity, 1.0), (ratio.Low, ratio.High, ratio.PValue));
        Assert.Equal(RatioVerdict.TooFew, ratio.Verdict(0));
        // It is no test, and makes no other one harder.
        var other = LogRatio.Of([1, 1.01, 1.02], [2, 2.01, 2.02]);
        Assert.Equal<double?>([1, other.PValue, null], LogRatio.Adjust([ratio, other, null]));
    }

    [Fact]
    public void Within_five_per_cent_is_no_difference_though_there_is_one() =>
        Assert.Equal(RatioVerdict.Equivalent, LogRatio.Of([1, 1.001, 1.002], [1.02, 1.021, 1.022]).Verdict(1e-6));

    [Fact]
    public void An_interval_apart_from_1_is_no_verdict_when_many_are_compared() =>
        Assert.Equal(RatioVerdict.Inconclusive, LogRatio.Of([1, 1.01, 1.02], [1.1, 1.12, 1.15]).Verdict(0.06));

    [Theory]
    [InlineData(0), InlineData(-1), InlineData(double.NaN), InlineData(double.PositiveInfinity)]
    public void What_has_no_logarithm_is_refused(double value) => Assert.Throws<ArgumentException>(() => LogRatio.Of([1, value, 1], [1, 1, 1]));

    [Fact]
    public void Moments_of_groups_are_those_of_all_values()
    {
        double[] first = [1, 4, 2], second = [7], third = [3, 3.5, 9, 1];
        var (joined, all) = (Moments.Joined([Moments.Of(first), Moments.Of(second), Moments.Of(third)]), Moments.Of([.. first, .. second, .. third]));
        Assert.Equal(all.Count, joined.Count);
        Assert.Equal(all.Mean, joined.Mean, 12);
        Assert.Equal(all.Variance, joined.Variance, 12);
    }

    [Fact]
    public void Three_runs_are_three_values_whatever_launches_they_have()
    {
        Moments[] runs = [new(5, 1, 0.1), new(5, 2, 0.1), new(5, 3, 0.1)];
        Assert.Equal((new Moments(3, 2, 1), new Moments(3, 2, 1)), Moments.OfRuns(runs, runs));
        Assert.Equal((10, 5), (Moments.OfRuns(runs[..2], runs[..1]).A.Count, Moments.OfRuns(runs[..2], runs[..1]).B.Count));
    }

    [Fact]
    public void Runs_are_not_compared_with_launches()
    {
        Moments[] runs = [new(5, 1, 0.1), new(5, 2, 0.1), new(5, 3, 0.1)];
        var (three, one) = Moments.OfRuns(runs, runs[..1]);
        Assert.Equal((3, 1), (three.Count, one.Count));
        Assert.Equal(RatioVerdict.TooFew, LogRatio.Of(three, one).Verdict(0));
    }

    [Fact]
    public void Logarithms_by_the_moments_are_near_those_of_the_values()
    {
        var values = NormalValues.Draw(new Random(3), 5, mean: 60, deviation: 6);
        var (near, exact) = (Moments.Logarithms(Moments.Of(values)), Moments.OfLogarithms(values));
        Assert.Equal(exact.Mean, near.Mean, 3);
        Assert.InRange(Math.Sqrt(near.Variance / exact.Variance), 0.95, 1.05);
    }
}
