using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Tests.Statistics;

public sealed class WelchTestTests
{
    // Cushny and Peebles (1905), hours of sleep gained by two drugs: R's data set "sleep", and what R's t.test says of it.
    private static readonly double[] Sleep1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    private static readonly double[] Sleep2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    // Miles per gallon of cars with automatic and manual gears: R's "mtcars".
    private static readonly double[] Automatic =
        [21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2];

    private static readonly double[] Manual = [21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4];

    [Fact]
    public void Sleep_is_as_published()
    {
        var test = WelchTest.Of(Sleep1, Sleep2);
        Assert.Equal(1.58, test.Difference, 12);
        Assert.Equal(1.8608, test.T, 4);
        Assert.Equal(17.776, test.DegreesOfFreedom, 3);
        Assert.Equal(0.07939, test.PValue, 5);
        Assert.Equal(-0.2054832, test.Low, 7);
        Assert.Equal(3.3654832, test.High, 7);
    }

    [Fact]
    public void Cars_are_as_published()
    {
        var test = WelchTest.Of(Automatic, Manual);
        Assert.Equal(3.7671, test.T, 4);
        Assert.Equal(18.332, test.DegreesOfFreedom, 3);
        Assert.Equal(0.001374, test.PValue, 6);
        Assert.Equal(3.209684, test.Low, 6);
        Assert.Equal(11.280194, test.High, 6);
    }

    [Fact]
    public void Groups_in_exchange_turn_the_sign_alone()
    {
        var (there, back) = (WelchTest.Of(Sleep1, Sleep2), WelchTest.Of(Sleep2, Sleep1));
        Assert.Equal(there.PValue, back.PValue, 14);
        Assert.Equal((there.Low, there.High), (-back.High, -back.Low));
    }

    [Fact]
    public void Values_without_scatter_are_the_same_or_not()
    {
        Assert.Equal(1, WelchTest.Of([2, 2, 2], [2, 2, 2]).PValue);
        Assert.Equal(0, WelchTest.Of([2, 2, 2], [3, 3, 3]).PValue);
        // Three times 0.1 has a mean that is not 0.1.
        Assert.Equal(1, WelchTest.Of([0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]).PValue, 12);
    }

    [Theory]
    [InlineData(1e-200)]
    [InlineData(1e150)]
    public void Units_do_not_matter(double scale)
    {
        var test = WelchTest.Of(Array.ConvertAll(Sleep1, value => value * scale), Array.ConvertAll(Sleep2, value => value * scale));
        // Squares of very small numbers are 0: then the means are compared alone.
        if (scale > 1)
            Assert.Equal(0.07939, test.PValue, 5);
        Assert.InRange(test.PValue, 0, 1);
    }

    [Fact]
    public void A_test_needs_two_values_on_each_side()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => WelchTest.Of([1], [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => WelchTest.Of([1, 2], [1, 2], level: 1));
    }

    [Fact]
    public void Intervals_hold_the_true_difference_as_often_as_they_say()
    {
        var random = new Random(20260101);
        const int Repetitions = 4000;
        var held = 0;
        for (var i = 0; i < Repetitions; i++)
        {
            // Unequal numbers, unequal scatter: what the test is for.
            var test = WelchTest.Of(NormalValues.Draw(random, 4, mean: 1, deviation: 1), NormalValues.Draw(random, 9, mean: 3, deviation: 0.3));
            held += test.Low <= 2 && 2 <= test.High ? 1 : 0;
        }
        Assert.InRange(held / (double)Repetitions, 0.94, 0.96);
    }
}

/// <summary>Seeded normal values.</summary>
internal static class NormalValues
{
    public static double[] Draw(Random random, int count, double mean, double deviation) =>
        [.. Enumerable.Range(0, count).Select(_ => MathNet.Numerics.Distributions.Normal.Sample(random, mean, deviation))];
}
