namespace Gpux.Benchmarks.Statistics;

/// <summary>All that a test of means asks of values.</summary>
/// <param name="Count">At least 1.</param>
/// <param name="Variance">Of n - 1 degrees of freedom; 0 of a single value.</param>
public readonly record struct Moments(int Count, double Mean, double Variance)
{
    private const double Rounding = 1e-14;

    /// <summary>The variance of the mean.</summary>
    public double SquaredError => Variance / Count;

    /// <param name="values">At least one, all finite.</param>
    public static Moments Of(ReadOnlySpan<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length, nameof(values));
        var mean = 0.0;
        foreach (var value in values)
            mean += value / values.Length;
        var sum = 0.0;
        foreach (var value in values)
            sum += (value - mean) * (value - mean);
        // Equal values may miss their own mean by a rounding, which is no scatter.
        var rounding = Math.Abs(mean) * Rounding;
        var variance = values.Length == 1 ? 0 : sum / (values.Length - 1);
        return new Moments(values.Length, mean, variance / values.Length <= rounding * rounding ? 0 : variance);
    }

    /// <param name="values">At least one, all positive and finite.</param>
    /// <exception cref="ArgumentException">One is not.</exception>
    public static Moments OfLogarithms(IReadOnlyList<double> values)
    {
        if (values.FirstOrDefault(value => value is not (> 0 and < double.PositiveInfinity), 1) is var wrong and not 1)
            throw new ArgumentException($"Values are positive and finite; one is {wrong}.", nameof(values));
        return Of([.. values.Select(value => Math.Log(value))]);
    }

    /// <summary>Of the logarithms of values of which only these moments are known: the first terms of the logarithm's series about the
    /// mean. Of a scatter of 10 % the logarithms' own differs by less than a hundredth of it.</summary>
    /// <param name="values">With a positive mean.</param>
    public static Moments Logarithms(Moments values)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(values.Mean);
        var relative = values.Variance / (values.Mean * values.Mean);
        return new Moments(values.Count, Math.Log(values.Mean) - relative / 2, relative);
    }

    /// <summary>Of what is independent in the runs of two sides, each of several launches: where a side has <see cref="LogRatio.LeastValues"/> runs, the
    /// runs' means on both, because the launches of a run share what the machine was like in its minutes; where both have fewer, their launches.</summary>
    /// <param name="a">At least one.</param>
    /// <param name="b">At least one.</param>
    public static (Moments A, Moments B) OfRuns(IReadOnlyList<Moments> a, IReadOnlyList<Moments> b)
    {
        return AreValues(a.Count, b.Count) ? (OfMeans(a), OfMeans(b)) : (Joined(a), Joined(b));

        static Moments OfMeans(IReadOnlyList<Moments> runs) => Of([.. runs.Select(run => run.Mean)]);
    }

    /// <summary>Whether runs are what is compared, and not their launches.</summary>
    public static bool AreValues(int runsOfA, int runsOfB) => Math.Max(runsOfA, runsOfB) >= LogRatio.LeastValues;

    /// <summary>Of the values of all groups together.</summary>
    /// <param name="groups">At least one.</param>
    public static Moments Joined(IReadOnlyList<Moments> groups)
    {
        if (groups.Count == 1)
            return groups[0];
        var count = groups.Sum(group => group.Count);
        var mean = groups.Sum(group => group.Mean * group.Count / count);
        var squares = groups.Sum(group => group.Variance * (group.Count - 1) + (group.Mean - mean) * (group.Mean - mean) * group.Count);
        var rounding = Math.Abs(mean) * Rounding;
        var variance = squares / (count - 1);
        return new Moments(count, mean, variance / count <= rounding * rounding ? 0 : variance);
    }
}
