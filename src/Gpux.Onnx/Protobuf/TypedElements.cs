using System.Buffers.Binary;

namespace Gpux.Onnx.Protobuf;

/// <summary>The elements of a tensor that are stored as protobuf numbers (float_data and so on) instead of raw bytes.</summary>
/// <remarks>Counted while the tensor is read, and converted at its end, when the element type is known: a second walk over the
/// message, so that many small chunks cost no memory.</remarks>
internal struct TypedElements
{
    private const int FloatData = 4, Int32Data = 5, Int64Data = 7, DoubleData = 10, UInt64Data = 11;
    private int _field;
    private long _count;
    private int _chunks;
    private int _lastChunk;

    public readonly bool IsEmpty => _count == 0;

    /// <summary>Counts the elements in the current field, and passes it.</summary>
    public void Count(ref ProtobufReader wire)
    {
        if (_field != 0 && _field != wire.Field && _count > 0)
            throw new ProtobufException("its elements are stored in two ways at once", wire.FieldStart);
        _field = wire.Field;
        _chunks++;
        if (wire.WireType != WireType.Length)
        {
            wire.Expect(FixedWidth(_field) switch { 4 => WireType.Fixed32, 8 => WireType.Fixed64, _ => WireType.Varint });
            wire.Skip();
            _lastChunk = -1;
            _count++;
            return;
        }
        var packed = wire.Bytes();
        _lastChunk = wire.Position - packed.Length;
        if (FixedWidth(_field) is var width and > 0)
        {
            if (packed.Length % width != 0)
                throw new ProtobufException($"{packed.Length} bytes are no whole number of {width}-byte elements", wire.FieldStart);
            _count += packed.Length / width;
            return;
        }
        foreach (var b in packed)
            _count += b < 0x80 ? 1 : 0;
        if (packed.Length > 0 && packed[^1] >= 0x80)
            throw new ProtobufException("the message ends within a number", wire.FieldStart);
    }

    /// <summary>The elements as raw bytes, in place where they already are.</summary>
    /// <param name="start">Where the tensor's message begins; <paramref name="wire"/> stands at its end.</param>
    public readonly ReadOnlyMemory<byte> Convert(ref ProtobufReader wire, int start, ElementType type, ReadOnlyMemory<byte> file)
    {
        var width = (_field, type) switch
        {
            (FloatData, ElementType.Float32 or ElementType.Complex64) => 4,
            (DoubleData, ElementType.Float64 or ElementType.Complex128) => 8,
            (Int64Data, ElementType.Int64) or (UInt64Data, ElementType.UInt64) => 8,
            (UInt64Data, ElementType.UInt32) => 4,
            (Int32Data, ElementType.Int32) => 4,
            // Elements of less than a byte are packed into bytes first, and each byte is a number here.
            (Int32Data, not (ElementType.Float32 or ElementType.UInt32)) when type.BitSize() is > 0 and <= 16 => type.BitSize() > 8 ? 2 : 1,
            _ => throw new ProtobufException($"its elements of type {type} lie in field {_field}, which is for others", wire.FieldStart),
        };
        if (_chunks == 1 && _lastChunk >= 0 && FixedWidth(_field) > 0)
            return file.Slice(_lastChunk, (int)(_count * width));
        if (_count * width > Array.MaxLength)
            throw new ProtobufException("its elements take more than 2 GiB", wire.FieldStart);

        var raw = new byte[_count * width];
        var target = raw.AsSpan();
        wire.Rewind(start);
        while (wire.Next())
        {
            if (wire.Field != _field)
            {
                wire.Skip();
                continue;
            }
            if (wire.WireType != WireType.Length)
            {
                ConvertOne(ref wire, ref target, width, type);
                continue;
            }
            var enclosing = wire.Enter();
            while (!wire.AtEnd)
                ConvertOne(ref wire, ref target, width, type);
            wire.Leave(enclosing);
        }
        return raw;
    }

    private readonly void ConvertOne(ref ProtobufReader wire, ref Span<byte> target, int width, ElementType type)
    {
        if (FixedWidth(_field) > 0)
            wire.Fixed(width).CopyTo(target);
        else
            Narrow((long)wire.Varint(), target[..width], type, wire.Position);
        target = target[width..];
    }

    private static void Narrow(long value, Span<byte> target, ElementType type, int offset)
    {
        // Bits are stored as unsigned and as sign-extended numbers, depending on the writer.
        var bits = target.Length * 8;
        if (bits < 64 && (value < -(1L << (bits - 1)) || value >= 1L << bits))
            throw new ProtobufException($"the number {value} does not fit an element of type {type}", offset);
        switch (target.Length)
        {
            case 1: target[0] = type == ElementType.Bool ? (byte)(value == 0 ? 0 : 1) : (byte)value; break;
            case 2: BinaryPrimitives.WriteInt16LittleEndian(target, (short)value); break;
            case 4: BinaryPrimitives.WriteInt32LittleEndian(target, (int)value); break;
            default: BinaryPrimitives.WriteInt64LittleEndian(target, value); break;
        }
    }

    /// <summary>The bytes of an element of a field of fixed width; 0 of a field of varints.</summary>
    private static int FixedWidth(int field) => field switch { FloatData => 4, DoubleData => 8, _ => 0 };
}
