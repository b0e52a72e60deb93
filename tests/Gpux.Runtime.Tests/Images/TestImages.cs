using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Image files that tests make, and those that they keep.</summary>
internal static class TestImages
{
    /// <summary>A small file of every format, by name.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Samples()
    {
        string[] recorded =
        [
            "small.png", "grey16.png", "grey-alpha.png", "bilevel.png", "palette-transparent.png", "rgba.png", "text-chunk.png", "orientation6.png",
            "baseline.jpg", "progressive.jpg", "chroma444.jpg", "cmyk.jpg", "orientation6.jpg", "lossy.webp", "lossless.webp", "rgba.webp",
            "still.gif", "animated.gif", "raw.tif", "lzw.tif", "deflate.tif", "24bit.bmp", "8bit.bmp", "binary.ppm",
        ];
        return
        [
            .. recorded.Select(name => (name, File.ReadAllBytes(Corpus.Image(name)))),
            .. new[] { "lossless.avif", "lossy.avif", "interlaced.png", "tiled.tif" }.Select(name => (name, Kept(name))),
            ("plain.ppm", Encoding.ASCII.GetBytes("P3 # a comment\n3 2 255\n1 2 3 4 5 6 7 8 9\n10 11 12 13 14 15 16 17 18\n")),
            ("bits.pbm", [.. "P4\n17 2\n"u8, 0xAA, 0x55, 0x80, 0xFF, 0x00, 0x00]),
            ("four.bmp", Bmp(4, 5, 3, top: true)),
            ("masks.bmp", Bmp(16, 5, 3, masks: [0xF800, 0x7E0, 0x1F])),
            ("interlaced.gif", Gif(20, 30, 3, 5, 7, 11, transparent: 2, interlaced: true)),
        ];
    }

    /// <summary>Files of a format, by its ending, as small as they can be and still have all parts: the smaller a file, the more of its damage
    /// tells.</summary>
    public static IReadOnlyList<byte[]> Small(string ending) => ending switch
    {
        ".png" =>
        [
            Png(4, 3, 8, 2, Pixels(36)), Png(3, 3, 16, 0, Pixels(18)), Png(4, 2, 8, 6, Pixels(32)), Png(5, 2, 1, 0, Pixels(2)),
            Png(4, 2, 4, 3, Pixels(4), ("PLTE", Pixels(48)), ("tRNS", Pixels(3))), Png(2, 2, 8, 4, Pixels(8), ("tEXt", "a\0b"u8.ToArray()), ("eXIf", Orientation)),
        ],
        ".tif" => [Tiff(4, 3, 3, 1, 2, Pixels(36)), Tiff(4, 3, 3, 5, 2, Pixels(36)), Tiff(6, 4, 1, 8, 1, Pixels(24)), Tiff(4, 2, 3, 1, 6, Pixels(24))],
        ".bmp" => [Bmp(24, 3, 2), Bmp(8, 3, 2), Bmp(4, 5, 3, top: true), Bmp(16, 5, 3, masks: [0xF800, 0x7E0, 0x1F])],
        ".gif" => [Gif(4, 4, 0, 0, 4, 4), Gif(5, 6, 1, 1, 3, 4, transparent: 2, interlaced: true)],
        ".ppm" =>
        [
            [.. "P3 # a comment\n3 2 255\n1 2 3 4 5 6 7 8 9\n10 11 12 13 14 15 16 17 18\n"u8], [.. "P1\n3 2\n1 0 1\n010\n"u8], [.. "P2 2 1 9 1 9\n"u8],
            [.. "P6 3 2 255\n"u8, .. Pixels(18)], [.. "P5 2 2 65535\n"u8, .. Pixels(8)], [.. "P4\n17 2\n"u8, .. Pixels(6)],
        ],
        _ => [.. Samples().Where(sample => sample.Name.EndsWith(ending, StringComparison.Ordinal)).Select(sample => sample.Bytes)],
    };

    // A TIFF directory with the tag 274.
    private static byte[] Orientation => [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];

