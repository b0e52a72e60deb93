using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

internal static class Normalization
{
    /// <summary>Divides the last axis by its length.</summary>
    /// <param name="epsilon">Added to the length.</param>
    public static Value Normalized(this Value x, float epsilon = 0) =>
        x.Norm(axis: -1, keep: true) is var length && epsilon == 0 ? x / length : x / (length + epsilon);
}
