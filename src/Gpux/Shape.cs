using System.Collections.Immutable;

namespace Gpux;

/// <summary>The extents of a tensor, outermost first. No dimensions means a scalar.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly ImmutableArray<long> _dimensions;

    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    /// <exception cref="OverflowException">The number of elements exceeds 2^63 - 1.</exception>
    public Shape(params ReadOnlySpan<long> dimensions)
    {
        // One dimension of 0 makes the tensor empty, however large the others.
        long count = dimensions.Contains(0) ? 0 : 1;
        foreach (var dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(dimensions));
            count = checked(count * dimension);
        }
        _dimensions = [.. dimensions];
        ElementCount = count;
    }

    public static Shape Scalar { get; } = new([]);

    public ImmutableArray<long> Dimensions => _dimensions.IsDefault ? [] : _dimensions;
    public int Rank => Dimensions.Length;

    /// <summary>The product of all dimensions; 1 for a scalar.</summary>
    public long ElementCount { get => _dimensions.IsDefault ? 1 : field; }

    public long this[int axis] => Dimensions[axis];

    public bool Equals(Shape other) => Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var dimension in Dimensions)
            hash.Add(dimension);
        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", Dimensions)}]";

    public static bool operator ==(Shape left, Shape right) => left.Equals(right);
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
