using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Gpux.Onnx.Protobuf;

/// <summary>Writes protobuf messages in two passes over the same calls: the first measures every message, the second writes the bytes.</summary>
/// <remarks>A message's length stands before it, so it must be known first. Lengths are kept in the order in which messages begin,
/// which is the same in both passes. Small fields go through one buffer, large ones straight from where they lie.</remarks>
internal sealed class ProtobufWriter : IDisposable
{
    private const int BufferSize = 1 << 16;
    // Strict: a name that is not valid Unicode must not become another one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private GrowingArray<long> _lengths;
    private Stream? _stream;
    private byte[] _buffer = [];
    private int _buffered;
    private long _position;
    private long _rootLength;
    private int _nextLength;
    private int _depth;
    private ReadOnlyMemory<byte> _unknown;

    /// <summary>Marks a message that has begun.</summary>
    /// <param name="OuterUnknown">The unknown fields of the enclosing message that are still to be written.</param>
    public readonly record struct Message(int Index, long Start, ReadOnlyMemory<byte> OuterUnknown);

    /// <summary>The bytes so far.</summary>
    public long Position => _position;

    private bool IsMeasuring => _stream is null;

    /// <summary>Ends the measuring pass. What is written from now on goes to <paramref name="stream"/> and must be what was measured.</summary>
    public void StartWriting(Stream stream)
    {
        _stream = stream;
        _rootLength = _position;
        _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        _position = 0;
    }

    public void Flush()
    {
        _stream!.Write(_buffer, 0, _buffered); // not null: flushing follows StartWriting
        _buffered = 0;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Begins the root, which has neither tag nor length.</summary>
    public void BeginRoot(ReadOnlyMemory<byte> unknownFields) => _unknown = unknownFields;

    public void EndRoot()
    {
        UnknownBefore(int.MaxValue);
        if (!IsMeasuring)
            CheckLength(_rootLength, _position);
    }

    /// <param name="unknownFields">Encoded fields of the message, written between its known ones by their numbers.</param>
    /// <exception cref="ArgumentException">Messages are nested too deep to be read again, perhaps in a circle.</exception>
    public Message Begin(int field, ReadOnlyMemory<byte> unknownFields = default)
    {
        // Whatever the reader accepts: three messages (node, attribute, graph) for a graph and two for a type, each 100 deep.
        const int MaxDepth = 600;
        if (++_depth > MaxDepth)
            throw new ArgumentException("The model's graphs or types are nested deeper than 100, or contain themselves.");
        Tag(field, WireType.Length);
        int index;
        if (IsMeasuring)
        {
            index = _lengths.Count;
            _lengths.Add(0);
        }
        else
        {
            index = _nextLength++;
            if (index == _lengths.Count)
                throw Changed();
            Varint((ulong)_lengths[index]);
        }
        var message = new Message(index, _position, _unknown);
        _unknown = unknownFields;
        return message;
    }

    public void End(in Message message)
    {
        UnknownBefore(int.MaxValue);
        _unknown = message.OuterUnknown;
        _depth--;
        var length = _position - message.Start;
        if (IsMeasuring)
        {
            _lengths[message.Index] = length;
            _position += VarintSize((ulong)length);
        }
        else
        {
            CheckLength(_lengths[message.Index], length);
        }
    }

    private static void CheckLength(long measured, long written)
    {
        if (measured != written)
            throw Changed();
    }

    private static InvalidOperationException Changed() => new("The model was changed while it was being written.");

    public void Int(int field, long value)
    {
        Tag(field, WireType.Varint);
        Varint((ulong)value);
    }

    public void Float(int field, float value)
    {
        Tag(field, WireType.Fixed32);
        if (!IsMeasuring)
            BinaryPrimitives.WriteSingleLittleEndian(Room(sizeof(float)), value);
        Advance(sizeof(float));
    }

    public void String(int field, string value)
    {
        Tag(field, WireType.Length);
        var length = Utf8Length(value);
        Varint((ulong)length);
        if (IsMeasuring)
            _position += length;
        else if (length <= BufferSize)
            Advance(Utf8.GetBytes(value, Room(length)));
        else
            Copy(Utf8.GetBytes(value));
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Length);
        Varint((ulong)value.Length);
        Copy(value);
    }

    private static int Utf8Length(string value)
    {
        try
        {
            return Utf8.GetByteCount(value);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"'{value}' is not valid Unicode, and cannot be a name or text of a model.", e);
        }
    }

    private void Tag(int field, WireType wireType)
    {
        UnknownBefore(field);
        Varint((ulong)((uint)field << 3 | (uint)wireType));
    }

    /// <summary>Writes the current message's unknown fields whose number is less than <paramref name="field"/>.</summary>
    private void UnknownBefore(int field)
    {
        if (_unknown.IsEmpty)
            return;
        var wire = new ProtobufReader(_unknown.Span);
        try
        {
            while (wire.Next() && wire.Field < field)
                wire.Skip();
        }
        catch (ProtobufException e)
        {
            throw new ArgumentException($"The model has unknown fields that are no protobuf: {e.Message}.", e);
        }
        // Where the loop stopped at a later field, its tag is read already: FieldStart is where that one begins.
        Copy(_unknown.Span[..wire.FieldStart]);
        _unknown = _unknown[wire.FieldStart..];
    }

    private void Varint(ulong value)
    {
        if (IsMeasuring)
        {
            _position += VarintSize(value);
            return;
        }
        var room = Room(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            room[length++] = (byte)(value | 0x80);
        room[length++] = (byte)value;
        Advance(length);
    }

    private static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) + 7) / 7;

    private void Copy(ReadOnlySpan<byte> bytes)
    {
        if (IsMeasuring || bytes.Length <= BufferSize / 4)
        {
            if (!IsMeasuring)
                bytes.CopyTo(Room(bytes.Length));
            Advance(bytes.Length);
            return;
        }
        Flush();
        _stream!.Write(bytes); // not null: not measuring
        _position += bytes.Length;
    }

    private Span<byte> Room(int length)
    {
        if (_buffer.Length - _buffered < length)
            Flush();
        return _buffer.AsSpan(_buffered);
    }

    private void Advance(int length)
    {
        _position += length;
        if (!IsMeasuring)
            _buffered += length;
    }
}
