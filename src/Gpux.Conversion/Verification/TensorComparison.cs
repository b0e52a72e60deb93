namespace Gpux.Conversion.Verification;

/// <summary>How a computed tensor differs from a recorded one, over all its elements.</summary>
/// <param name="Within">Whether every element that counts lies within the tolerance.</param>
/// <param name="MaxAbs">The largest |computed - recorded|; NaN if one of the two is NaN or infinite and the other is not.</param>
/// <param name="MaxRel">The largest |computed - recorded| / |recorded| over elements whose recorded magnitude exceeds the absolute tolerance.</param>
/// <param name="Problem">Why the two cannot be compared at all, such as different shapes; null if they can.</param>
public sealed record TensorComparison(bool Within, double MaxAbs, double MaxRel, string? Problem = null)
{
    /// <param name="where">int64 or bool, of the shape of the leading dimensions: only elements below a 1 count. Null: all count.</param>
    public static TensorComparison Compare(Tensor recorded, Tensor computed, Tolerance tolerance, Tensor? where = null)
    {
        if (recorded.Shape != computed.Shape)
            return new(false, double.NaN, double.NaN, $"shape {computed.Shape} instead of {recorded.Shape}");
        if (recorded.ElementType == ElementType.String || computed.ElementType == ElementType.String)
            return CompareText(recorded, computed);
        // Whole numbers are right or wrong.
        if (!recorded.ElementType.IsFloatingPoint())
            tolerance = Tolerance.Exact;
        var (expected, actual) = (Numbers.Of(recorded), Numbers.Of(computed));
        var counts = where is not null && Covers(where, recorded) ? Numbers.Of(where) : default(Numbers?);
        var elementsPerMark = where is null || where.Shape.ElementCount == 0 ? 1 : recorded.Shape.ElementCount / where.Shape.ElementCount;
        var within = true;
        double maxAbs = 0, maxRel = 0;
        for (long i = 0; i < recorded.Shape.ElementCount; i++)
        {
            if (counts is { } marks && marks[i / elementsPerMark] == 0)
                continue;
            var (e, a) = (expected[i], actual[i]);
            within &= tolerance.Allows(e, a);
            if (e.Equals(a)) // also NaN and NaN, infinity and infinity
                continue;
            var difference = Math.Abs(a - e);
            maxAbs = double.IsFinite(difference) ? Math.Max(maxAbs, difference) : double.NaN;
            if (Math.Abs(e) > tolerance.Absolute)
                maxRel = Math.Max(maxRel, difference / Math.Abs(e));
        }
        return new(within, maxAbs, maxRel);
    }

    // A mask applies to tensors whose first dimensions are its own.
    private static bool Covers(Tensor where, Tensor tensor) => tensor.Shape.Rank >= where.Shape.Rank
        && tensor.Shape.Dimensions.AsSpan()[..where.Shape.Rank].SequenceEqual(where.Shape.Dimensions.AsSpan());

    private static TensorComparison CompareText(Tensor recorded, Tensor computed)
    {
        var same = recorded.ElementType == computed.ElementType && recorded.Strings.SequenceEqual(computed.Strings);
        return new(same, same ? 0 : double.NaN, same ? 0 : double.NaN, same ? null : "texts differ");
    }
}

/// <summary>A tensor's elements as float64, whatever they are stored as.</summary>
internal readonly unsafe struct Numbers
{
    private readonly Tensor _tensor;

    private Numbers(Tensor tensor) => _tensor = tensor;

    public static Numbers Of(Tensor tensor) => tensor.ElementType.BitSize() >= 8 ? new Numbers(tensor)
        : throw new ArgumentException($"Elements of type {tensor.ElementType} cannot be compared.", nameof(tensor));

    public double this[long i]
    {
        get
        {
            var data = _tensor.Data;
            return _tensor.ElementType switch
            {
                ElementType.Float32 => ((float*)data)[i],
                ElementType.Float64 => ((double*)data)[i],
                ElementType.Float16 => (double)((Half*)data)[i],
                ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)data)[i] << 16),
                ElementType.Int64 => ((long*)data)[i],
                ElementType.UInt64 => ((ulong*)data)[i],
                ElementType.Int32 => ((int*)data)[i],
                ElementType.UInt32 => ((uint*)data)[i],
                ElementType.Int16 => ((short*)data)[i],
                ElementType.UInt16 => ((ushort*)data)[i],
                ElementType.Int8 => ((sbyte*)data)[i],
                ElementType.UInt8 or ElementType.Bool => data[i],
                _ => throw new InvalidOperationException($"Elements of type {_tensor.ElementType} cannot be compared."),
            };
        }
    }
}
