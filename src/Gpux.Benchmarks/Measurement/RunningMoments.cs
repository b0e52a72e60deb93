namespace Gpux.Benchmarks.Measurement;

/// <summary>Count, mean and scatter of values that come one by one and are not kept.</summary>
/// <remarks>Sources: Welford, Note on a method for calculating corrected sums of squares (1962); to join two of them Chan, Golub and LeVeque (1979).</remarks>
/// <param name="Squares">The sum of squared deviations from the mean.</param>
internal readonly record struct RunningMoments(long Count, double Mean, double Squares)
{
    /// <summary>Of n - 1 degrees of freedom; null of fewer than two values.</summary>
    public double? StandardDeviation => Count > 1 ? Math.Sqrt(Squares / (Count - 1)) : null;

    public RunningMoments With(double value)
    {
        var difference = value - Mean;
        var mean = Mean + difference / (Count + 1);
        return new RunningMoments(Count + 1, mean, Squares + difference * (value - mean));
    }

    public RunningMoments With(in RunningMoments others)
    {
        if (others.Count == 0)
            return this;
        var count = Count + others.Count;
        var difference = others.Mean - Mean;
        return new RunningMoments(count, Mean + difference * others.Count / count, Squares + others.Squares + difference * difference * Count / count * others.Count);
    }
}
