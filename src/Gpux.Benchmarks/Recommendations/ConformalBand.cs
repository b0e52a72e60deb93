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
    /// <returns>Infinite when the groups are fewer than <see cref="Needed"/>.</returns>
    public static double Threshold(IReadOnlyList<double[]> groups, double level, int seed)
    {
        var rank = (int)Math.Ceiling((groups.Count + 1) * level - 1e-9);
        if (rank > groups.Count)
            return double.PositiveInfinity;
        var draws = groups.All(group => group.Length == 1) ? 1 : Draws; // then all draws are the same
        var random = new Random(seed);
        var pooled = Pooled(groups);
        var (share, errors) = (0.0, new double[groups.Count]);
        for (var draw = 0; draw < draws; draw++)
        {
            for (var i = 0; i < errors.Length; i++)
                errors[i] = groups[i][random.Next(groups[i].Length)];
            Array.Sort(errors);
            share += pooled.FindLast(each => each.Error <= errors[rank - 1]).Share / draws;
        }
        // What the thresholds cover is averaged, not the thresholds: they spread, and the middle one of them would cover too much.
        return pooled.Find(each => each.Share >= share - 1e-9).Error;
    }

    // All errors in order, and which share is no larger; every group counts as much as any other.
    private static List<(double Error, double Share)> Pooled(IReadOnlyList<double[]> groups)
    {
        var pooled = new List<(double Error, double Share)>();
        foreach (var group in groups)
            foreach (var error in group)
                pooled.Add((error, 1.0 / group.Length / groups.Count));
        pooled.Sort();
        var sum = 0.0;
        for (var i = 0; i < pooled.Count; i++)
            pooled[i] = (pooled[i].Error, sum += pooled[i].Share);
        return pooled;
    }

    /// <summary>Of how many groups an error lies within the band that the groups before it gave, from the first band that is finite on. Where the order says nothing
    /// these are independent, and nine of ten at 90 %, or a little more with few groups (Vovk, "On-line confidence machines are well-calibrated", 2002); where what
    /// is measured drifts, they are fewer.</summary>
    /// <param name="groups">In the order in which they were measured. One error of each counts, for those of a group are alike.</param>
    public static (int Covered, int Count) Coverage(IReadOnlyList<double[]> groups, double level, int seed)
    {
        var (all, random) = (groups.ToArray(), new Random(seed));
        var (covered, count) = (0, 0);
        for (var known = Needed(level); known < all.Length; known++)
        {
            var error = all[known][random.Next(all[known].Length)];
            covered += error <= Threshold(new ArraySegment<double[]>(all, 0, known), level, seed) ? 1 : 0;
            count++;
        }
        return (covered, count);
    }
}