    private static byte[] Pixels(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(37 * i))];

    /// <summary>A file that libvips has written from small.png.</summary>
    public static byte[] Kept(string name) =>
        File.ReadAllBytes(Path.Combine(Corpus.Repository, "tests", "Golden", "images", "formats", name));

    /// <summary>A bitmap whose n-th byte of pixels is 37 n, with a palette of (i, 2 i, 3 i) where it has one.</summary>
    public static byte[] Bmp(int bits, int width, int height, bool top = false, uint[]? masks = null, uint compression = 0)
    {
        var file = new List<byte>();
        var rowBytes = (width * bits + 31) / 32 * 4;
        var palette = bits > 8 ? [] : Enumerable.Range(0, 1 << bits).SelectMany(i => new[] { (byte)(3 * i), (byte)(2 * i), (byte)i, (byte)0 }).ToArray();
        var offset = 14 + 40 + (masks?.Length ?? 0) * 4 + palette.Length;
        file.AddRange("BM"u8);
        foreach (var number in (uint[])[(uint)(offset + rowBytes * height), 0, (uint)offset, 40, (uint)width, (uint)(top ? -height : height)])
            file.AddRange(BitConverter.GetBytes(number));
        file.AddRange(BitConverter.GetBytes((ushort)1));
        file.AddRange(BitConverter.GetBytes((ushort)bits));
        foreach (var number in (uint[])[masks is null ? compression : 3, 0, 0, 0, 0, 0, .. masks ?? []])
            file.AddRange(BitConverter.GetBytes(number));
        file.AddRange(palette);
        for (var i = 0; i < rowBytes * height; i++)
            file.Add((byte)(37 * i));
        return [.. file];
    }

    /// <summary>A GIF with the palette (i, 2 i, 3 i) of 4 colours, whose frame's n-th stored pixel is n modulo 4, without
    /// compression.</summary>
    public static byte[] Gif(int width, int height, int left, int top, int frameWidth, int frameHeight, int? transparent = null, bool interlaced = false)
    {
        var file = new List<byte>();
        void Add(params int[] numbers) => file.AddRange(numbers.SelectMany(number => BitConverter.GetBytes((ushort)number)));
        file.AddRange("GIF89a"u8);
        Add(width, height);
        file.AddRange([0x81, 0, 0]);
        for (var i = 0; i < 4; i++)
            file.AddRange([(byte)i, (byte)(2 * i), (byte)(3 * i)]);
        if (transparent is { } index)
            file.AddRange([0x21, 0xF9, 4, 1, 0, 0, (byte)index, 0]);
        file.Add(0x2C);
        Add(left, top, frameWidth, frameHeight);
        file.AddRange([interlaced ? (byte)0x40 : (byte)0, 2]);

        // Codes of 3 bits: clearing after every other pixel keeps them from growing.
        var codes = new List<int>();
        for (var i = 0; i < frameWidth * frameHeight; i++)
        {
            if (i % 2 == 0)
                codes.Add(4);
            codes.Add(i % 4);
        }
        codes.Add(5);
        var bytes = new byte[(codes.Count * 3 + 7) / 8];
        for (var i = 0; i < codes.Count * 3; i++)
            bytes[i / 8] |= (byte)((codes[i / 3] >> i % 3 & 1) << i % 8);
        foreach (var block in bytes.Chunk(255))
            file.AddRange([(byte)block.Length, .. block]);
        file.AddRange([0, 0x3B]);
        return [.. file];
    }

    /// <summary>A PNG from rows as the format stores them, each without its filter byte.</summary>
    public static byte[] Png(int width, int height, int depth, int colourType, byte[] pixels, params (string Type, byte[] Data)[] chunks)
    {
        var file = new List<byte>([0x89, .. "PNG\r\n"u8, 0x1A, 0x0A]);
        void Chunk(string type, ReadOnlySpan<byte> data)
        {
            byte[] typed = [.. Encoding.ASCII.GetBytes(type), .. data];
            file.AddRange(BigEndian((uint)data.Length));
            file.AddRange(typed);
            file.AddRange(BigEndian(Crc32(typed)));
        }

        Chunk("IHDR", [.. BigEndian((uint)width), .. BigEndian((uint)height), (byte)depth, (byte)colourType, 0, 0, 0]);
        foreach (var (type, data) in chunks)
            Chunk(type, data);
        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal))
            foreach (var row in pixels.Chunk(Math.Max(1, pixels.Length / Math.Max(1, height))))
                deflate.Write([0, .. row]);
        Chunk("IDAT", compressed.ToArray());
        Chunk("IEND", []);
        return [.. file];
    }

    /// <summary>A TIFF of 8 bits a sample, in one strip.</summary>
    /// <param name="compression">1 none, 5 LZW, 8 deflate.</param>
    /// <param name="photometric">1 grey, 2 RGB, 6 YCbCr.</param>
    public static byte[] Tiff(int width, int height, int samples, int compression, int photometric, byte[] pixels)
    {
        const int Entries = 9, EntryBytes = 12, DirectoryAt = 8, BitsAt = DirectoryAt + 2 + Entries * EntryBytes + 4;
        var strip = compression switch { 5 => Lzw(pixels), 8 => Zlib(pixels), _ => pixels };
        var file = new List<byte>([.. "II*\0"u8, DirectoryAt, 0, 0, 0, Entries, 0]);
        var bits = samples == 1 ? 8 : BitsAt;
        foreach (var (tag, type, count, value) in ((int, int, int, int)[])
            [(256, 3, 1, width), (257, 3, 1, height), (258, 3, samples, bits), (259, 3, 1, compression), (262, 3, 1, photometric),
            (273, 4, 1, BitsAt + 2 * samples), (277, 3, 1, samples), (278, 3, 1, height), (279, 4, 1, strip.Length)])
            file.AddRange([.. BitConverter.GetBytes((ushort)tag), .. BitConverter.GetBytes((ushort)type), .. BitConverter.GetBytes(count), .. BitConverter.GetBytes(value)]);
        file.AddRange([0, 0, 0, 0]);
        for (var sample = 0; sample < samples; sample++)
            file.AddRange([8, 0]);
        return [.. file, .. strip];
    }

    // Codes of 9 bits, the highest first: clear, the bytes as they are, end. There are too few to make them longer.
    private static byte[] Lzw(byte[] pixels)
    {
        int[] codes = [256, .. pixels.Select(pixel => (int)pixel), 257];
        var bytes = new byte[(codes.Length * 9 + 7) / 8];
        for (var i = 0; i < codes.Length * 9; i++)
            bytes[i / 8] |= (byte)((codes[i / 9] >> 8 - i % 9 & 1) << 7 - i % 8);
        return bytes;
    }

    private static byte[] Zlib(byte[] pixels)
    {
        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(pixels);
        return compressed.ToArray();
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
        }
        return ~crc;
    }
}
