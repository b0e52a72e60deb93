using System.Diagnostics;
using Gpux.Runtime.Audio;

namespace Gpux.Runtime.Tests.Audio.Decoding;

/// <summary>Damaged files of the formats that are read by code of ours: a sound or a typed error, in bounded time and memory.</summary>
public sealed class AudioFuzzTests
{
    private const int Seed = 20_261_121;
    private static readonly AudioLimits Limits = new() { MaxDuration = TimeSpan.FromSeconds(30), MaxFileBytes = 1 << 20 };

    [Fact]
    public void Ten_thousand_damaged_files_give_sounds_or_typed_errors() => Run(10_000, Seed);

    [Fact]
    [Trait("Category", "Slow")]
    public void Million_damaged_files_give_sounds_or_typed_errors() => Run(1_000_000, Seed + 1);

    private static void Run(int count, int seed)
    {
        byte[][] samples =
        [
            File.ReadAllBytes(Corpus.PathOf("inputs", "audio", "10ms.wav")), File.ReadAllBytes(Corpus.PathOf("inputs", "audio", "speech.flac")),
            TestSounds.Wav(TestSounds.Float32(TestSounds.Noise(200)), tag: 3, bits: 32, channels: 2, before: TestSounds.Chunk("LIST", new byte[9])),
            TestSounds.Wav(new byte[90], bits: 24, channels: 3), TestSounds.Wav(new byte[64], tag: 6, bits: 8, rate: 44_100),
        ];
        var random = new Random(seed);
        var (read, refused) = (0, 0);
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < count; i++)
        {
            var damaged = Damage(samples[i % samples.Length], random);
            var clock = Stopwatch.StartNew();
            try
            {
                var sound = Waveform.Load(new MemoryStream(damaged), i % 10 == 0 ? 16_000 : null, Limits);
                Assert.False(sound.Samples.IsEmpty);
                foreach (var sample in sound.Samples)
                    if (!float.IsFinite(sample) && float.Abs(sample) < 1e30f)
                        Assert.Fail($"#{i}: a sample is {sample}");
                read++;
            }
            catch (GpuxException error)
            {
                Assert.True(error is DamagedAudioException or UnsupportedAudioException or AudioTooLargeException or MissingAudioDecoderException, $"#{i}: {error}");
                refused++;
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"#{i}: {error}");
            }
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
        }
        Assert.True(read > count / 20 && refused > count / 20, $"{read} read, {refused} refused: the damage is too light or too heavy");
        Assert.True(slowest < TimeSpan.FromSeconds(5), $"one file took {slowest}");
    }

    /// <summary>Flips, overwrites, removes, repeats or cuts; one to four times, mostly where headers are.</summary>
    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(4) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(bytes.Count, 60));
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    for (var i = at; i < Math.Min(bytes.Count, at + 4); i++)
                        bytes[i] = random.Next(2) == 0 ? (byte)0 : (byte)255;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 16), bytes.Count - at));
                    break;
                case 4:
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
