namespace Gpux.Benchmarks.Recommendations;

/// <summary>How far a forecast may be off, learnt from how far others were off that were held out.</summary>
/// <remarks>Split conformal prediction: of n exchangeable errors the k-th smallest covers the next one with the chance k / (n + 1). Between two of them that are next
/// to the level it is interpolated, so that few groups promise no more than many do: at 90 % with 18 groups the 18th alone would cover 94.7 %. What is covered
/// lies between the chances of the two. Errors of one group (a model, a platform) are alike, so one of each counts: drawn often, by a seed
/// (Dunn, Wasserman and Ramdas, "Distribution-free prediction sets for two-layer hierarchical models", 2022: subsampling once).</remarks>
internal static class ConformalBand
{
    private const int Draws = 101;
    private const double Rounding = 1e-9;

    /// <summary>How few groups tell anything at all: 9 at 90 %.</summary>
    public static int Needed(double level) => (int)Math.Ceiling(1 / (1 - level) - Rounding) - 1;

    /// <param name="groups">Absolute errors, in units of their expected deviation.</param>
    /// <returns>Infinite when the groups are fewer than <see cref="Needed"/>.</returns>
    public static double Threshold(IReadOnlyList<double[]> groups, double level, int seed)
    {
        var place = (groups.Count + 1) * level;
        if (place > groups.Count + Rounding)
            return double.PositiveInfinity;
        var draws = groups.All(group => group.Length == 1) ? 1 : Draws; // then all draws are the same
        var random = new Random(seed);
        var (all, shares) = Pooled(groups);
        var (share, errors) = (0.0, new double[groups.Count]);
        for (var draw = 0; draw < draws; draw++)
        {
            for (var i = 0; i < errors.Length; i++)
                errors[i] = groups[i][random.Next(groups[i].Length)];
            Array.Sort(errors);
            var rank = Math.Clamp((int)(place + Rounding), 1, errors.Length);
            share += Interpolated(all, shares, Between(errors[rank - 1], errors[Math.Min(rank, errors.Length - 1)], Math.Max(0, place - rank))) / draws;
        }
        // What the thresholds cover is averaged, not the thresholds: they spread, and the middle one of them would cover too much.
        return Interpolated(shares, all, share);
    }

    // All errors in order, and which share is no larger; every group counts as much as any other. Both begin with 0.
    private static (double[] Errors, double[] Shares) Pooled(IReadOnlyList<double[]> groups)
    {
        var errors = new double[1 + groups.Sum(group => group.Length)];
        var shares = new double[errors.Length];
        var end = 1;
        foreach (var group in groups)
        {
            group.CopyTo(errors, end);
            shares.AsSpan(end, group.Length).Fill(1.0 / group.Length / groups.Count);
            end += group.Length;
        }
        Array.Sort(errors, shares, 1, errors.Length - 1);
        for (var i = 1; i < shares.Length; i++)
            shares[i] += shares[i - 1];
        return (errors, shares);
    }

    // The value of a line through points in order, of several at one place the last; flat beyond the last.
    private static double Interpolated(double[] places, double[] values, double place)
    {
        var after = Array.BinarySearch(places, place);
        after = after < 0 ? ~after : after + 1;
        while (after < places.Length && places[after] <= place)
            after++;
        return after == places.Length ? values[^1]
            : after == 0 ? values[0] : Between(values[after - 1], values[after], (place - places[after - 1]) / (places[after] - places[after - 1]));
    }

    private static double Between(double low, double high, double share) => share == 0 ? low : low + share * (high - low);

    /// <summary>Of how many groups an error lies within the band that the groups before it gave, from the first band that is finite on. Where the order says nothing
    /// these are independent, and nine of ten at 90 % (Vovk, "On-line confidence machines are well-calibrated", 2002); where what
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
