using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Damaged files of every format: an image or a typed error, in bounded time and memory.</summary>
[Collection(Alone)]
public sealed class ImageFuzzTests
{
    /// <summary>The memory of other tests does not count.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneCollection;

    private const string Alone = "Image fuzz";
    private const int Seed = 20_260_101;

    // Small, so that a header that promises more is refused as a real one would be by the default limits.
    private static readonly ImageLimits Limits = new() { MaxPixels = 1 << 18, MaxSide = 4096, MaxFileBytes = 1 << 17 };

    [Fact]
    public void Ten_thousand_damaged_files_give_images_or_typed_errors() => Run(10_000, Seed);

    [Fact]
    [Trait("Category", "Slow")]
    public void Million_damaged_files_give_images_or_typed_errors() => Run(1_000_000, Seed + 1);

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

    private static void Run(int count, int seed)
    {
        var memoryBefore = Environment.WorkingSet;
        new DamagedFiles(TestImages.Samples(), headerBytes: 200).Read(count, seed, static (bytes, name, _) =>
        {
            var image = Image.Load(bytes, Limits, name);
            Assert.Equal(3 * image.Width * image.Height, image.Pixels.Length);
            Assert.InRange(image.Pixels.Length, 3, 3 * Limits.MaxPixels);
        },
        error => error is DamagedImageException or UnsupportedImageException or ImageTooLargeException);
        Assert.True(Environment.WorkingSet - memoryBefore < 128 << 20, $"memory grew by {(Environment.WorkingSet - memoryBefore) >> 20} MiB");
    }
}
