namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>PyTorch's names of element types, and of the storage classes that imply one.</summary>
/// <remarks>Source: PyTorch 2.13, torch/storage.py and c10/core/ScalarType.h.</remarks>
internal static class TorchTypes
{
    /// <summary>The element type of a dtype's name; null for one that no tensor here can have.</summary>
    public static ElementType? OfName(string name) => name switch
    {
        "float64" or "double" => ElementType.Float64,
        "float32" or "float" => ElementType.Float32,
        "float16" or "half" => ElementType.Float16,
        "bfloat16" => ElementType.BFloat16,
        "int64" or "long" => ElementType.Int64,
        "int32" or "int" => ElementType.Int32,
        "int16" or "short" => ElementType.Int16,
        "int8" => ElementType.Int8,
        "uint8" => ElementType.UInt8,
        "uint16" => ElementType.UInt16,
        "uint32" => ElementType.UInt32,
        "uint64" => ElementType.UInt64,
        "bool" => ElementType.Bool,
        "complex64" or "cfloat" => ElementType.Complex64,
        "complex128" or "cdouble" => ElementType.Complex128,
        "float8_e4m3fn" => ElementType.Float8E4M3FN,
        "float8_e4m3fnuz" => ElementType.Float8E4M3FNUZ,
        "float8_e5m2" => ElementType.Float8E5M2,
        "float8_e5m2fnuz" => ElementType.Float8E5M2FNUZ,
        "float8_e8m0fnu" => ElementType.Float8E8M0,
        _ => null,
    };

    /// <summary>Whether this is the name of a dtype, also of one that is not read.</summary>
    public static bool IsTypeName(string name) => OfName(name) is not null
        || name is "complex32" or "chalf" or "qint8" or "quint8" or "qint32" or "quint4x2" or "quint2x4" or "float4_e2m1fn_x2"
        || name.Length <= 6 && (name.StartsWith("int", StringComparison.Ordinal) || name.StartsWith("uint", StringComparison.Ordinal)
            || name.StartsWith("bits", StringComparison.Ordinal)) && char.IsAsciiDigit(name[^1]);

    /// <summary>What a storage class holds: an element type, <see cref="ElementType.Undefined"/> for mere bytes, or null for elements
    /// that are not read (then the size of one is told).</summary>
    public static (ElementType? Type, int Bytes)? OfStorage(string name)
    {
        ElementType? type = name switch
        {
            "DoubleStorage" => ElementType.Float64,
            "FloatStorage" => ElementType.Float32,
            "HalfStorage" => ElementType.Float16,
            "BFloat16Storage" => ElementType.BFloat16,
            "LongStorage" => ElementType.Int64,
            "IntStorage" => ElementType.Int32,
            "ShortStorage" => ElementType.Int16,
            "CharStorage" => ElementType.Int8,
            "ByteStorage" => ElementType.UInt8,
            "BoolStorage" => ElementType.Bool,
            "ComplexFloatStorage" => ElementType.Complex64,
            "ComplexDoubleStorage" => ElementType.Complex128,
            _ => null,
        };
        return (type, name) switch
        {
            ({ } known, _) => (known, known.BitSize() / 8),
            (_, "UntypedStorage" or "_UntypedStorage") => (ElementType.Undefined, 1),
            (_, "QInt8Storage" or "QUInt8Storage" or "QUInt4x2Storage" or "QUInt2x4Storage") => (null, 1),
            (_, "QInt32Storage") => (null, 4),
            _ => null,
        };
    }
}
