namespace Gpux.Onnx;

/// <summary>How much a tensor needs by its type and shape.</summary>
internal static class TensorSize
{
    /// <summary>The product of the extents; null if one is negative or the product exceeds 2^63 - 1, even before a zero ends it.</summary>
    public static long? Elements(long[] dimensions)
    {
        long count = 1;
        var isEmpty = false;
        foreach (var extent in dimensions)
        {
            isEmpty |= extent == 0;
            if (extent < 0 || Math.BigMul(count, Math.Max(extent, 1), out count) != 0 || count < 0)
                return null;
        }
        return isEmpty ? 0 : count;
    }

    /// <summary>The bytes of the packed elements; null if too many, and 0 for strings.</summary>
    public static long? Bytes(OnnxTensor tensor) =>
        Elements(tensor.Dimensions) is { } count
        && Math.BigMul(count, tensor.ElementType.BitSize(), out var bits) == 0
        && bits is >= 0 and <= long.MaxValue - 7
            ? (bits + 7) / 8
            : null;
}
