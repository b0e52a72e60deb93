using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Statistics;

/// <summary>Whether values that follow each other rise or fall.</summary>
/// <param name="Change">From the first to the last, by the median of all slopes (Theil and Sen), as a share of the median value.</param>
/// <param name="PValue">Of the values being in chance order (Mann and Kendall, two-sided, normal approximation).</param>
public readonly record struct Trend(double Change, double PValue)
{
    // Every pair counts: of more values every so manieth is taken.
    private const int MostValues = 500;

    /// <param name="values">At least one, in order.</param>
    public static Trend Of(IReadOnlyList<double> values)
    {
        var stride = (values.Count + MostValues - 1) / MostValues;
        double[] series = stride <= 1 ? [.. values] : [.. values.Where((_, i) => i % stride == 0)];
        var n = series.Length;
        if (n < 3)
            return new Trend(0, 1);
        var slopes = new List<double>(n * (n - 1) / 2);
        var sign = 0L;
        for (var i = 0; i < n; i++)
        {
            for (var j = i + 1; j < n; j++)
            {
                sign += Math.Sign(series[j] - series[i]);
                slopes.Add((series[j] - series[i]) / (j - i));
            }
        }
        var ties = series.GroupBy(value => value).Sum(group => (double)group.Count() * (group.Count() - 1) * (2 * group.Count() + 5));
        var variance = (n * (n - 1.0) * (2 * n + 5) - ties) / 18;
        slopes.Sort();
        Array.Sort(series);
        var middle = Percentiles.Median(series);
        var change = middle > 0 ? Percentiles.Median(slopes.ToArray()) * (n - 1) / middle : 0;
        var z = variance > 0 ? (sign - Math.Sign(sign)) / Math.Sqrt(variance) : 0;
        return new Trend(change, 2 * Normal.CDF(0, 1, -Math.Abs(z)));
    }
}
