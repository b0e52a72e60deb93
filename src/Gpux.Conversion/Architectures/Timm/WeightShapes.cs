using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Weights that sizes are read from: a file may hold them in any shape.</summary>
internal static class WeightShapes
{
    /// <exception cref="GraphException">The tensor has another number of axes.</exception>
    public static Value Get(this Weights weights, string name, int rank) => weights.Get(name) is var value && value.Rank == rank ? value
        : throw new GraphException(name, $"{value} was expected to have {rank} axes.");

    /// <summary>A tensor of so many axes, or null where the checkpoint has none of that name.</summary>
    public static Value? Find(this Weights weights, string name, int rank) => weights.Has(name) ? weights.Get(name, rank) : null;

    /// <summary>One extent of a matrix.</summary>
    public static long Size(this Weights weights, string matrix, int axis) => weights.Get(matrix, rank: 2).Dim(axis).Size!.Value; // weights have known extents
}
