namespace Gpux.Benchmarks.Statistics;

/// <summary>How far a second sample lies above a first: the median of all differences between their values.</summary>
/// <remarks>Source: Hodges and Lehmann (1963). The interval holds the shifts that Mann and Whitney's test does not refuse.</remarks>
/// <param name="Shift">Added to the first sample, it makes it like the second.</param>
/// <param name="Low">-infinity where the samples are too small for the level.</param>
/// <param name="Level">That the interval has at least.</param>
public sealed record HodgesLehmann(double Shift, double Low, double High, double Level)
{
    /// <param name="level">Of the interval, between 0 and 1.</param>
    /// <exception cref="ArgumentException">A sample is empty, or has a number that is not finite.</exception>
    public static HodgesLehmann Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second, double level = 0.95)
    {
        if (level is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "A level lies between 0 and 1.");
        _ = RankTest.Of(first, second); // refuses what is no sample
        var differences = new double[first.Length * second.Length];
        for (var i = 0; i < first.Length; i++)
            for (var j = 0; j < second.Length; j++)
                differences[i * second.Length + j] = second[j] - first[i];
        Array.Sort(differences);
        var middle = differences.Length / 2;
        var shift = differences.Length % 2 == 1 ? differences[middle] : (differences[middle - 1] + differences[middle]) / 2;
        var critical = RankTest.Critical(first.Length, second.Length, 1 - level);
        return critical < 0 ? new HodgesLehmann(shift, double.NegativeInfinity, double.PositiveInfinity, level)
            : new HodgesLehmann(shift, differences[critical], differences[^(critical + 1)], level);
    }
}
