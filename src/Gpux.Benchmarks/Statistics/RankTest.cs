using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>Mann and Whitney's test of whether two samples come from one distribution, and the distribution of its statistic.</summary>
/// <remarks>Source: Mann and Whitney (1947); ties and continuity as in Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, and
/// as scipy.stats.mannwhitneyu 1.15 does it.</remarks>
/// <param name="Statistic">U of the first sample: in how many pairs its value is the greater one, ties counting half.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="IsExact">Whether every order was counted; else the normal distribution stands in.</param>
public sealed record RankTest(double Statistic, double PValue, bool IsExact)
{
    /// <summary>Samples up to this size are counted exactly, if there are no ties.</summary>
    public const int LargestExact = 50;

    /// <exception cref="ArgumentException">A sample is empty, or has a number that is not finite.</exception>
    public static RankTest Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        Require(first, nameof(first));
        Require(second, nameof(second));
        var u = 0.0;
        foreach (var x in first)
            foreach (var y in second)
                u += x > y ? 1 : x == y ? 0.5 : 0;
        var ties = TieSizes(first, second);
        if (ties.Count == 0 && Math.Max(first.Length, second.Length) <= LargestExact)
            return new RankTest(u, Exact(u, first.Length, second.Length), true);
        return new RankTest(u, NormalPValue(u, first.Length, second.Length, ties), false);
    }

    /// <summary>The largest c of which two-sided P(U &lt;= c or U &gt;= mn - c) is at most <paramref name="alpha"/>; -1 if there is none.</summary>
    /// <remarks>The interval of Hodges and Lehmann's shift goes from the (c + 1)-th smallest difference to the (c + 1)-th largest one.</remarks>
    internal static int Critical(int first, int second, double alpha)
    {
        if (Math.Max(first, second) > LargestExact)
        {
            var (mean, deviation) = ((double)first * second / 2, Math.Sqrt((double)first * second * (first + second + 1) / 12));
            return (int)Math.Max(-1, Math.Floor(mean + Normal01.InverseCumulativeDistribution(alpha / 2) * deviation - 0.5));
        }
        var counts = Distribution(first, second);
        var (all, below, c) = (counts.Sum(), 0.0, -1);
        while (c + 1 < counts.Length && (below + counts[c + 1]) * 2 <= alpha * all)
            below += counts[++c];
        return c;
    }

    private static readonly Normal Normal01 = new(0, 1);

    private static void Require(ReadOnlySpan<double> sample, string parameter)
    {
        if (sample.IsEmpty)
            throw new ArgumentException("A sample has at least one value.", parameter);
        foreach (var value in sample)
            if (!double.IsFinite(value))
                throw new ArgumentException($"A sample has finite values; this one has {value}.", parameter);
    }

    private static List<int> TieSizes(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        double[] all = [.. first, .. second];
        Array.Sort(all);
        List<int> ties = [];
        for (int i = 0, j; i < all.Length; i = j)
        {
            for (j = i; j < all.Length && all[j] == all[i];)
                j++;
            if (j - i > 1)
                ties.Add(j - i);
        }
        return ties;
    }

    private static double Exact(double u, int first, int second)
    {
        var counts = Distribution(first, second);
        var extreme = (int)Math.Max(u, (double)first * second - u);
        return Math.Min(1, 2 * counts.Skip(extreme).Sum() / counts.Sum());
    }

    /// <summary>In how many orders U is 0, 1, 2 and so on; as numbers, of which those up to 2^53 are exact and the rest as good as a test needs.</summary>
    private static double[] Distribution(int first, int second)
    {
        // The generating function is the Gaussian binomial: factors (1 - q^(second + i)) / (1 - q^i).
        var counts = new double[first * second + 1];
        counts[0] = 1;
        for (var i = 1; i <= first; i++)
        {
            for (var u = counts.Length - 1; u >= second + i; u--)
                counts[u] -= counts[u - second - i];
            for (var u = i; u < counts.Length; u++)
                counts[u] += counts[u - i];
        }
        return counts;
    }

    /// <param name="ties">How many values share each number that several have.</param>
    internal static double NormalPValue(double u, int first, int second, List<int> ties)
    {
        var (pairs, all) = ((double)first * second, (double)first + second);
        var variance = pairs / 12 * (all + 1 - ties.Sum(size => Math.Pow(size, 3) - size) / (all * (all - 1)));
        if (variance == 0)
            return 1; // all values are one
        // Continuity: half a step towards the middle.
        var z = (Math.Max(u, pairs - u) - pairs / 2 - 0.5) / Math.Sqrt(variance);
        return Math.Min(1, 2 * (1 - Normal01.CumulativeDistribution(z)));
    }
}
