using System.Buffers;
using System.Text;

namespace Gpux.Onnx.Metadata;

/// <summary>The bytes that edits of a file are made of.</summary>
internal static class MetadataWire
{
    /// <summary>Tags of <see cref="TopLevelField.Filler"/>: a number that means nothing, and bytes that mean nothing.</summary>
    public const byte Open = TopLevelField.Filler << 3, Closed = TopLevelField.Filler << 3 | 2;

    /// <summary>A tag and a number of fixed width.</summary>
    public const int HeaderBytes = 6;

    private const int PaddedBytes = HeaderBytes - 1;

    /// <summary>Fields of ModelProto: pairs, then texts.</summary>
    public static byte[] Encode(IEnumerable<KeyValuePair<string, string>> pairs, IEnumerable<(int Field, string Value)> texts)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var (key, value) in pairs)
        {
            var entry = new ArrayBufferWriter<byte>();
            Text(entry, 1, key);
            Text(entry, 2, value);
            Field(bytes, TopLevelField.Metadata, entry.WrittenSpan);
        }
        foreach (var (field, value) in texts)
            Text(bytes, field, value);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>A filler's tag and a number that takes five bytes, whatever it is.</summary>
    public static byte[] Header(byte tag, int number)
    {
        var header = new byte[HeaderBytes];
        header[0] = tag;
        WritePadded(header.AsSpan(1), (uint)number);
        return header;
    }

    /// <summary>The number behind a filler's tag, if it takes five bytes.</summary>
    public static int? NumberOf(ReadOnlySpan<byte> header)
    {
        ulong number = 0;
        for (var i = 1; i < HeaderBytes; i++)
        {
            if (header[i] < 0x80 != (i == HeaderBytes - 1))
                return null;
            number |= (ulong)(header[i] & 0x7F) << (7 * (i - 1));
        }
        return number <= int.MaxValue ? (int)number : null;
    }

    /// <summary>Whether <see cref="Fill"/> can make <paramref name="content"/> that long: no field has one byte.</summary>
    public static bool Fits(byte[] content, long size) => size - content.Length is 0 or >= 2;

    /// <summary>Fields, and fillers up to a size.</summary>
    public static byte[] Fill(byte[] content, int size)
    {
        var filled = new byte[size];
        content.CopyTo(filled, 0);
        var rest = filled.AsSpan(content.Length);
        if (rest.Length >= HeaderBytes)
        {
            Header(Closed, rest.Length - HeaderBytes).CopyTo(rest);
        }
        else if (rest.Length > 0)
        {
            rest[0] = Open;
            rest[1..].Fill(0x80);
            rest[^1] = 0;
        }
        return filled;
    }

    private static void WritePadded(Span<byte> target, uint number)
    {
        for (var i = 0; i < PaddedBytes; i++, number >>= 7)
            target[i] = (byte)(number & 0x7F | (i < PaddedBytes - 1 ? 0x80u : 0));
    }

    private static void Text(ArrayBufferWriter<byte> bytes, int field, string value) => Field(bytes, field, Encoding.UTF8.GetBytes(value));

    private static void Field(ArrayBufferWriter<byte> bytes, int field, ReadOnlySpan<byte> value)
    {
        Varint(bytes, (uint)field << 3 | 2);
        Varint(bytes, (uint)value.Length);
        bytes.Write(value);
    }

    private static void Varint(ArrayBufferWriter<byte> bytes, uint value)
    {
        for (; value >= 0x80; value >>= 7)
            bytes.Write([(byte)(value | 0x80)]);
        bytes.Write([(byte)value]);
    }
}
