using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Gpux.Conversion.Checkpoints.Numpy;

/// <summary>The header of a .npy array.</summary>
/// <param name="Bytes">Its length: where the elements begin.</param>
/// <param name="IsColumnMajor">Whether the first index runs fastest (Fortran's order).</param>
/// <remarks>Source: NumPy 2.4, numpy/lib/_format_impl.py (format versions 1 to 3): a magic, a length, and a Python dictionary with
/// three keys in ASCII.</remarks>
internal sealed record NumpyHeader(ElementType ElementType, Shape Shape, int Bytes, bool IsBigEndian, bool IsColumnMajor)
{
    /// <summary>Enough for any header of an array of numbers; longer ones describe records of fields.</summary>
    public const int LargestBytes = 1 << 16;

    private const int HighestRank = 64;

    /// <param name="start">The beginning of the array's file, up to <see cref="LargestBytes"/> of it.</param>
    /// <param name="array">What to call the array in messages.</param>
    public static NumpyHeader Read(ReadOnlySpan<byte> start, string file, string array)
    {
        if (start.Length < 12 || !start.StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']) || start[6] is < 1 or > 3)
            throw new InvalidCheckpointException(file, $"'{array}' is no array of NumPy");
        var prefix = start[6] == 1 ? 10 : 12;
        var length = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > start.Length - prefix)
            throw new InvalidCheckpointException(file, $"the header of '{array}' claims {length} bytes");
        var text = Encoding.Latin1.GetString(start.Slice(prefix, (int)length));
        if (Field(text, "descr") is not ['\'', .. var type, '\''])
            throw new InvalidCheckpointException(file, $"'{array}' is an array of records; only numbers are read");
        var shape = Field(text, "shape");
        var order = Field(text, "fortran_order");
        if (shape is not ['(', .. var extents, ')'] || order is not ("True" or "False"))
            throw new InvalidCheckpointException(file, $"the header of '{array}' states no shape and order");
        return new NumpyHeader(Type(type, file, array), ParseShape(extents, file, array), prefix + (int)length, type[0] == '>', order == "True");
    }

    public long ByteCount => ElementType.ByteSize(Shape.ElementCount);

    /// <summary>The distance between neighbours in memory, in elements.</summary>
    public ImmutableArray<long> Strides()
    {
        if (!IsColumnMajor)
            return TensorLayout.RowMajor(Shape.Dimensions.AsSpan());
        long[] reversed = [.. Shape.Dimensions.Reverse()];
        return [.. TensorLayout.RowMajor(reversed).Reverse()];
    }

    // The text of a key's value: up to the comma that ends it, or to the end of the tuple or text that it is.
    private static string? Field(string header, string key)
    {
        var at = header.IndexOf($"'{key}':", StringComparison.Ordinal);
        if (at < 0)
            return null;
        var value = header.AsSpan(at + key.Length + 3).TrimStart();
        var end = value.IsEmpty ? -1 : value[0] switch
        {
            '(' => value.IndexOf(')') + 1,
            '\'' => value[1..].IndexOf('\'') + 2,
            _ => value.IndexOfAny(',', '}'),
        };
        return end > 0 && end <= value.Length ? value[..end].Trim().ToString() : null;
    }

    private static Shape ParseShape(string extents, string file, string array)
    {
        var dimensions = new List<long>();
        foreach (var part in extents.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Length == 0)
                continue;
            // Python 2 wrote long integers with an L.
            if (!long.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var extent) || dimensions.Count == HighestRank)
                throw new InvalidCheckpointException(file, $"'{array}' has the shape ({extents}), which is none");
            dimensions.Add(extent);
        }
        try
        {
            var shape = new Shape([.. dimensions]);
            ElementType.Complex128.ByteSize(shape.ElementCount);
            return shape;
        }
        catch (OverflowException)
        {
            throw new InvalidCheckpointException(file, $"'{array}' has the shape ({extents}), which no memory holds");
        }
    }

    private static ElementType Type(string name, string file, string array) => (name.Length > 1 && name[0] is '<' or '>' or '|' or '=' ? name[1..] : name) switch
    {
        "f8" => ElementType.Float64,
        "f4" => ElementType.Float32,
        "f2" => ElementType.Float16,
        "i8" => ElementType.Int64,
        "i4" => ElementType.Int32,
        "i2" => ElementType.Int16,
        "i1" => ElementType.Int8,
        "u8" => ElementType.UInt64,
        "u4" => ElementType.UInt32,
        "u2" => ElementType.UInt16,
        "u1" => ElementType.UInt8,
        "b1" => ElementType.Bool,
        "c8" => ElementType.Complex64,
        "c16" => ElementType.Complex128,
        _ => throw new Torch.UnsupportedTensorException(file, array, $"of NumPy's type '{name}'"),
    };
}
