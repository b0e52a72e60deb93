using System.Buffers.Binary;
using System.Text;

namespace Gpux.Conversion.Checkpoints.Flax;

/// <summary>Walks through MessagePack data in a file, value by value.</summary>
/// <remarks>Source: msgpack/spec.md. Positions are those in the file; nothing is copied.</remarks>
internal ref struct MessagePackCursor(FileBytes file, FilePart part)
{
    private readonly long _end = part.Offset + part.Length;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>In bytes from the file's start.</summary>
    public long Position { get; private set; } = part.Offset;

    public readonly bool IsAtEnd => Position == _end;

    /// <summary>The number of entries of a map; null, and nothing is read, if the next value is none.</summary>
    public long? TryMap() => PeekByte() switch
    {
        >= 0x80 and <= 0x8f => Byte() & 0x0f,
        0xde => Sized(2),
        0xdf => Sized(4),
        _ => null,
    };

    /// <summary>The number of items of a list.</summary>
    public long Array() => PeekByte() switch
    {
        >= 0x90 and <= 0x9f => Byte() & 0x0f,
        0xdc => Sized(2),
        0xdd => Sized(4),
        var head => throw Invalid($"the byte 0x{head:x2} where a list should be"),
    };

    public string Text()
    {
        var length = PeekByte() switch
        {
            >= 0xa0 and <= 0xbf => Byte() & 0x1f,
            0xd9 => Sized(1),
            0xda => Sized(2),
            0xdb => Sized(4),
            var head => throw Invalid($"the byte 0x{head:x2} where text should be"),
        };
        try
        {
            var bytes = Take(length);
            return StrictUtf8.GetString(file.Span(bytes.Offset, bytes.Length));
        }
        catch (ArgumentException)
        {
            throw Invalid("text that is no UTF-8");
        }
    }

    public FilePart Binary() => PeekByte() switch
    {
        0xc4 => Take(Sized(1)),
        0xc5 => Take(Sized(2)),
        0xc6 => Take(Sized(4)),
        var head => throw Invalid($"the byte 0x{head:x2} where data should be"),
    };

    /// <summary>A whole number that is not negative.</summary>
    public long Size()
    {
        var head = Byte();
        var value = head switch
        {
            <= 0x7f => head,
            0xcc or 0xcd or 0xce or 0xcf => Number(1 << head - 0xcc),
            0xd0 or 0xd1 or 0xd2 or 0xd3 => Number(1 << head - 0xd0),
            _ => throw Invalid($"the byte 0x{head:x2} where a size should be"),
        };
        return value >= 0 ? value : throw Invalid("a size of 2^63 or more");
    }

    /// <summary>The type of a value of the application's own, and its data; null, and nothing is read, if the next value is none.</summary>
    public (int Type, FilePart Data)? TryExtension()
    {
        long length;
        switch (PeekByte())
        {
            case >= 0xd4 and <= 0xd8 and var head: Byte(); length = 1 << head - 0xd4; break;
            case 0xc7: length = Sized(1); break;
            case 0xc8: length = Sized(2); break;
            case 0xc9: length = Sized(4); break;
            default: return null;
        }
        var type = (sbyte)Byte();
        return (type, Take(length));
    }

    /// <summary>Passes over a number, a text, data, or nothing: what holds no other values.</summary>
    public void SkipSimple()
    {
        switch (PeekByte())
        {
            case <= 0x7f or >= 0xe0 or 0xc0 or 0xc2 or 0xc3: Byte(); break;
            case >= 0xa0 and <= 0xbf or 0xd9 or 0xda or 0xdb: Text(); break;
            case 0xc4 or 0xc5 or 0xc6: Binary(); break;
            case 0xcc or 0xd0: Take(2); break;
            case 0xcd or 0xd1: Take(3); break;
            case 0xca or 0xce or 0xd2: Take(5); break;
            case 0xcb or 0xcf or 0xd3: Take(9); break;
            case var head: throw Invalid($"the byte 0x{head:x2} where a tensor should be");
        }
    }

    public readonly InvalidCheckpointException Invalid(string found) => new(file.Name, $"it has {found}, before byte {Position}");

    private readonly byte PeekByte() => Position < _end ? file.Span(Position, 1)[0] : throw Invalid("its end where a value should be");

    private byte Byte()
    {
        var head = PeekByte();
        Position++;
        return head;
    }

    // A head, and a length of so many bytes after it.
    private long Sized(int bytes)
    {
        Position++;
        return Number(bytes);
    }

    private long Number(int bytes)
    {
        var at = Take(bytes);
        var number = file.Span(at.Offset, bytes);
        return bytes switch
        {
            1 => number[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(number),
            4 => BinaryPrimitives.ReadUInt32BigEndian(number),
            _ => BinaryPrimitives.ReadInt64BigEndian(number),
        };
    }

    private FilePart Take(long length)
    {
        if (length > _end - Position)
            throw Invalid($"a value of {length} bytes, and {_end - Position} are left");
        Position += length;
        return new FilePart(Position - length, length);
    }
}
