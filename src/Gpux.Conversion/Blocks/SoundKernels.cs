using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

internal static class SoundKernels
{
    /// <summary>The weight of a module that convolves sequences, [out, in / groups, size] or transposed, which may be kept as directions and
    /// lengths.</summary>
    public static Value Kernel1D(this Weights weights)
    {
        var kernel = weights.Has("weight") ? weights.Get("weight") : weights.NormalizedWeight(axis: 0);
        return kernel.Rank == 3 && kernel.Dims.All(dim => dim.Size > 0) ? kernel
            : throw new GraphException("Conv", $"{kernel} is no kernel of a convolution of sequences.");
    }
}
