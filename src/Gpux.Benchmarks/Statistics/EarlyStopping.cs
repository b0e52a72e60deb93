using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>How many samples it takes to claim that a percentile lies below a bound, and the bound that samples support.</summary>
/// <remarks>Source: MLPerf Inference rules, early stopping, with tolerance 0.</remarks>
public static class EarlyStopping
{
    /// <summary>Of claims where none is named.</summary>
    public const double Confidence = 0.99;

    // Beyond 2^30 samples nobody asks.
    private const int Most = 1 << 30;

    /// <summary>The least number of samples of which <paramref name="exceedances"/> may lie above a bound, so that the percentile lies below it.</summary>
    /// <param name="share">The percentile, such as 0.99.</param>
    public static int LeastSamples(int exceedances, double share, double confidence = Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exceedances);
        var (from, to) = (exceedances + 1, Most);
        while (from < to)
        {
            var middle = from + (to - from) / 2;
            if (Binomial.CDF(1 - share, middle, exceedances) <= 1 - confidence)
                to = middle;
            else
                from = middle + 1;
        }
        return from;
    }

    /// <summary>The value of which the samples allow to claim that the percentile lies below.</summary>
    /// <param name="ordered">From the least.</param>
    /// <returns>Null if they are too few for any claim: below <see cref="LeastSamples"/> of one exceedance.</returns>
    public static double? Estimate(ReadOnlySpan<double> ordered, double share, double confidence = Confidence)
    {
        if (ordered.Length < LeastSamples(1, share, confidence))
            return null;
        var (from, to) = (1, ordered.Length);
        while (to - from > 1)
        {
            var middle = from + (to - from) / 2;
            if (LeastSamples(middle, share, confidence) <= ordered.Length)
                from = middle;
            else
                to = middle;
        }
        // The slowest but t - 1 are dropped; the next is the estimate.
        return ordered[ordered.Length - from];
    }
}
