using Gpux.Runtime.Images;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Damaged files of every format: an image or a typed error, in bounded time and memory.</summary>
[Collection(Alone)]
public sealed class ImageFuzzTests(ITestOutputHelper output)
{
    /// <summary>The memory of other tests does not count.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneCollection;

    private const string Alone = "Image fuzz";

    // Small, so that a header that promises more is refused as a real one would be by the default limits.
    private static readonly ImageLimits Limits = new() { MaxPixels = 1 << 16, MaxSide = 4096, MaxFileBytes = 1 << 17 };

    /// <summary>By the endings of the samples' names.</summary>
    public static TheoryData<string> Formats => [.. TestImages.Samples().Select(sample => Path.GetExtension(sample.Name)).Select(ending => ending == ".pbm" ? ".ppm" : ending).Distinct()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Ten_thousand_damaged_files_give_images_or_typed_errors(string ending) => InLittleMemory(() => Fuzzing.TenThousand(output, ending, () => Reader(ending)));

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Slow")]
    public void Million_damaged_files_give_images_or_typed_errors(string ending) => InLittleMemory(() => Fuzzing.Million(output, ending, () => Reader(ending)));

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

    private static Func<Random, bool> Reader(string ending)
    {
        var samples = TestImages.Samples().Where(sample => sample.Name.EndsWith(ending, StringComparison.Ordinal) || (ending == ".ppm" && sample.Name.EndsWith(".pbm", StringComparison.Ordinal)));
        var damage = new Damage([.. samples.Select(sample => sample.Bytes)], headerBytes: 200);
        return random =>
        {
            var (bytes, _) = damage.Next(random);
            try
            {
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

    private static void InLittleMemory(Action work)
    {
        var before = Environment.WorkingSet;
        work();
        Assert.True(Environment.WorkingSet - before < 128 << 20, $"memory grew by {(Environment.WorkingSet - before) >> 20} MiB");
    }
}
