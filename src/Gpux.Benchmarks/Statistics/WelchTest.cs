using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>Whether two groups of independent values have the same mean, without supposing that they scatter alike.</summary>
/// <param name="Difference">Mean of the second group minus mean of the first.</param>
/// <param name="DegreesOfFreedom">By Welch and Satterthwaite; not an integer as a rule.</param>
/// <param name="T">The difference in standard errors; infinite where neither group scatters and the means differ.</param>
/// <param name="PValue">Two-sided: how likely a difference so far from 0 would be if the means were the same.</param>
/// <param name="Low">Lower end of the difference's interval at the level that was asked for.</param>
/// <param name="High">Its upper end.</param>
/// <remarks>Source: B. L. Welch, The generalization of "Student's" problem when several different population variances are
/// involved, Biometrika 34 (1947); the published examples in the tests are R's.</remarks>
public sealed record WelchTest(double Difference, double DegreesOfFreedom, double T, double PValue, double Low, double High)
{
    private const double Rounding = 1e-14;

    /// <param name="first">At least two finite values.</param>
    /// <param name="second">At least two finite values.</param>
    /// <param name="level">Of the interval, between 0 and 1.</param>
    public static WelchTest Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Length, 2, nameof(first));
        ArgumentOutOfRangeException.ThrowIfLessThan(second.Length, 2, nameof(second));
        return Of(Moments.Of(first), Moments.Of(second), level);
    }

    /// <param name="first">Of at least two values.</param>
    /// <param name="second">Of at least two values.</param>
    /// <param name="level">Of the interval, between 0 and 1.</param>
    public static WelchTest Of(Moments first, Moments second, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Count, 2, nameof(first));
        ArgumentOutOfRangeException.ThrowIfLessThan(second.Count, 2, nameof(second));
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "A level lies between 0 and 1.");
        var (difference, squared) = (second.Mean - first.Mean, first.SquaredError + second.SquaredError);
        if (squared == 0)
        {
            // Values that do not scatter at all, such as simulated ones; their means may differ by a rounding.
            var isSame = Math.Abs(difference) <= Rounding * Math.Max(Math.Abs(first.Mean), Math.Abs(second.Mean));
            return new WelchTest(difference, first.Count + second.Count - 2, isSame ? 0 : double.CopySign(double.PositiveInfinity, difference),
                isSame ? 1 : 0, difference, difference);
        }
        // By shares of the sum, for the squares of small errors may be less than a double can be.
        var (share1, share2) = (first.SquaredError / squared, second.SquaredError / squared);
        var freedom = 1 / ((share1 * share1 / (first.Count - 1)) + (share2 * share2 / (second.Count - 1)));
        var error = Math.Sqrt(squared);
        var t = difference / error;
        var half = StudentT.InvCDF(0, 1, freedom, (1 + level) / 2) * error;
        return new WelchTest(difference, freedom, t, Math.Min(1, 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(t))), difference - half, difference + half);
    }
}
