namespace Gpux;

/// <summary>The type of a tensor's elements.</summary>
/// <remarks>Values up to 26 are those of ONNX <c>TensorProto.DataType</c>, which ONNX Runtime shares; the 6-bit floats of
/// safetensors have no ONNX number.</remarks>
public enum ElementType
{
    Undefined = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    Float8E4M3FNUZ = 18,
    Float8E5M2 = 19,
    Float8E5M2FNUZ = 20,
    UInt4 = 21,
    Int4 = 22,
    Float4E2M1 = 23,
    Float8E8M0 = 24,
    UInt2 = 25,
    Int2 = 26,
    Float6E2M3 = 1001,
    Float6E3M2 = 1002,
}

public static class ElementTypes
{
    /// <summary>The size of one element in bits; 0 for strings and <see cref="ElementType.Undefined"/>.</summary>
    public static int BitSize(this ElementType type) => type switch
    {
        ElementType.Int2 or ElementType.UInt2 => 2,
        ElementType.Int4 or ElementType.UInt4 or ElementType.Float4E2M1 => 4,
        ElementType.Float6E2M3 or ElementType.Float6E3M2 => 6,
        ElementType.Bool or ElementType.Int8 or ElementType.UInt8 or ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ
            or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ or ElementType.Float8E8M0 => 8,
        ElementType.Int16 or ElementType.UInt16 or ElementType.Float16 or ElementType.BFloat16 => 16,
        ElementType.Int32 or ElementType.UInt32 or ElementType.Float32 => 32,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 or ElementType.Complex64 => 64,
        ElementType.Complex128 => 128,
        _ => 0,
    };

    /// <summary>The bytes that <paramref name="count"/> elements take when packed without gaps; the last byte may be partly used.</summary>
    /// <exception cref="OverflowException">More than 2^63 - 1 bits.</exception>
    public static long ByteSize(this ElementType type, long count) => checked((count * type.BitSize() + 7) / 8);

    public static bool IsFloatingPoint(this ElementType type) => type is ElementType.Float16 or ElementType.BFloat16
        or ElementType.Float32 or ElementType.Float64 or (>= ElementType.Float8E4M3FN and <= ElementType.Float8E5M2FNUZ)
        or ElementType.Float4E2M1 or ElementType.Float8E8M0 or ElementType.Float6E2M3 or ElementType.Float6E3M2;

    /// <summary>The element type that a C# type represents; throws for others.</summary>
    public static ElementType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ElementType.Float32
        : typeof(T) == typeof(long) ? ElementType.Int64
        : typeof(T) == typeof(int) ? ElementType.Int32
        : typeof(T) == typeof(byte) ? ElementType.UInt8
        : typeof(T) == typeof(sbyte) ? ElementType.Int8
        : typeof(T) == typeof(bool) ? ElementType.Bool
        : typeof(T) == typeof(Half) ? ElementType.Float16
        : typeof(T) == typeof(double) ? ElementType.Float64
        : typeof(T) == typeof(short) ? ElementType.Int16
        : typeof(T) == typeof(ushort) ? ElementType.UInt16
        : typeof(T) == typeof(uint) ? ElementType.UInt32
        : typeof(T) == typeof(ulong) ? ElementType.UInt64
        : throw new ArgumentException($"No tensor element type corresponds to {typeof(T)}.");
}
