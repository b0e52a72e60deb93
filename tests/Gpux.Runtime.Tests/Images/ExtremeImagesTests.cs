using System.Buffers.Binary;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Decoding;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Runtime.Tests.Images;

public sealed class ExtremeImagesTests
{
    [Theory]
    [InlineData(0, 5), InlineData(5, 0), InlineData(0, 0)]
    public void Image_without_extent_is_damaged(int width, int height) =>
        Assert.Throws<DamagedImageException>(() => Image.Load(Resized(Image.FromPixels(1, 1, [1, 2, 3]).ToPng(), width, height)));

    [Theory]
    [InlineData(100_000, 1), InlineData(1, 5_000)]
    public void Images_of_one_row_or_column_are_read_exactly(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i * 31);
        Assert.True(pixels.AsSpan().SequenceEqual(Image.Load(Image.FromPixels(width, height, pixels).ToPng()).Pixels));
    }

    [Theory]
    [InlineData(100_001, 1), InlineData(1, 100_001), InlineData(100_000, 100_000)]
    public void Longer_sides_and_more_pixels_are_refused_by_the_header(int width, int height) =>
        Assert.Throws<ImageTooLargeException>(() => Image.Load(Resized(Image.FromPixels(1, 1, [1, 2, 3]).ToPng(), width, height)));

    [Fact]
    public void Narrow_image_that_a_processor_would_blow_up_is_refused()
    {
        var processor = ImageProcessor.Load(TemporaryFile("""{"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 60000}}"""));
        Assert.Throws<UnfitImagesException>(() => processor.Process([Image.FromPixels(1, 5, new byte[15])]));
    }

    [Fact]
    public void Of_an_animated_png_the_still_picture_counts()
    {
        var still = File.ReadAllBytes(Corpus.Image("small.png"));
        byte[] control = [0, 0, 0, 2, 0, 0, 0, 0]; // two frames, for ever
        byte[] chunk = [0, 0, 0, 8, .. "acTL"u8, .. control, .. BigEndian(PngChunks.Crc32("acTL"u8, control))];
        const int BehindHeader = 8 + 25;
        Assert.Equal(Image.Load(still).Pixels, Image.Load((byte[])[.. still[..BehindHeader], .. chunk, .. still[BehindHeader..]]).Pixels);
    }

    [Fact]
    public void Of_a_tiff_with_two_pages_the_first_counts()
    {
        var image = Image.Load(Tiff([10, 20, 30], [200, 210, 220]));
        Assert.Equal(new ImageSize(1, 1), image.Size);
        Assert.Equal((ReadOnlySpan<byte>)[10, 20, 30], image.Pixels);
    }

    [Fact]
    public void Written_png_is_read_as_it_was()
    {
        var image = Image.Load(Corpus.Image("landscape.png"));
        Assert.Equal(image.Pixels, Image.Load(image.ToPng()).Pixels);
    }

    [Theory]
    [InlineData("out.png", 0), InlineData("out.jpg", 6), InlineData("out.JPEG", 6), InlineData("out.webp", 8)]
    public void Written_file_is_near_the_picture(string name, double mean)
    {
        var folder = Directory.CreateTempSubdirectory("gpux-pictures");
        try
        {
            var image = Image.Load(Corpus.Image("landscape.png"));
            var path = Path.Combine(folder.FullName, name);
            image.Save(path);
            var written = Image.Load(path).Pixels.ToArray();
            Assert.InRange(image.Pixels.ToArray().Zip(written, (one, other) => Math.Abs(one - other)).Average(), 0, mean);
            Assert.Single(folder.EnumerateFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Other_endings_are_refused_by_name() => Assert.Contains(".png", Assert.Throws<UnsupportedImageException>(
        () => Image.FromPixels(1, 1, [0, 0, 0]).Save(Path.Combine(Path.GetTempPath(), "gpux-picture.tiff"))).Message, StringComparison.Ordinal);

    // A PNG whose header promises another size.
    private static byte[] Resized(byte[] png, int width, int height)
    {
        const int Header = 16;
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(Header), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(Header + 4), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(Header + 13), PngChunks.Crc32(png.AsSpan(Header - 4, 17)));
        return png;
    }

    private static byte[] BigEndian(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    // Uncompressed pages of one RGB pixel each.
    private static byte[] Tiff(params byte[][] pages)
    {
        const int Entries = 9, PageBytes = 2 + Entries * 12 + 4 + 8;
        var file = new List<byte>([.. "II*\0"u8, 8, 0, 0, 0]);
        for (var page = 0; page < pages.Length; page++)
        {
            var start = 8 + page * PageBytes;
            file.AddRange(BitConverter.GetBytes((ushort)Entries));
            foreach (var (tag, type, count, value) in ((ushort, ushort, uint, uint)[])[(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 2),
                (273, 4, 1, (uint)(start + PageBytes - 8)), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 3)])
            {
                file.AddRange(BitConverter.GetBytes(tag));
                file.AddRange(BitConverter.GetBytes(type));
                file.AddRange(BitConverter.GetBytes(count));
                file.AddRange(BitConverter.GetBytes(value));
            }
            file.AddRange(BitConverter.GetBytes(page + 1 < pages.Length ? (uint)(start + PageBytes) : 0));
            file.AddRange([.. pages[page], 0, 0, 0, 0, 0]);
        }
        return [.. file];
    }

    private static Func<string, string?> TemporaryFile(string content)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("gpux-pictures").FullName, "preprocessor_config.json");
        File.WriteAllText(path, content);
        return name => name == "preprocessor_config.json" ? path : null;
    }
}
