using System.Buffers.Binary;

namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>Reads the fields of a Protocol Buffers message one by one; a message within is read by a reader of its bytes.</summary>
/// <remarks>Source: the Protocol Buffers wire format. Groups, which no known writer makes, are refused.</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;
    private int _wireType;
    private ulong _number;

    /// <summary>The number of the field that <see cref="Read"/> found.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a field that holds a string, bytes or a message; empty for others.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The value of a field that holds a 32-bit float; 0 for others.</summary>
    public readonly float Float => _wireType == 5 ? BitConverter.UInt32BitsToSingle((uint)_number) : 0;

    /// <summary>The value of a field that holds an enumeration or 32-bit number.</summary>
    public readonly int Int => (int)_number;

    public readonly bool Bool => _number != 0;

    /// <returns>False at the end of the message.</returns>
    /// <exception cref="InvalidDataException">The message ends within a field, or is no message.</exception>
    public bool Read()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        (Field, _wireType) = ((int)Math.Min(tag >> 3, int.MaxValue), (int)(tag & 7));
        Bytes = [];
        _number = 0;
        switch (_wireType)
        {
            case 0:
                _number = Varint();
                break;
            case 1:
                _number = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                _number = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
                break;
            default:
                throw new InvalidDataException("it is no Protocol Buffers message");
        }
        return true;
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
            throw new InvalidDataException("it ends within a field");
        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Take(1)[0];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw new InvalidDataException("a number in it has more than 64 bits");
    }
}
