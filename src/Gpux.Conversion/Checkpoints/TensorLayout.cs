using System.Collections.Immutable;

namespace Gpux.Conversion.Checkpoints;

/// <summary>A piece of a file.</summary>
/// <param name="Offset">In bytes from the file's start.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct FilePart(long Offset, long Length);

/// <summary>How the elements of a tensor are found where they do not lie row by row, little-endian and in one piece: such a tensor
/// cannot be used in place, and is copied.</summary>
/// <param name="Parts">What the elements are picked from: pieces of the file, one after the other.</param>
/// <param name="Strides">The distance between neighbours along each dimension, in elements; 0 where elements repeat.</param>
public sealed record TensorLayout(ImmutableArray<FilePart> Parts, ImmutableArray<long> Strides)
{
    /// <summary>The size of the only part when its deflate compression is undone; null if it is not compressed.</summary>
    public long? InflatedBytes { get; init; }

    /// <summary>Where the first element is, in bytes from the start of the parts.</summary>
    public long Start { get; init; }

    /// <summary>Whether the most significant byte of a number comes first.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>Whether complex numbers are to be conjugated: PyTorch's lazy <c>conj()</c>.</summary>
    public bool IsConjugated { get; init; }

    /// <summary>Whether numbers are to be negated: PyTorch's lazy negation, as of the imaginary part of a conjugate.</summary>
    public bool IsNegated { get; init; }

    /// <summary>The size of what the elements are picked from.</summary>
    public long SourceBytes => InflatedBytes ?? Parts.Sum(part => part.Length);

    /// <summary>The strides of elements that lie row by row.</summary>
    public static ImmutableArray<long> RowMajor(ReadOnlySpan<long> dimensions)
    {
        var strides = new long[dimensions.Length];
        long stride = 1;
        for (var i = dimensions.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(dimensions[i], 1);
        }
        return [.. strides];
    }

    /// <summary>Whether elements with these strides lie row by row; the stride of a dimension of one element does not matter.</summary>
    public static bool IsRowMajor(ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides)
    {
        long expected = 1;
        for (var i = dimensions.Length - 1; i >= 0; i--)
        {
            if (dimensions[i] == 0)
                return true;
            if (dimensions[i] != 1 && strides[i] != expected)
                return false;
            expected *= dimensions[i];
        }
        return true;
    }
}
