using Gpux.Benchmarks.Statistics;
using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Between which bounds the median of a quantity lies, at <see cref="Percentiles.Level"/>.</summary>
/// <remarks>Only launches are independent of each other (docs/decisions/0015-comparisons.md): of two or more, Student's interval of the logarithms of their medians. Of a single
/// one, order statistics of its windows' medians, which cannot know how launches differ.</remarks>
internal static class MedianInterval
{
    /// <param name="median">That is reported, of the values of all launches together.</param>
    /// <returns>Null where the values are too few, or one of the medians is 0.</returns>
    public static (double Low, double High)? Of(SampleSeries series, double median)
    {
        var launches = series.LaunchMedians();
        if (launches.Length < 2)
            return OfWindows(series) is var (least, most) ? (Math.Min(least, median), Math.Max(most, median)) : null;
        if (!Array.TrueForAll(launches, each => each > 0))
            return null;
        var (low, high) = Student(Moments.OfLogarithms(launches));
        // Where one launch has most of the requests, the median may be its own, far from the others'.
        return (Math.Min(Math.Exp(low), median), Math.Max(Math.Exp(high), median));
    }

    /// <summary>Student's interval of a mean.</summary>
    /// <param name="values">At least two.</param>
    public static (double Low, double High) Student(Moments values)
    {
        var half = StudentT.InvCDF(0, 1, values.Count - 1, (1 + Percentiles.Level) / 2) * Math.Sqrt(values.SquaredError);
        return (values.Mean - half, values.Mean + half);
    }

    private static (double, double)? OfWindows(SampleSeries series)
    {
        double[] medians =
        [
            .. series.Launches.SelectMany(launch => launch.Windows).Where(window => window.Length > 0)
                .Select(window => NanosecondClock.Seconds(Middle(window))).Order(),
        ];
        return medians.Length > 0 && Percentiles.Of(medians, 0.5) is { Low: { } low, High: { } high } ? (low, high) : null;
    }

    private static long Middle(long[] window)
    {
        long[] ordered = [.. window.Order()];
        return ordered[Percentiles.Rank(ordered.Length, 0.5) - 1];
    }
}
