using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>How many samples a percentile needs where their number is fixed beforehand, whatever they say.</summary>
/// <remarks>Source: MLPerf Inference rules, number of queries: n = z^2 p (1 - p) / m^2, where the share of samples below the bound is to be known within the
/// margin m, a twentieth of 1 - p. <see cref="EarlyStopping"/> asks for fewer where few of them exceed the bound; gpux bench --strict ends by that.</remarks>
public static class FixedSamples
{
    private const double MarginPart = 20;

    /// <summary>23,886 for p90, 50,425 for p95, 85,811 for p97, 262,742 for p99 at 99 %; to the nearest whole number, as the rules list them.</summary>
    /// <param name="share">The percentile, such as 0.99; between 0 and 1.</param>
    /// <param name="confidence">Between 0 and 1, of an interval with two sides.</param>
    public static long Count(double share, double confidence = EarlyStopping.Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(share, 1);
        var z = Normal.InvCDF(0, 1, (1 + confidence) / 2);
        var margin = (1 - share) / MarginPart;
        return (long)Math.Round(z * z * share * (1 - share) / (margin * margin));
    }
}
