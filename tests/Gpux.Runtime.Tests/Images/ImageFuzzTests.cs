using System.Diagnostics;
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
        var samples = TestImages.Samples();
        var random = new Random(seed);
        var slowest = TimeSpan.Zero;
        var (decoded, refused) = (0, 0);
        var memoryBefore = Environment.WorkingSet;
        for (var i = 0; i < count; i++)
        {
            var (name, bytes) = samples[i % samples.Count];
            var damaged = Damage(bytes, random);
            var clock = Stopwatch.StartNew();
            try
            {
                var image = Image.Load(damaged, Limits, name);
                Assert.Equal(3 * image.Width * image.Height, image.Pixels.Length);
                Assert.InRange(image.Pixels.Length, 3, 3 * Limits.MaxPixels);
                decoded++;
            }
            catch (GpuxException error)
            {
                Assert.True(error is DamagedImageException or UnsupportedImageException or ImageTooLargeException, $"{name} #{i}: {error.GetType()}");
                refused++;
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{name} #{i}: {error}");
            }
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
        }
        Assert.True(decoded > count / 20 && refused > count / 20, $"{decoded} decoded, {refused} refused: the damage is too light or too heavy");
        Assert.True(slowest < TimeSpan.FromSeconds(5), $"one file took {slowest}");
        Assert.True(Environment.WorkingSet - memoryBefore < 128 << 20, $"memory grew by {(Environment.WorkingSet - memoryBefore) >> 20} MiB");
    }

    /// <summary>Flips, overwrites, removes, repeats or cuts; one to four times, mostly where headers are.</summary>
    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(4) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(bytes.Count, 200));
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? (byte)0 : (byte)255;
                    break;
                case 3:
                    for (var i = at; i < Math.Min(bytes.Count, at + 4); i++)
                        bytes[i] = (byte)(i == at || i == at + 3 ? random.Next(256) : 0xFF);
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 16), bytes.Count - at));
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 64), bytes.Count - at)));
                    break;
                default:
                    if (random.Next(4) == 0)
                        bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
