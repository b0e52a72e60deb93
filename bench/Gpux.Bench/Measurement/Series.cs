namespace Gpux.Bench.Measurement;

/// <summary>Repeated measurements of one thing.</summary>
/// <param name="Values">In the order of measurement, at least one.</param>
/// <param name="HigherIsBetter">As of throughputs; not of times and sizes.</param>
internal sealed record Series(IReadOnlyList<double> Values, bool HigherIsBetter = false)
{
    public double Median => Quantile(0.5);

    public double Best => HigherIsBetter ? Values.Max() : Values.Min();

    /// <summary>Half of the interquartile range, as a share of the median: 0.05 says that half of the values lie within 5 %.</summary>
    public double Spread => Median == 0 ? 0 : (Quantile(0.75) - Quantile(0.25)) / 2 / Median;

    /// <summary>Work for each unit of time.</summary>
    public Series Rate(double work) => new([.. Values.Select(time => work / time)], HigherIsBetter: true);

    private double Quantile(double share)
    {
        var ordered = Values.Order().ToArray();
        var place = share * (ordered.Length - 1);
        var (below, above) = (ordered[(int)Math.Floor(place)], ordered[(int)Math.Ceiling(place)]);
        return below + (above - below) * (place - Math.Floor(place));
    }
}
