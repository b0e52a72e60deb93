namespace Gpux.Benchmarks.Roofline;

/// <summary>What is known of a value of a graph before anything is computed.</summary>
/// <param name="Type"><see cref="ElementType.Undefined"/> when unknown.</param>
/// <param name="Dims">Extents, <see cref="Extent.Unknown"/> where only the run will tell; null if not even the rank is known.</param>
internal sealed record KnownTensor(ElementType Type, long[]? Dims)
{
    /// <summary>The most elements of which values are followed: enough for shapes, axes and scales.</summary>
    public const int MostValues = 1024;

    public static KnownTensor Nothing { get; } = new(ElementType.Undefined, null);

    /// <summary>The elements of a small tensor, NaN where only the run will tell; null where none is known.</summary>
    public double[]? Values { get; init; }

    /// <summary>The constant that the value is, or was computed of, so that it can be counted once; null for activations.</summary>
    public Weight? Constant { get; init; }

    /// <returns>Null when unknown.</returns>
    /// <exception cref="OverflowException">More than 2^63 - 1.</exception>
    public long? Elements => Dims is null ? null : Extent.Product(Dims) is var count and not Extent.Unknown ? count : null;

    /// <returns>Null when unknown; strings are not counted, and have 0.</returns>
    public long? Bytes => Constant?.Bytes ?? (Elements is { } count && Type != ElementType.Undefined ? Type.ByteSize(count) : null);

    public long Dim(int axis) => Dims![axis < 0 ? axis + Dims.Length : axis]; // rules run on known ranks
}

/// <summary>A constant of the model.</summary>
/// <param name="Bytes">What reading all of it takes from memory.</param>
internal sealed record Weight(string Name, long Bytes);

/// <summary>Arithmetic on extents of which some are unknown.</summary>
internal static class Extent
{
    public const long Unknown = -1;

    public static long Times(long left, long right) => left == 0 || right == 0 ? 0 : left < 0 || right < 0 ? Unknown : checked(left * right);

    public static long Plus(long left, long right) => left < 0 || right < 0 ? Unknown : checked(left + right);

    public static long Product(ReadOnlySpan<long> dims)
    {
        var product = 1L;
        foreach (var dim in dims)
            product = Times(product, dim);
        return product;
    }

    /// <summary>What NumPy's broadcasting makes of two shapes.</summary>
    /// <returns>Null if they do not go together.</returns>
    public static long[]? Broadcast(long[] left, long[] right)
    {
        var dims = new long[Math.Max(left.Length, right.Length)];
        for (var i = 1; i <= dims.Length; i++)
        {
            var (a, b) = (i <= left.Length ? left[^i] : 1, i <= right.Length ? right[^i] : 1);
            if (a > 1 && b > 1 && a != b)
                return null;
            dims[^i] = a == 1 ? b : b == 1 ? a : a == Unknown ? b : a;
        }
        return dims;
    }
}
