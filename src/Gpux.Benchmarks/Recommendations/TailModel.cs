using MathNet.Numerics.Distributions;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>How far the next run's 99th percentile will lie above its typical latency.</summary>
/// <param name="Mean">Of ln(p99 / typical).</param>
/// <param name="MeanDeviation">Of the mean: 0 where nothing tells.</param>
/// <param name="HalfWidth">Of the interval of the next run's; infinite where too little was measured to know.</param>
/// <param name="Runs">Of this very configuration that have a 99th percentile.</param>
internal sealed record TailForecast(double Mean, double MeanDeviation, double HalfWidth, int Runs)
{
    /// <summary>The 99th percentile of which the typical latency is known. Slow runs often have long tails too, so that the two half-widths are added, as errors that
    /// always go together, and not as independent ones: the interval holds what it promises, or more.</summary>
    public Estimate Of(Estimate latency)
    {
        // A 99th percentile below the median is a rounding.
        static double Factor(double logarithm) => Math.Exp(Math.Max(logarithm, 0));
        return double.IsInfinity(HalfWidth) || !latency.HasInterval ? new(latency.Typical * Factor(Mean), 0, double.PositiveInfinity)
            : new(latency.Typical * Factor(Mean), latency.Low * Factor(Mean - HalfWidth), latency.High * Factor(Mean + HalfWidth));
    }
}

/// <summary>Learns tails, ln(p99 / typical), from runs: of a configuration that was measured from its own, of another from those of all.</summary>
/// <remarks>The next run of n lies within mean ± t · s · √(1 + 1/n). A configuration's own variance of few runs is moderated by that of all others, which counts as
/// <see cref="PriorFreedom"/> degrees of freedom at most: s² = (Σ(x − mean)² + d₀ s₀²) / (n − 1 + d₀) (Smyth, "Linear models and empirical Bayes methods", 2004). Where a
/// configuration has no tail of its own, each model on a platform is one value; the next run scatters around its own as runs do elsewhere.</remarks>
internal sealed class TailModel
{
    private const int PriorFreedom = (int)EffectVariances.PriorWeight;

    private readonly double[] _quantiles = new double[64]; // by degrees of freedom, where there are so few; 0: not yet
    private readonly double _level;
    private readonly double _squares;
    private readonly int _freedom;
    private readonly TailForecast? _elsewhere;

    /// <param name="level">Of the intervals; null for none.</param>
    public TailModel(IReadOnlyList<Cell> cells, double? level)
    {
        _level = level ?? double.NaN;
        var (pairs, sums) = (new Dictionary<long, Dictionary<long, Sum>>(), new List<Sum>()); // by model, and then platform
        foreach (var cell in cells)
        {
            if (cell.Tail is not { } tail)
                continue;
            (_squares, _freedom) = (_squares + tail.SquaredDeviations, _freedom + tail.Runs - 1);
            if (!pairs.TryGetValue(cell.ModelId, out var platforms))
                pairs.Add(cell.ModelId, platforms = []);
            if (!platforms.TryGetValue(cell.HardwareId, out var sum))
            {
                platforms.Add(cell.HardwareId, sum = new Sum());
                sums.Add(sum);
            }
            sum.Value += tail.Mean * tail.Runs;
            sum.Runs += tail.Runs;
        }
        if (sums.Count == 0)
            return;
        var (mean, squares, shares) = (0.0, 0.0, 0.0);
        foreach (var sum in sums)
            (mean, shares) = (mean + sum.Mean / sums.Count, shares + 1.0 / sum.Runs / sums.Count);
        foreach (var sum in sums)
            squares += (sum.Mean - mean) * (sum.Mean - mean);
        var variance = sums.Count < 2 ? 0 : squares / (sums.Count - 1) * (1 + 1.0 / sums.Count);
        // What runs scatter by is in the variance of means already, but for the part that they average out.
        var averagedOut = _freedom > 0 ? _squares / _freedom * (1 - shares) : 0;
        _elsewhere = Forecast(mean, variance, variance + averagedOut, sums.Count - 1, runs: 0);
    }

    /// <param name="cell">The configuration that is asked for; null where it was never measured.</param>
    /// <returns>Null where nothing has a 99th percentile.</returns>
    public TailForecast? Of(Cell? cell)
    {
        if (cell?.Tail is not { } tail)
            return _elsewhere;
        var (own, others) = (tail.Runs - 1, _freedom - (tail.Runs - 1));
        var prior = Math.Min(PriorFreedom, others);
        var supposed = others > 0 ? Math.Max(0, _squares - tail.SquaredDeviations) / others : 0;
        var variance = (tail.SquaredDeviations + prior * supposed) / (own + prior);
        return Forecast(tail.Mean, variance / tail.Runs, variance * (1 + 1.0 / tail.Runs), own + prior, tail.Runs);
    }

    private TailForecast Forecast(double mean, double varianceOfMean, double varianceOfNext, int freedom, int runs) =>
        freedom <= 0 ? new(mean, 0, double.PositiveInfinity, runs)
        : new(mean, Math.Sqrt(varianceOfMean), double.IsNaN(_level) ? double.PositiveInfinity : Quantile(freedom) * Math.Sqrt(varianceOfNext), runs);

    private double Quantile(int freedom)
    {
        var known = freedom < _quantiles.Length ? _quantiles[freedom] : 0;
        if (known > 0)
            return known;
        var quantile = StudentT.InvCDF(0, 1, freedom, (1 + _level) / 2);
        if (freedom < _quantiles.Length)
            _quantiles[freedom] = quantile;
        return quantile;
    }

    // Over the runs of a model on a platform.
    private sealed class Sum
    {
        public double Value { get; set; }
        public int Runs { get; set; }
        public double Mean => Value / Runs;
    }
}
