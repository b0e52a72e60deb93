namespace Gpux.Benchmarks.Recommendations;

/// <summary>How far a forecast may be off, learnt from how far others were off that were held out.</summary>
/// <remarks>Split conformal prediction: of n exchangeable errors the ⌈(n+1)·level⌉-th smallest covers the next one with the level's chance.
/// Errors of one group (a model, a platform) are alike, so one of each counts: drawn often, by a seed
/// (Dunn, Wasserman and Ramdas, "Distribution-free prediction sets for two-layer hierarchical models", 2022: subsampling once).</remarks>
internal static class ConformalBand
{
    private const int Draws = 101;

    /// <summary>How few groups tell anything at all: 9 at 90 %.</summary>
    public static int Needed(double level) => (int)Math.Ceiling(1 / (1 - level) - 1e-9) - 1;

    /// <param name="groups">Absolute errors, in units of their expected deviation.</param>
    /// <param name="except">A group that is left out; -1 for none.</param>
    /// <returns>Infinite when the groups are fewer than <see cref="Needed"/>.</returns>
    public static double Threshold(IReadOnlyList<double[]> groups, double level, int seed, int except = -1)
    {
        var count = groups.Count - (except < 0 ? 0 : 1);
        var rank = (int)Math.Ceiling((count + 1) * level - 1e-9);
        if (rank > count)
            return double.PositiveInfinity;
        var draws = groups.All(group => group.Length == 1) ? 1 : Draws; // then all draws are the same
        var random = new Random(seed);
        var pooled = Pooled(groups, except);
        var (share, errors) = (0.0, new double[count]);
        for (var draw = 0; draw < draws; draw++)
        {
            var at = 0;
            for (var i = 0; i < groups.Count; i++)
                if (i != except)
                    errors[at++] = groups[i][random.Next(groups[i].Length)];
            Array.Sort(errors);
            share += pooled.FindLast(each => each.Error <= errors[rank - 1]).Share / draws;
        }
        // What the thresholds cover is averaged, not the thresholds: they spread, and the middle one of them would cover too much.
        return pooled.Find(each => each.Share >= share - 1e-9).Error;
    }

    // All errors in order, and which share is no larger; every group counts as much as any other.
    private static List<(double Error, double Share)> Pooled(IReadOnlyList<double[]> groups, int except)
    {
        var pooled = new List<(double Error, double Share)>();
        for (var i = 0; i < groups.Count; i++)
            if (i != except)
                foreach (var error in groups[i])
                    pooled.Add((error, 1.0 / groups[i].Length / (groups.Count - (except < 0 ? 0 : 1))));
        pooled.Sort();
        var sum = 0.0;
        for (var i = 0; i < pooled.Count; i++)
            pooled[i] = (pooled[i].Error, sum += pooled[i].Share);
        return pooled;
    }

    /// <summary>How many of the errors lie within the threshold that all other groups give.</summary>
    public static (int Covered, int Count) Coverage(IReadOnlyList<double[]> groups, double level, int seed)
    {
        var (covered, count) = (0, 0);
        for (var i = 0; i < groups.Count; i++)
        {
            var threshold = Threshold(groups, level, seed, except: i);
            covered += groups[i].Count(error => error <= threshold);
            count += groups[i].Length;
        }
        return (covered, count);
    }
}
