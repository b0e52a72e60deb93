using System.Buffers.Binary;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>What Pillow checks of a PNG and libpng does not insist on: the checksums of all chunks before the pixels.</summary>
internal static class PngChunks
{
    private const int SignatureBytes = 8;
    private static readonly uint[] Table = MakeTable();

    public static void Check(EncodedImage file)
    {
        var rest = file.Bytes[SignatureBytes..];
        while (true)
        {
            if (rest.Length < 12)
                throw file.Damaged("it ends before its pixels");
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            var type = rest.Slice(4, 4);
            if (type.SequenceEqual("IDAT"u8))
                return;
            if (length > rest.Length - 12)
                throw file.Damaged("it ends before its pixels");
            if (Crc32(rest.Slice(4, 4 + (int)length)) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
                throw file.Damaged($"the checksum of its chunk {System.Text.Encoding.Latin1.GetString(type)} is wrong");
            rest = rest[(12 + (int)length)..];
        }
    }

    /// <summary>The checksum of two pieces, one behind the other.</summary>
    public static uint Crc32(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        var crc = uint.MaxValue;
        foreach (var value in first)
            crc = crc >> 8 ^ Table[(byte)(crc ^ value)];
        foreach (var value in second)
            crc = crc >> 8 ^ Table[(byte)(crc ^ value)];
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
            table[i] = crc;
        }
        return table;
    }
}
