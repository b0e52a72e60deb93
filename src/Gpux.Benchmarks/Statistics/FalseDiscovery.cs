namespace Gpux.Benchmarks.Statistics;

/// <summary>Keeps the share of false alarms small where many things are tested at once.</summary>
public static class FalseDiscovery
{
    /// <summary>P-values adjusted by Benjamini and Hochberg: those who act on every adjusted value of at most q are wrong in at most
    /// the share q of cases, on average, if the tests are independent or positively dependent.</summary>
    /// <param name="pValues">Between 0 and 1, in any order.</param>
    /// <returns>In the same order; never less than the values themselves.</returns>
    /// <remarks>Source: Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J. R. Statist. Soc. B 57 (1995).</remarks>
    public static double[] Adjust(ReadOnlySpan<double> pValues)
    {
        var order = new int[pValues.Length];
        var sorted = pValues.ToArray();
        for (var i = 0; i < order.Length; i++)
        {
            if (!(pValues[i] >= 0 && pValues[i] <= 1))
                throw new ArgumentOutOfRangeException(nameof(pValues), pValues[i], "A p-value lies between 0 and 1.");
            order[i] = i;
        }
        Array.Sort(sorted, order);
        var adjusted = new double[pValues.Length];
        var least = 1.0;
        for (var rank = sorted.Length; rank >= 1; rank--)
        {
            least = Math.Min(least, sorted[rank - 1] * sorted.Length / rank);
            adjusted[order[rank - 1]] = least;
        }
        return adjusted;
    }
}
