using System.Text;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Decoding;

namespace Gpux.Runtime.Tests.Images;

public sealed class ImageDecodingTests
{
    [Theory]
    [InlineData("lossless.avif")]
    [InlineData("interlaced.png")]
    [InlineData("tiled.tif")]
    public void Other_encodings_of_one_picture_have_its_pixels(string name) =>
        Assert.Equal(Image.Load(Corpus.Image("small.png")).Pixels, Image.Load(TestImages.Kept(name)).Pixels);

    [Fact]
    public void Lossy_avif_is_near()
    {
        var expected = Image.Load(Corpus.Image("small.png")).Pixels.ToArray();
        var actual = Image.Load(TestImages.Kept("lossy.avif")).Pixels.ToArray();
        Assert.InRange(expected.Zip(actual, (first, second) => Math.Abs(first - second)).Average(), 0, 12);
    }

    [Theory]
    [InlineData(1), InlineData(4), InlineData(8)]
    public void Bitmap_with_palette_is_looked_up(int bits)
    {
        const int Width = 5, Height = 3;
        var rowBytes = (Width * bits + 31) / 32 * 4;
        var image = Image.Load(TestImages.Bmp(bits, Width, Height, top: true));
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                var stored = (byte)(37 * (y * rowBytes + x * bits / 8));
                var index = stored >> 8 - bits - x * bits % 8 & (1 << bits) - 1;
                Assert.Equal([(byte)index, (byte)(2 * index), (byte)(3 * index)], image.Pixels.Slice((y * Width + x) * 3, 3));
            }
    }

    [Theory]
    [InlineData(24), InlineData(32)]
    public void Bitmap_without_palette_is_turned_and_reordered(int bits)
    {
        const int Width = 5, Height = 3;
        var rowBytes = (Width * bits + 31) / 32 * 4;
        foreach (var top in new[] { true, false })
        {
            var image = Image.Load(TestImages.Bmp(bits, Width, Height, top));
            for (var y = 0; y < Height; y++)
                for (var x = 0; x < Width; x++)
                {
                    var at = (top ? y : Height - 1 - y) * rowBytes + x * bits / 8;
                    Assert.Equal([(byte)(37 * (at + 2)), (byte)(37 * (at + 1)), (byte)(37 * at)], image.Pixels.Slice((y * Width + x) * 3, 3));
                }
        }
    }

    [Theory]
    [InlineData(16, 0xF800u, 0x7E0u, 0x1Fu)]
    [InlineData(16, 0x7C00u, 0x3E0u, 0x1Fu)]
    [InlineData(32, 0xFF000000u, 0xFF0000u, 0xFF00u)]
    public void Bitmap_with_masks_is_scaled_to_eight_bits(int bits, uint red, uint green, uint blue)
    {
        var image = Image.Load(TestImages.Bmp(bits, 2, 1, masks: [red, green, blue]));
        uint pixel = 0;
        for (var i = 0; i < bits / 8; i++)
            pixel |= (uint)(byte)(37 * i) << 8 * i;
        Assert.Equal([Scale(red), Scale(green), Scale(blue)], image.Pixels[..3]);

        byte Scale(uint mask) => (byte)((ulong)(pixel & mask) * 255 / mask);
    }

    [Theory]
    [InlineData(1u, "RLE8"), InlineData(2u, "RLE4"), InlineData(4u, "JPEG")]
    public void Compressed_bitmap_is_refused_by_name(uint compression, string name)
    {
        var error = Assert.Throws<UnsupportedImageException>(() => Image.Load(TestImages.Bmp(8, 4, 4, compression: compression), name: "a.bmp"));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Equal("a.bmp", error.File);
    }

    [Fact]
    public void Gif_keeps_colour_of_transparent_pixels_and_fills_canvas_with_it()
    {
        var image = Image.Load(TestImages.Gif(6, 5, left: 2, top: 1, frameWidth: 3, frameHeight: 2, transparent: 2));
        Assert.Equal(new ImageSize(6, 5), image.Size);
        for (var y = 0; y < 5; y++)
            for (var x = 0; x < 6; x++)
            {
                var index = x is >= 2 and < 5 && y is 1 or 2 && x is >= 2 and < 5 ? ((y - 1) * 3 + x - 2) % 4 : 2;
                Assert.Equal([(byte)index, (byte)(2 * index), (byte)(3 * index)], image.Pixels.Slice((y * 6 + x) * 3, 3));
            }
    }

    [Fact]
    public void Gif_without_transparency_fills_canvas_with_first_colour_and_grows_it() =>
        Assert.Equal(new ImageSize(7, 9), Image.Load(TestImages.Gif(4, 4, left: 5, top: 6, frameWidth: 2, frameHeight: 3)).Size);

    [Fact]
    public void Interlaced_gif_rows_are_put_in_order()
    {
        const int Height = 21;
        int[] order = [0, 8, 16, 4, 12, 20, 2, 6, 10, 14, 18, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
        var image = Image.Load(TestImages.Gif(3, Height, 0, 0, 3, Height, interlaced: true));
        for (var stored = 0; stored < Height; stored++)
            Assert.Equal(stored * 3 % 4, image.Pixels[order[stored] * 9]);
    }

    [Theory]
    [InlineData("P1 3 1\n101", "000255000")]
    [InlineData("P2 3 1 7\n0 7 3 ", "000255109")]
    [InlineData("P2 3 1 65535\n0 300 255", "000255255")]
    [InlineData("P2\n# comment\n3 1 #again\n255\n1 2 254", "001002254")]
    public void Plain_netpbm_grey_is_scaled_then_clipped(string file, string levels)
    {
        var image = Image.Load(Encoding.ASCII.GetBytes(file));
        Assert.Equal(levels, string.Concat(Enumerable.Range(0, 3).Select(x => image.Pixels[3 * x].ToString("D3"))));
    }

    [Fact]
    public void Deep_netpbm_colour_is_scaled()
    {
        byte[] file = [.. "P6 1 1 1000\n"u8, 0, 0, 1, 0xF4, 3, 0xE8];
        Assert.Equal<byte>([0, 128, 255], Image.Load(file).Pixels);
    }

    [Fact]
    public void Sixteen_bit_grey_is_clipped_and_sixteen_bit_colour_is_cut()
    {
        Assert.Equal<byte>([255, 255, 255, 7, 7, 7], Image.Load(TestImages.Png(2, 1, 16, 0, [1, 0, 0, 7])).Pixels);
        Assert.Equal<byte>([1, 1, 1], Image.Load(TestImages.Png(1, 1, 16, 4, [1, 200, 0, 7])).Pixels);
        Assert.Equal<byte>([1, 2, 3], Image.Load(TestImages.Png(1, 1, 16, 2, [1, 200, 2, 200, 3, 200])).Pixels);
    }

    [Fact]
    public void Transparent_colour_adds_no_alpha_to_sixteen_bit_grey() =>
        Assert.Equal<byte>([255, 255, 255, 7, 7, 7], Image.Load(TestImages.Png(2, 1, 16, 0, [1, 0, 0, 7], ("tRNS", [0, 7]))).Pixels);

    [Fact]
    public void Orientation_of_xmp_counts_where_exif_has_none()
    {
        byte[] xmp = [.. "XML:com.adobe.xmp"u8, 0, 0, 0, 0, 0, .. "<x tiff:Orientation=\"6\"/>"u8];
        var image = Image.Load(TestImages.Png(2, 1, 8, 0, [10, 20], ("iTXt", xmp)));
        Assert.Equal(new ImageSize(1, 2), image.Size);
        Assert.Equal<byte>([10, 10, 10, 20, 20, 20], image.Pixels);
    }

    [Theory]
    [InlineData("<tiff:Orientation>3</tiff:Orientation>", Orientation.Rotated180)]
    [InlineData("tiff:Orientation=\"8\"", Orientation.Rotated90CounterClockwise)]
    [InlineData("tiff:Orientation=\"9\"", Orientation.Upright)]
    [InlineData("tiff:Orientation tiff:Orientation=\"2\"", Orientation.MirroredLeftRight)]
    [InlineData("tiff:Orientation=\"", Orientation.Upright)]
    [InlineData("", Orientation.Upright)]
    internal void Orientation_is_found_in_xmp(string xmp, Orientation expected) =>
        Assert.Equal(expected, Orientations.ReadXmp(Encoding.ASCII.GetBytes(xmp)));

    [Theory]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")]
    [InlineData("%PDF-1.7", "PDF")]
    [InlineData("\0\0\0\u0018ftypheic", "HEIC")]
    [InlineData("hello", "no image format")]
    public void Other_formats_are_refused_by_name(string content, string name)
    {
        var error = Assert.Throws<UnsupportedImageException>(() => Image.Load(Encoding.Latin1.GetBytes(content)));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_checksum_before_pixels_is_refused()
    {
        var file = TestImages.Png(2, 1, 8, 0, [10, 20], ("tEXt", [.. "a"u8, 0, .. "b"u8]));
        file[^40] ^= 1; // inside IDAT: Pillow does not mind its checksum, but its contents
        Assert.Throws<DamagedImageException>(() => Image.Load(file));
        file[^40] ^= 1;
        Assert.Equal(2, Image.Load(file).Width);
        file[33 + 8] ^= 1; // the text's first byte, behind signature, header and the text's length and type
        Assert.Contains("tEXt", Assert.Throws<DamagedImageException>(() => Image.Load(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_that_promises_too_much_is_refused_before_pixels_are_allocated()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        byte[][] bombs =
        [
            TestImages.Png(60_000, 60_000, 8, 2, []),
            [.. "P6 60000 60000 255\n"u8],
            [.. TestImages.Gif(60_000, 60_000, 0, 0, 1, 1)],
            [.. TestImages.Bmp(24, 1, 1)[..18], .. BitConverter.GetBytes(60_000), .. BitConverter.GetBytes(60_000), .. TestImages.Bmp(24, 1, 1)[26..]],
        ];
        foreach (var bomb in bombs)
            Assert.Throws<ImageTooLargeException>(() => Image.Load(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Limits_count()
    {
        var file = File.ReadAllBytes(Corpus.Image("small.png")); // 48 x 32
        Assert.Equal(48, Image.Load(file, new ImageLimits { MaxPixels = 48 * 32, MaxSide = 48, MaxFileBytes = file.Length }).Width);
        Assert.Throws<ImageTooLargeException>(() => Image.Load(file, new ImageLimits { MaxPixels = 48 * 32 - 1 }));
        Assert.Throws<ImageTooLargeException>(() => Image.Load(file, new ImageLimits { MaxSide = 47 }));
        Assert.Throws<ImageTooLargeException>(() => Image.Load(file, new ImageLimits { MaxFileBytes = file.Length - 1 }));
        Assert.Throws<ImageTooLargeException>(() => Image.Load(new MemoryStream(file), new ImageLimits { MaxFileBytes = file.Length - 1 }));
    }

    [Fact]
    public void Stream_without_length_is_read_to_its_end()
    {
        var file = File.ReadAllBytes(Corpus.Image("small.png"));
        using var stream = new System.IO.Compression.GZipStream(new MemoryStream(Compress(file)), System.IO.Compression.CompressionMode.Decompress);
        Assert.Equal(Image.Load(file).Pixels, Image.Load(stream).Pixels);

        static byte[] Compress(byte[] bytes)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new System.IO.Compression.GZipStream(compressed, System.IO.Compression.CompressionLevel.Fastest))
                gzip.Write(bytes);
            return compressed.ToArray();
        }
    }

    [Fact]
    public void Images_decode_side_by_side()
    {
        var files = TestImages.Samples();
        var expected = files.Select(file => Image.Load(file.Bytes).Pixels.ToArray()).ToArray();
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(expected[i % files.Count], Image.Load(files[i % files.Count].Bytes).Pixels));
    }
}
