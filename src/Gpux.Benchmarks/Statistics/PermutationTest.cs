namespace Gpux.Benchmarks.Statistics;

/// <summary>Whether two small samples differ in their means: how many ways of dealing their values out to two sides differ as much.</summary>
/// <remarks>Source: Pitman (1937). The interval holds the shifts that the test does not refuse. It is found without a search: of each dealing,
/// the shifts at which it differs no less than the samples do are an interval whose ends are solved for.</remarks>
/// <param name="Shift">Mean of the second sample less that of the first.</param>
/// <param name="Low">-infinity where the samples are too small for the level.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="IsExact">Whether every dealing was looked at; else so many drawn ones.</param>
public sealed record PermutationTest(double Shift, double Low, double High, double Level, double PValue, bool IsExact)
{
    private const int MostDealings = 200_000;
    private const int DrawnDealings = 20_000;
    private const int Seed = 20_250_307;

    /// <param name="level">Of the interval, between 0 and 1.</param>
    /// <exception cref="ArgumentException">A sample is empty, or has a number that is not finite.</exception>
    public static PermutationTest Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second, double level = 0.95)
    {
        if (level is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "A level lies between 0 and 1.");
        _ = RankTest.Of(first, second); // refuses what is no sample
        double[] all = [.. first, .. second];
        var (m, n) = (first.Length, second.Length);
        var shift = Mean(second) - Mean(first);
        var isExact = Dealings(m + n, n) <= MostDealings;
        List<double> lows = [], highs = [];
        var (extreme, total) = (0, Mean(all) * all.Length);
        foreach (var chosen in isExact ? Every(m + n, n) : Drawn(m + n, n))
        {
            // The dealing's difference at a shift of d is a - b d: taken from each value of the second sample, d leaves its share of them.
            var sum = 0.0;
            var fromSecond = 0;
            foreach (var i in chosen)
            {
                sum += all[i];
                fromSecond += i >= m ? 1 : 0;
            }
            var a = sum / n - (total - sum) / m;
            var b = (double)fromSecond / n - (double)(n - fromSecond) / m;
            var (low, high) = Reach(a, b, shift);
            lows.Add(low);
            highs.Add(high);
            extreme += low <= 0 && 0 <= high ? 1 : 0;
        }
        lows.Sort();
        highs.Sort();
        var left = (int)Math.Floor((1 - level) * lows.Count + 1e-9);
        return new PermutationTest(shift, lows[left], highs[^(left + 1)], level, (double)extreme / lows.Count, isExact);
    }

    // The shifts d with |a - b d| >= |shift - d|. Rounding must not lose the dealing that is the sample itself, or its mirror.
    private static (double Low, double High) Reach(double a, double b, double shift)
    {
        const double Same = 1e-12;
        if (1 - Math.Abs(b) < Same)
            return (double.NegativeInfinity, double.PositiveInfinity);
        var (x, y) = ((shift - a) / (1 - b), (shift + a) / (1 + b));
        var slack = Same * (Math.Abs(x) + Math.Abs(y));
        return (Math.Min(x, y) - slack, Math.Max(x, y) + slack);
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }

    private static double Dealings(int all, int chosen)
    {
        var count = 1.0;
        for (var i = 1; i <= chosen; i++)
            count = count * (all - chosen + i) / i;
        return Math.Round(count);
    }

    private static IEnumerable<int[]> Every(int all, int count)
    {
        var chosen = Enumerable.Range(0, count).ToArray();
        while (true)
        {
            yield return chosen;
            var i = count - 1;
            while (i >= 0 && chosen[i] == all - count + i)
                i--;
            if (i < 0)
                yield break;
            chosen[i]++;
            for (i++; i < count; i++)
                chosen[i] = chosen[i - 1] + 1;
        }
    }

    // The samples as they are belong to the dealings, so that the test is valid (Phipson and Smyth, 2010).
    private static IEnumerable<int[]> Drawn(int all, int count)
    {
        yield return [.. Enumerable.Range(all - count, count)];
        var random = new Random(Seed);
        var order = Enumerable.Range(0, all).ToArray();
        for (var i = 1; i < DrawnDealings; i++)
        {
            random.Shuffle(order);
            yield return order[..count];
        }
    }
}
