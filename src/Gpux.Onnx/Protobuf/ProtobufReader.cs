using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Gpux.Onnx.Protobuf;

/// <summary>Walks protobuf messages in memory, field by field. Every length is checked against the message that it lies in.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxField = (1 << 29) - 1;
    private const int MaxVarintBytes = 10;
    private const int MaxGroupDepth = 100;
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _end = bytes.Length;

    public int Position { get; private set; }

    /// <summary>Where the current field's tag begins.</summary>
    public int FieldStart { get; private set; }
    public int Field { get; private set; }
    public WireType WireType { get; private set; }

    /// <summary>Reads the next field's tag; false at the end of the current message.</summary>
    public bool Next()
    {
        FieldStart = Position;
        if (Position == _end)
            return false;
        Tag();
        if (WireType == WireType.GroupEnd)
            Fail("a group ends that did not begin", FieldStart);
        return true;
    }

    /// <summary>Makes the current field's bytes the current message.</summary>
    /// <returns>What <see cref="Leave"/> needs to return to the enclosing message.</returns>
    public int Enter()
    {
        var length = Length();
        var enclosing = _end;
        _end = Position + length;
        return enclosing;
    }

    public void Leave(int enclosing) => _end = enclosing;

    /// <summary>Goes back to <paramref name="start"/>, the first byte of the current message.</summary>
    public void Rewind(int start) => Position = start;

    /// <summary>The current field's bytes.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Length();
        Position += length;
        return _bytes.Slice(Position - length, length);
    }

    public long Int64()
    {
        Expect(WireType.Varint);
        return (long)Varint();
    }

    public float Float()
    {
        Expect(WireType.Fixed32);
        return PackedFloat();
    }

    /// <summary>One element of a packed list.</summary>
    public float PackedFloat() => BinaryPrimitives.ReadSingleLittleEndian(Fixed(4));

    /// <summary>The next <paramref name="width"/> bytes, which the current message must still hold.</summary>
    public ReadOnlySpan<byte> Fixed(int width)
    {
        if (_end - Position < width)
            Fail($"{width} bytes are expected and {_end - Position} are left");
        Position += width;
        return _bytes.Slice(Position - width, width);
    }

    public bool AtEnd => Position == _end;

    public ulong Varint()
    {
        if (Position < _end && _bytes[Position] is var first and < 0x80)
        {
            Position++;
            return first;
        }
        return LongVarint();
    }

    public readonly void Expect(WireType wireType)
    {
        if (WireType != wireType)
            Fail($"field {Field} is encoded as {WireType}, not as {wireType}", FieldStart);
    }

    public void Skip()
    {
        if (WireType == WireType.GroupStart)
            SkipGroup();
        else
            SkipValue();
    }

    private void SkipValue()
    {
        if (WireType == WireType.Varint)
            Varint();
        else if (WireType == WireType.Length)
            Bytes();
        else
            Fixed(WireType == WireType.Fixed32 ? 4 : 8);
    }

    private void SkipGroup()
    {
        Span<int> open = stackalloc int[MaxGroupDepth];
        open[0] = Field;
        var depth = 1;
        while (depth > 0)
        {
            var start = Position;
            Tag();
            if (WireType == WireType.GroupEnd && Field != open[--depth])
                Fail($"group {open[depth]} ends as group {Field}", start);
            if (WireType == WireType.GroupStart && depth == MaxGroupDepth)
                Fail($"groups are nested deeper than {MaxGroupDepth}", start);
            if (WireType == WireType.GroupStart)
                open[depth++] = Field;
            else if (WireType != WireType.GroupEnd)
                SkipValue();
        }
    }

    private void Tag()
    {
        var start = Position;
        var tag = Varint();
        if (tag >> 3 is 0 or > MaxField || (tag & 7) > (ulong)WireType.Fixed32)
            Fail($"{tag} is not a field's tag", start);
        Field = (int)(tag >> 3);
        WireType = (WireType)(tag & 7);
    }

    private int Length()
    {
        Expect(WireType.Length);
        var start = Position;
        var length = Varint();
        if (length > (ulong)(_end - Position))
            Fail($"a length of {length} is stated where {_end - Position} bytes are left", start);
        return (int)length;
    }

    private ulong LongVarint()
    {
        var start = Position;
        ulong value = 0;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            if (Position == _end)
                Fail("the message ends within a number", start);
            var next = _bytes[Position++];
            // The tenth byte holds the 64th bit alone; a parser may drop what lies beyond, and protobuf's own does.
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return value;
        }
        Fail($"a number is longer than {MaxVarintBytes} bytes", start);
        return 0;
    }

    [DoesNotReturn]
    private readonly void Fail(string problem) => Fail(problem, Position);

    [DoesNotReturn]
    private static void Fail(string problem, int offset) => throw new ProtobufException(problem, offset);
}
