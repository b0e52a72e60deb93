namespace Gpux.Conversion.Blocks;

internal static class Depth
{
    // Far more than any model has, and few enough that a wrong number does not build a graph without end.
    private const int MostLayers = 1024;

    /// <summary>How many layers, or other repeated parts, config.json states: 0 to 1024.</summary>
    public static int LayerCount(this ModelConfig json, string name, int absent) => json.Int(name, absent) is <= MostLayers and var count ? count
        : throw json.Invalid(name, $"at most {MostLayers} were expected");
}
