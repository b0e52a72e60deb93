using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>Percentiles by nearest rank, with intervals that assume nothing of the distribution but that samples are independent.</summary>
/// <remarks>An interval lies between two order statistics: how many of n samples lie below the true percentile is binomial. Percentiles
/// of several runs are never averaged; their samples are pooled.</remarks>
public static class Percentiles
{
    /// <summary>The level of intervals where none is named.</summary>
    public const double Level = 0.95;

    /// <summary>The place of a percentile among <paramref name="count"/> ordered samples, from 1.</summary>
    /// <param name="share">Such as 0.99; above 0, at most 1.</param>
    public static int Rank(int count, double share)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        // 0.95 of 20 is 19, whatever the last bit of the product says.
        return Math.Clamp((int)Math.Ceiling(share * count - 1e-9 * count), 1, count);
    }

    /// <summary>The places, from 1, between which the true percentile lies.</summary>
    /// <returns>Null for an end that so few samples do not bound.</returns>
    public static (int? Low, int? High) IntervalRanks(int count, double share, double level = Level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var tail = (1 - level) / 2;
        // The greatest l with P(below < l) <= tail, and the least u with P(below >= u) <= tail.
        var low = FirstWhere(0, count, rank => Below(share, count, rank) > tail);
        var high = FirstWhere(1, count + 1, rank => 1 - Below(share, count, rank - 1) <= tail);
        return (low >= 1 ? low : null, high <= count ? high : null);
    }

    /// <summary>A percentile of ordered samples with its interval.</summary>
    /// <param name="ordered">From the least; at least one.</param>
    public static Percentile Of(ReadOnlySpan<double> ordered, double share, double level = Level)
    {
        var (low, high) = IntervalRanks(ordered.Length, share, level);
        return new Percentile(share, ordered.Length, ordered[Rank(ordered.Length, share) - 1],
            low is { } from ? ordered[from - 1] : null, high is { } to ? ordered[to - 1] : null, level);
    }

    /// <summary>The median of ordered samples: of an even number the mean of the two in the middle.</summary>
    public static double Median(ReadOnlySpan<double> ordered) => (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;

    private static double Below(double share, int count, int most) => most < 0 ? 0 : Binomial.CDF(share, count, most);

    // The least in [from, to] for which something holds that holds for all greater ones; `to` if for none below.
    private static int FirstWhere(int from, int to, Func<int, bool> holds)
    {
        while (from < to)
        {
            var middle = from + (to - from) / 2;
            if (holds(middle))
                to = middle;
            else
                from = middle + 1;
        }
        return from;
    }
}

/// <summary>A percentile of samples.</summary>
/// <param name="Share">Such as 0.99.</param>
/// <param name="Value">By nearest rank.</param>
/// <param name="Low">The lower end of its interval; null if the samples are too few to bound it.</param>
/// <param name="High">The upper end, likewise.</param>
/// <param name="Level">Of the interval, such as 0.95.</param>
public readonly record struct Percentile(double Share, int SampleCount, double Value, double? Low, double? High, double Level)
{
    /// <summary>Whether the samples say where it lies. If not, it is at least <see cref="Low"/>, or nothing is known.</summary>
    public bool IsBounded => High is not null;
}
