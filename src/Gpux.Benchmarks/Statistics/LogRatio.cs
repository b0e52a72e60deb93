namespace Gpux.Benchmarks.Statistics;

/// <summary>What a ratio with its interval says.</summary>
public enum RatioVerdict
{
    /// <summary>B is more than A.</summary>
    Greater,

    Less,

    /// <summary>The whole interval lies within <see cref="LogRatio.Tolerance"/>: no difference that matters, whether or not there is one.</summary>
    Equivalent,

    /// <summary>Chance explains the difference, and the interval allows for one that matters.</summary>
    Inconclusive,

    /// <summary>A side has fewer than <see cref="LogRatio.LeastValues"/>.</summary>
    TooFew,
}

/// <summary>How a quantity of B relates to that of A, measured several times each: a factor with an interval.</summary>
/// <remarks>Welch's test on logarithms: twice as fast and half as fast are equally far from the same, and neither side need scatter like the
/// other. Why not ranks or a bootstrap: docs/decisions/0015-comparisons.md.</remarks>
/// <param name="Ratio">B / A, of geometric means.</param>
/// <param name="Low">0 where the values are too few for an interval.</param>
/// <param name="High">Infinity where the values are too few for an interval.</param>
/// <param name="Level">Of the interval, between 0 and 1.</param>
/// <param name="PValue">Two-sided; 1 where the values are too few.</param>
public sealed record LogRatio(double Ratio, double Low, double High, double Level, double PValue, int CountA, int CountB)
{
    /// <summary>How many independent values each side needs: two bound a mean within a factor of thirteen standard errors, which says nothing.</summary>
    public const int LeastValues = 3;

    /// <summary>Launches of a run where nobody says otherwise: of a scatter of 3 %, two runs of five tell 10 % apart.</summary>
    public const int UsualLaunches = 5;

    /// <summary>A difference of up to this factor is none.</summary>
    public const double Tolerance = 1.05;

    /// <summary>The share of wrong alarms among all alarms that is put up with.</summary>
    public const double FalseDiscoveryRate = 0.05;

    /// <summary>Whether there is an interval at all.</summary>
    public bool IsBounded => Math.Min(CountA, CountB) >= LeastValues;

    /// <param name="a">Positive values, one of each independent launch or run.</param>
    /// <exception cref="ArgumentException">A side is empty, or has a value that is not positive and finite.</exception>
    public static LogRatio Of(IReadOnlyList<double> a, IReadOnlyList<double> b, double level = 0.95) => Of(Moments.OfLogarithms(a), Moments.OfLogarithms(b), level);

    /// <param name="a">Of logarithms.</param>
    /// <param name="b">Of logarithms.</param>
    public static LogRatio Of(Moments a, Moments b, double level = 0.95)
    {
        if (Math.Min(a.Count, b.Count) < LeastValues)
            return new LogRatio(Math.Exp(b.Mean - a.Mean), 0, double.PositiveInfinity, level, 1, a.Count, b.Count);
        var test = WelchTest.Of(a, b, level);
        return new LogRatio(Math.Exp(test.Difference), Math.Exp(test.Low), Math.Exp(test.High), level, test.PValue, a.Count, b.Count);
    }

    /// <param name="adjustedPValue">Adjusted for all that is compared together: <see cref="Adjust"/>.</param>
    public RatioVerdict Verdict(double adjustedPValue) => !IsBounded ? RatioVerdict.TooFew
        : Low >= 1 / Tolerance && High <= Tolerance ? RatioVerdict.Equivalent
        : adjustedPValue > FalseDiscoveryRate ? RatioVerdict.Inconclusive
        : Ratio > 1 ? RatioVerdict.Greater : RatioVerdict.Less;

    /// <summary>The p-values of what is compared together, by Benjamini and Hochberg. Ratios without an interval are no tests, and stay at 1.</summary>
    /// <returns>In the same order; of a null null.</returns>
    public static IReadOnlyList<double?> Adjust(IReadOnlyList<LogRatio?> together)
    {
        var adjusted = FalseDiscovery.Adjust([.. together.OfType<LogRatio>().Where(ratio => ratio.IsBounded).Select(ratio => ratio.PValue)]);
        var next = 0;
        return [.. together.Select(ratio => ratio is null ? (double?)null : ratio.IsBounded ? adjusted[next++] : 1)];
    }

    /// <summary>A / B, told of the same A and B.</summary>
    public LogRatio Inverse() => this with { Ratio = 1 / Ratio, Low = 1 / High, High = 1 / Low };
}
