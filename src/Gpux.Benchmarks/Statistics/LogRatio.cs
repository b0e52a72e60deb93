namespace Gpux.Benchmarks.Statistics;

/// <summary>How a quantity of B relates to that of A, measured several times each: a factor with an interval.</summary>
/// <remarks>On logarithms: twice as fast and half as fast are equally far from the same. By ranks from nine values a side on, below that by
/// permutation.</remarks>
/// <param name="Ratio">B / A.</param>
/// <param name="Low">0 where the values are too few for an interval.</param>
/// <param name="High">Infinity where the values are too few for an interval.</param>
/// <param name="Method">"Hodges-Lehmann" or "permutation".</param>
public sealed record LogRatio(double Ratio, double Low, double High, double Level, double PValue, int CountA, int CountB, string Method)
{
    private const int LeastForRanks = 9;

    /// <summary>Whether there is an interval at all.</summary>
    public bool IsBounded => Low > 0 && double.IsFinite(High);

    /// <param name="a">Positive values, one of each independent launch.</param>
    /// <exception cref="ArgumentException">A side is empty, or has a value that is not positive and finite.</exception>
    public static LogRatio Of(IReadOnlyList<double> a, IReadOnlyList<double> b, double level = 0.95)
    {
        var (x, y) = (Logarithms(a, nameof(a)), Logarithms(b, nameof(b)));
        if (Math.Min(x.Length, y.Length) >= LeastForRanks)
        {
            var shift = HodgesLehmann.Of(x, y, level);
            return new LogRatio(Math.Exp(shift.Shift), Math.Exp(shift.Low), Math.Exp(shift.High), level, RankTest.Of(x, y).PValue, x.Length, y.Length, "Hodges-Lehmann");
        }
        var test = PermutationTest.Of(x, y, level);
        return new LogRatio(Math.Exp(test.Shift), Math.Exp(test.Low), Math.Exp(test.High), level, test.PValue, x.Length, y.Length, "permutation");
    }

    private static double[] Logarithms(IReadOnlyList<double> values, string parameter)
    {
        if (values.Count == 0)
            throw new ArgumentException("A side has at least one value.", parameter);
        if (values.FirstOrDefault(value => value is not (> 0 and < double.PositiveInfinity), 1) is var wrong and not 1)
            throw new ArgumentException($"Values are positive and finite; one is {wrong}.", parameter);
        return [.. values.Select(value => Math.Log(value))];
    }
}
