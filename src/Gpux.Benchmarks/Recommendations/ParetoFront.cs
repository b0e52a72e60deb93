namespace Gpux.Benchmarks.Recommendations;

/// <summary>What is compared of a platform: lower is better of each.</summary>
/// <param name="Typical">Null: unknown, so that nothing is said in this respect.</param>
/// <param name="Draws">Of what is uncertain, or of its logarithm, as of every other candidate's; null for what is not.</param>
internal readonly record struct Axis(double? Typical, double[]? Draws);

/// <summary>Which platforms no other one dominates.</summary>
/// <remarks>One dominates another if it is no worse in any respect that is known of both, and in one of them better by more than 3 %, with a chance
/// of more than 0.9.</remarks>
internal static class ParetoFront
{
    private const double Tolerance = 1.03;
    private const double Chance = 0.9;

    /// <param name="candidates">The same axes of each.</param>
    public static bool[] Of(IReadOnlyList<Axis[]> candidates)
    {
        var isOnFront = new bool[candidates.Count];
        for (var i = 0; i < isOnFront.Length; i++)
        {
            isOnFront[i] = true;
            for (var other = 0; other < isOnFront.Length && isOnFront[i]; other++)
                isOnFront[i] = other == i || !Dominates(candidates[other], candidates[i]);
        }
        return isOnFront;
    }

    internal static bool Dominates(Axis[] one, Axis[] two)
    {
        for (var axis = 0; axis < one.Length; axis++)
            if (one[axis].Typical > two[axis].Typical) // false where either is unknown
                return false;
        for (var axis = 0; axis < one.Length; axis++)
            if (one[axis].Typical * Tolerance < two[axis].Typical && ChanceOfLess(one[axis], two[axis]) > Chance)
                return true;
        return false;
    }

    private static double ChanceOfLess(Axis one, Axis two)
    {
        if (one.Draws is null || two.Draws is null)
            return one.Typical < two.Typical ? 1 : 0;
        var count = 0;
        for (var i = 0; i < one.Draws.Length; i++)
            count += one.Draws[i] < two.Draws[i] ? 1 : 0;
        return (double)count / one.Draws.Length;
    }
}
