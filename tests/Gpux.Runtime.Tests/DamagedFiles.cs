using System.Diagnostics;

namespace Gpux.Runtime.Tests;

/// <summary>Damaged files: whatever reads them gives a result or a typed error, in bounded time.</summary>
/// <param name="samples">Whole files, by a name for messages.</param>
/// <param name="headerBytes">Where the beginning of a file ends, which most of the damage is done to.</param>
internal sealed class DamagedFiles(IReadOnlyList<(string Name, byte[] Bytes)> samples, int headerBytes)
{
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(5);

    /// <param name="read">Reads and checks a file, of its sample's name and its own number.</param>
    /// <param name="isExpected">Whether an error is one of those that tell of such a file.</param>
    public void Read(int count, int seed, Action<byte[], string, int> read, Func<GpuxException, bool> isExpected)
    {
        var random = new Random(seed);
        var (whole, refused) = (0, 0);
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < count; i++)
        {
            var (name, bytes) = samples[i % samples.Count];
            var damaged = Damage(bytes, random);
            var clock = Stopwatch.StartNew();
            try
            {
                read(damaged, name, i);
                whole++;
            }
            catch (GpuxException error)
            {
                Assert.True(isExpected(error), $"{name} #{i}: {error}");
                refused++;
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{name} #{i}: {error}");
            }
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
        }
        Assert.True(whole > count / 20 && refused > count / 20, $"{whole} read, {refused} refused: the damage is too light or too heavy");
        Assert.True(slowest < LongestRead, $"one file took {slowest}");
    }

    // Flips, overwrites, removes, repeats or cuts; one to four times.
    private byte[] Damage(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(4) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(bytes.Count, headerBytes));
            switch (random.Next(8))
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
                        bytes[i] = random.Next(2) == 0 ? (byte)0 : (byte)255;
                    break;
                case 4:
                    for (var i = at; i < Math.Min(bytes.Count, at + 4); i++)
                        bytes[i] = (byte)(i == at || i == at + 3 ? random.Next(256) : 0xFF);
                    break;
                case 5:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 16), bytes.Count - at));
                    break;
                case 6:
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
