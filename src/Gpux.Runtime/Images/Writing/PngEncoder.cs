using System.Buffers.Binary;
using System.IO.Compression;

namespace Gpux.Runtime.Images.Writing;

/// <summary>Writes 8-bit RGB as PNG, without any library.</summary>
/// <remarks>Source: PNG specification, third edition. Rows are stored as differences from the row above (filter 2), which suits photos and flat
/// drawings alike.</remarks>
internal static class PngEncoder
{
    private const byte FilterUp = 2;

    public static void Write(Image image, Stream output)
    {
        output.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        (header[8], header[9]) = (8, 2); // bits of a sample, RGB
        header[10..].Clear();
        WriteChunk(output, "IHDR"u8, header);
        WriteChunk(output, "IDAT"u8, Compressed(image));
        WriteChunk(output, "IEND"u8, []);
    }

    private static ReadOnlySpan<byte> Compressed(Image image)
    {
        var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            var stride = image.Width * 3;
            var line = new byte[1 + stride];
            line[0] = FilterUp;
            ReadOnlySpan<byte> above = new byte[stride];
            for (var y = 0; y < image.Height; y++)
            {
                var row = image.Pixels.Slice(y * stride, stride);
                for (var i = 0; i < stride; i++)
                    line[1 + i] = (byte)(row[i] - above[i]);
                zlib.Write(line);
                above = row;
            }
        }
        return memory.GetBuffer().AsSpan(0, (int)memory.Length);
    }

    private static void WriteChunk(Stream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        output.Write(number);
        output.Write(type);
        output.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Decoding.PngChunks.Crc32(type, data));
        output.Write(number);
    }
}
