using System.Buffers.Binary;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Decoding;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Damaged files of every format: an image or a typed error, in bounded time and memory.</summary>
[Collection(Alone)]
public sealed class ImageFuzzTests(ITestOutputHelper output)
{
    /// <summary>The memory of other tests does not count.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneCollection;

    private const string Alone = "Image fuzz", Headers = "headers of images";

    private static readonly string[] Native = [".png", ".jpg", ".webp", ".tif", ".avif"];

    private static byte[] Xmp => [.. """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/><tiff:Orientation>3</tiff:Orientation></x:xmpmeta>"""u8];

    // Small, so that a header that promises more is refused as a real one would be by the default limits.
    private static readonly ImageLimits Limits = new() { MaxPixels = 1 << 12, MaxSide = 1 << 10, MaxFileBytes = 1 << 17 };

    /// <summary>By the endings of their names.</summary>
    public static TheoryData<string> Formats => [".gif", ".bmp", ".ppm", Headers];

    /// <summary>Those that libvips reads.</summary>
    public static TheoryData<string> NativeFormats => [.. Native];

    [Theory]
    [MemberData(nameof(Formats))]
    [MemberData(nameof(NativeFormats))]
    public void Ten_thousand_damaged_files_give_images_or_typed_errors(string ending) => InLittleMemory(() => Fuzzing.TenThousand(output, ending, () => Reader(ending)));

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Slow")]
    public void Million_damaged_files_give_images_or_typed_errors(string ending) => InLittleMemory(() => Fuzzing.Million(output, ending, () => Reader(ending)));

    [Theory]
    [MemberData(nameof(NativeFormats))]
    [Trait("Category", "Slow")]
    public void Many_damaged_files_give_images_or_typed_errors_by_libvips(string ending) => InLittleMemory(() => Fuzzing.ForHalfMinute(output, ending, () => Reader(ending)));

    [Fact]
    public void Decoding_keeps_no_memory()
    {
        foreach (var (name, bytes) in TestImages.Samples())
        {
            for (var i = 0; i < 50; i++)
                Image.Load(bytes, name: name);
            var before = Environment.WorkingSet;
            for (var i = 0; i < 200; i++)
                Image.Load(bytes, name: name);
            Assert.True(Environment.WorkingSet - before < 6 << 20, $"{name}: memory grew by {(Environment.WorkingSet - before) >> 20} MiB in 200 files");
        }
    }

    private static Func<Chance, bool> Reader(string ending)
    {
        var damage = new Damage(ending == Headers ? [.. Native.SelectMany(TestImages.Small), Xmp] : TestImages.Small(ending), headerBytes: 200);
        return chance =>
        {
            var bytes = damage.Next(chance).Bytes;
            if (ending is ".png" or Headers && chance.Next(2) == 0)
                CorrectChecksums(bytes);
            try
            {
                if (ending == Headers)
                    return IsKnown(new EncodedImage(bytes, Limits, ending));
                var image = Image.Load(bytes, Limits);
                Assert.Equal(3 * image.Width * image.Height, image.Pixels.Length);
                Assert.InRange(image.Pixels.Length, 3, 3 * Limits.MaxPixels);
                return true;
            }
            catch (GpuxException error) when (error is DamagedImageException or UnsupportedImageException or ImageTooLargeException)
            {
                return false;
            }
        };
    }

    // What is ours in front of libvips and behind it.
    private static bool IsKnown(EncodedImage file)
    {
        var format = ImageFormats.Detect(file.Bytes);
        if (format == ImageFormat.Png)
            PngChunks.Check(file);
        if (format == ImageFormat.Tiff)
            TiffTags.IsUnconvertedYCbCr(file.Bytes);
        Assert.True(Enum.IsDefined(Orientations.ReadXmp(file.Bytes)));
        return format != ImageFormat.Unknown || ImageFormats.Describe(file.Bytes).Length == 0;
    }

    // Of a PNG's chunks, or hardly any damage would reach what is behind them.
    private static void CorrectChecksums(Span<byte> png)
    {
        for (var at = 8; png.Length - at >= 12
            && BinaryPrimitives.ReadUInt32BigEndian(png[at..]) <= png.Length - at - 12;)
        {
            var data = (int)BinaryPrimitives.ReadUInt32BigEndian(png[at..]);
            BinaryPrimitives.WriteUInt32BigEndian(png[(at + 8 + data)..], PngChunks.Crc32(png.Slice(at + 4, 4 + data)));
            at += 12 + data;
        }
    }

    private static void InLittleMemory(Action work)
    {
        var before = Environment.WorkingSet;
        work();
        Assert.True(Environment.WorkingSet - before < 128 << 20, $"memory grew by {(Environment.WorkingSet - before) >> 20} MiB");
    }
}
