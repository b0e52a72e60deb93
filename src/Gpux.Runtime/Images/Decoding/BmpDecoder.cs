using System.Buffers.Binary;
using System.Numerics;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>Windows bitmaps: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits; either way up. libvips does not read
/// them.</summary>
/// <remarks>Source: BITMAPFILEHEADER to BITMAPV5HEADER of the Windows SDK. The fourth byte of 32 bits is dropped, as alpha
/// is.</remarks>
internal static class BmpDecoder
{
    private const int FileHeaderBytes = 14;

    public static Image Decode(EncodedImage file)
    {
        var header = Header.Read(file);
        var size = file.Sized(header.Width, header.Height);
        var usedBytes = ((long)size.Width * header.BitsPerPixel + 7) / 8;
        var rowBytes = (usedBytes + 3) / 4 * 4;
        // Some writers leave out what would fill up the last row.
        if (rowBytes * (size.Height - 1) + usedBytes > file.Bytes.Length - header.PixelOffset)
            throw file.Damaged("its pixels end early");

        var stored = file.Bytes[(int)header.PixelOffset..];
        var pixels = Image.Allocate(size);
        var palette = header.BitsPerPixel <= 8 ? ReadPalette(file.Bytes, header) : [];
        for (var y = 0; y < size.Height; y++)
        {
            var row = stored.Slice((int)(rowBytes * (header.TopDown ? y : size.Height - 1 - y)), (int)usedBytes);
            var rgb = pixels.AsSpan(y * size.Width * 3, size.Width * 3);
            if (header.BitsPerPixel <= 8)
                LookUp(row, header.BitsPerPixel, palette, rgb);
            else if (header.Masks is { } masks)
                Unmask(row, header.BitsPerPixel / 8, masks, rgb);
            else
                Swap(row, header.BitsPerPixel / 8, rgb);
        }
        return new Image(size, pixels);
    }

    /// <returns>256 colours as blue, green, red; the missing ones are a ramp of greys.</returns>
    private static byte[] ReadPalette(ReadOnlySpan<byte> file, Header header)
    {
        var colours = new byte[256 * 3];
        for (var i = 0; i < colours.Length; i++)
            colours[i] = (byte)(i / 3);
        var entries = file[Math.Min(header.PaletteOffset, file.Length)..];
        for (var i = 0; i < Math.Min(header.PaletteColours, entries.Length / header.PaletteEntryBytes); i++)
            entries.Slice(i * header.PaletteEntryBytes, 3).CopyTo(colours.AsSpan(i * 3));
        return colours;
    }

    private static void LookUp(ReadOnlySpan<byte> row, int bits, ReadOnlySpan<byte> palette, Span<byte> rgb)
    {
        for (int x = 0, to = 0; to < rgb.Length; x++, to += 3)
        {
            var bit = x * bits;
            var colour = palette.Slice((row[bit >> 3] >> (8 - bits - (bit & 7)) & ((1 << bits) - 1)) * 3, 3);
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (colour[2], colour[1], colour[0]);
        }
    }

    private static void Swap(ReadOnlySpan<byte> row, int bytesPerPixel, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += bytesPerPixel, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (row[from + 2], row[from + 1], row[from]);
    }

