using Gpux.Runtime.Generation.Processors;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>Rules that select instead of sorting, against definitions that sort everything.</summary>
public sealed class WarperTests
{
    public static TheoryData<int, string> Rows
    {
        get
        {
            var rows = new TheoryData<int, string>();
            foreach (var size in (int[])[1, 2, 7, 8, 9, 31, 64, 333, 5000])
            {
                foreach (var kind in (string[])["normal", "sharp", "flat", "tied", "equal", "ascending", "descending", "removed", "zeros"])
                    rows.Add(size, kind);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Selection_equals_sorting(int size, string kind)
    {
        for (var seed = 0; seed < (size > 1000 ? 2 : 8); seed++)
        {
            var row = Row(size, kind, seed);
            foreach (var k in (int[])[1, 2, 5, 40, 300])
                AssertSame(row, new TopK(k), SortedTopK(row, k), $"top_k {k}");
            foreach (var keep in (int[])[1, 2, 5])
            {
                foreach (var p in (double[])[0, 0.01, 0.3, 0.5, 0.9, 0.999])
                    AssertSame(row, new TopP(p, keep), SortedTopP(row, p, keep), $"top_p {p} keeping {keep}");
                foreach (var p in (float[])[0.05f, 0.2f, 0.6f, 0.95f])
                    AssertSame(row, new TypicalP(p, keep), SortedTypicalP(row, p, keep), $"typical_p {p} keeping {keep}");
                foreach (var p in (float[])[0, 0.05f, 0.5f, 1])
                    AssertSame(row, new MinP(p, keep), SortedMinP(row, p, keep), $"min_p {p} keeping {keep}");
                foreach (var p in (float[])[0.0003f, 0.01f, 0.3f])
                    AssertSame(row, new EpsilonCutoff(p, keep), SortedEpsilon(row, p, keep), $"epsilon {p} keeping {keep}");
            }
        }
    }

    [Fact]
    public void Ranges_that_do_not_halve_are_sorted()
    {
        // Medians of three that are always extreme would make selection quadratic.
        var keys = new ulong[20_000];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = Selection.Key(i % 2 == 0 ? i : -i, i);
        var weights = Enumerable.Repeat(1f / keys.Length, keys.Length).ToArray();
        var sorted = keys.Order().ToArray();
        var count = Selection.Prefix(keys, weights, 0.25f, inclusive: true);
        Assert.Equal(5000, count);
        Assert.Equal(sorted[..count], keys[..count].Order());
    }

    private static float[] Row(int size, string kind, int seed)
    {
        var random = new Random(HashCode.Combine(seed, 17));
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return [.. Enumerable.Range(0, size).Select(i => (float)(kind switch
        {
            "sharp" => Normal() * 12,
            "flat" => Normal() * 0.01,
            "tied" => random.Next(4),
            "equal" => 1.5,
            "ascending" => i * 0.01,
            "descending" => -i * 0.01,
            "removed" => random.Next(3) == 0 ? Normal() : double.NegativeInfinity,
            "zeros" => random.Next(2) == 0 ? 0.0 : -0.0,
            _ => Normal() * 2,
        }))];
    }

    private static void AssertSame(float[] row, ILogitsProcessor rule, bool[] kept, string what)
    {
        using var scratch = new LogitsScratch(row.Length);
        var scores = (float[])row.Clone();
        rule.Process(new LogitsRow(0, [0], scores, scratch));
        for (var i = 0; i < row.Length; i++)
            Assert.True(scores[i] == (kept[i] ? row[i] : float.NegativeInfinity), $"{what}: token {i} of {row.Length}, score {row[i]}");
    }

    private static float[] Softmax(float[] row)
    {
        var greatest = row.Max();
        if (greatest == float.NegativeInfinity)
            return new float[row.Length];
        var sum = (float)row.Sum(score => Math.Exp(score - greatest));
        return [.. row.Select(score => (float)Math.Exp(score - greatest) / sum)];
    }

    private static bool[] SortedTopK(float[] row, int k)
    {
        var least = row.OrderDescending().ElementAt(Math.Min(k, row.Length) - 1);
        return [.. row.Select(score => score >= least)];
    }

    private static bool[] SortedTopP(float[] row, double p, int keep)
    {
        var (probabilities, kept, sum) = (Softmax(row), new bool[row.Length], 0d);
        int[] order = [.. Enumerable.Range(0, row.Length).OrderBy(i => row[i])];
        for (var place = 0; place < order.Length; place++)
        {
            sum += probabilities[order[place]];
            kept[order[place]] = (float)sum > (float)(1 - p) || place >= order.Length - keep;
        }
        return kept;
    }

    private static bool[] SortedTypicalP(float[] row, float mass, int keep)
    {
        var probabilities = Softmax(row);
        if (probabilities.Sum() == 0)
            return new bool[row.Length];
        var greatest = row.Max();
        var logSum = MathF.Log((float)row.Sum(score => Math.Exp(score - greatest)));
        float[] logs = [.. row.Select(score => score - greatest - logSum)];
        var entropy = -logs.Select((log, i) => float.IsInfinity(log) ? 0d : log * probabilities[i]).Sum();
        float[] distances = [.. logs.Select(log => MathF.Abs(-log - (float)entropy))];
        int[] order = [.. Enumerable.Range(0, row.Length).OrderBy(i => distances[i])];
        var (last, sum) = (0, 0d);
        while (last < order.Length - 1 && (float)(sum += probabilities[order[last]]) < mass)
            last++;
        var kept = new bool[row.Length];
        for (var place = 0; place < order.Length; place++)
            kept[order[place]] = distances[order[place]] <= distances[order[last]] || place < keep;
        return kept;
    }

    private static bool[] SortedMinP(float[] row, float p, int keep)
    {
        var probabilities = Softmax(row);
        var least = p * probabilities.Max();
        bool[] kept = [.. probabilities.Select(probability => probability >= least)];
        foreach (var i in Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).Take(keep))
            kept[i] = true;
        return kept;
    }

    private static bool[] SortedEpsilon(float[] row, float epsilon, int keep)
    {
        var probabilities = Softmax(row);
        var always = row.OrderDescending().ElementAt(Math.Min(keep, row.Length) - 1);
        return [.. row.Select((score, i) => probabilities[i] >= epsilon || score >= always)];
    }
}
