namespace Gpux.Conversion.Blocks;

/// <summary>Models whose parts follow each other at falling resolution state a list of numbers for most fields: one for each part.</summary>
internal static class Stages
{
    // Far more than any model has, and few enough that a wrong number does not build a graph without end.
    private const int MostStages = 16;
    private const int MostBlocks = 256;

    /// <summary>How many blocks each stage has.</summary>
    public static IReadOnlyList<int> Depths(this ModelConfig json, string name, params int[] absent)
    {
        var depths = json.Ints(name, absent);
        return depths.Count is > 0 and <= MostStages && depths.All(depth => depth is >= 0 and <= MostBlocks) ? depths
            : throw json.Invalid(name, $"1 to {MostStages} numbers of at most {MostBlocks} were expected");
    }

    /// <summary>A number for each stage.</summary>
    public static IReadOnlyList<int> PerStage(this ModelConfig json, string name, int count, int[] absent, int minimum = 0)
    {
        var numbers = json.Ints(name, absent);
        return numbers.Count >= count && numbers.All(number => number >= minimum && number <= short.MaxValue) ? numbers
            : throw json.Invalid(name, $"{count} numbers of at least {minimum} were expected");
    }
}