    private static void Unmask(ReadOnlySpan<byte> row, int bytesPerPixel, Masks masks, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += bytesPerPixel, to += 3)
        {
            var pixel = bytesPerPixel == 2
                ? BinaryPrimitives.ReadUInt16LittleEndian(row[from..])
                : BinaryPrimitives.ReadUInt32LittleEndian(row[from..]);
            rgb[to] = Scale(pixel, masks.Red);
            rgb[to + 1] = Scale(pixel, masks.Green);
            rgb[to + 2] = Scale(pixel, masks.Blue);
        }
    }

    private static byte Scale(uint pixel, uint mask)
    {
        var shift = BitOperations.TrailingZeroCount(mask);
        return (byte)(((pixel & mask) >> shift) * 255 / (mask >> shift));
    }

    private readonly record struct Masks(uint Red, uint Green, uint Blue);

    private readonly record struct Header(
        long Width, long Height, bool TopDown, int BitsPerPixel, Masks? Masks,
        int PaletteOffset, int PaletteColours, int PaletteEntryBytes, long PixelOffset)
    {
        public static Header Read(EncodedImage file)
        {
            var bytes = file.Bytes;
            var headerBytes = bytes.Length >= 26 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[FileHeaderBytes..]) : 0;
            if (headerBytes is not (12 or 40 or 52 or 56 or 64 or 108 or 124))
                throw file.Unsupported(
                    bytes.Length < 26 ? "it is too short for a bitmap" : $"its bitmap header has {headerBytes} bytes");
            if (bytes.Length < FileHeaderBytes + headerBytes)
                throw file.Damaged("its header ends early");
            long pixels = BinaryPrimitives.ReadUInt32LittleEndian(bytes[10..]);
            var info = bytes[FileHeaderBytes..];
            var afterInfo = FileHeaderBytes + (int)headerBytes;
            if (headerBytes == 12)
            {
                var depth = CheckDepth(file, BinaryPrimitives.ReadUInt16LittleEndian(info[10..]));
                return new Header(
                    BinaryPrimitives.ReadUInt16LittleEndian(info[4..]), BinaryPrimitives.ReadUInt16LittleEndian(info[6..]),
                    TopDown: false, depth, depth == 16 ? FiveBits : null,
                    afterInfo, 1 << Math.Min(depth, 8), PaletteEntryBytes: 3, pixels);
            }

            long height = BinaryPrimitives.ReadInt32LittleEndian(info[8..]);
            var bits = CheckDepth(file, BinaryPrimitives.ReadUInt16LittleEndian(info[14..]));
            var compression = BinaryPrimitives.ReadUInt32LittleEndian(info[16..]);
            var colours = BinaryPrimitives.ReadUInt32LittleEndian(info[32..]);
            var masks = compression == 3 ? ReadMasks(file, bits) : bits == 16 ? FiveBits : (Masks?)null;
            if (compression is not (0 or 3))
                throw file.Unsupported($"bitmaps compressed by {Name(compression)} are not read");
            return new Header(BinaryPrimitives.ReadInt32LittleEndian(info[4..]), Math.Abs(height), height < 0, bits, masks,
                afterInfo, colours == 0 ? 1 << Math.Min(bits, 8) : (int)Math.Min(colours, 256), PaletteEntryBytes: 4, pixels);
        }

        private static Masks FiveBits => new(0x7C00, 0x3E0, 0x1F);

        private static int CheckDepth(EncodedImage file, int bits) =>
            bits is 1 or 4 or 8 or 16 or 24 or 32
                ? bits
                : throw file.Unsupported($"bitmaps of {bits} bits per pixel are not read");

        /// <summary>The masks lie behind the first 40 bytes of the header, whether they count as part of it or not.</summary>
        private static Masks ReadMasks(EncodedImage file, int bits)
        {
            const int At = FileHeaderBytes + 40;
            if (file.Bytes.Length < At + 12)
                throw file.Damaged("its header ends early");
            var masks = new Masks(
                BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes[At..]),
                BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes[(At + 4)..]),
                BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes[(At + 8)..]));
            var known = bits switch
            {
                16 => masks == new Masks(0xF800, 0x7E0, 0x1F) || masks == FiveBits,
                32 => IsByte(masks.Red) && IsByte(masks.Green) && IsByte(masks.Blue),
                _ => false,
            };
            return known ? masks : throw file.Unsupported($"its masks for {bits} bits are not read");
        }

        private static bool IsByte(uint mask) => mask is 0xFF or 0xFF00 or 0xFF0000 or 0xFF000000;

        private static string Name(uint compression) => compression switch
        {
            1 => "RLE8",
            2 => "RLE4",
            4 => "JPEG",
            5 => "PNG",
            _ => $"method {compression}",
        };
    }
}
