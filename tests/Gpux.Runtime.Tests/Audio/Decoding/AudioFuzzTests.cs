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

    private static void Run(int count, int seed) => new DamagedFiles(
        [
            ("10ms.wav", File.ReadAllBytes(Corpus.PathOf("inputs", "audio", "10ms.wav"))),
            ("speech.flac", File.ReadAllBytes(Corpus.PathOf("inputs", "audio", "speech.flac"))),
            ("float", TestSounds.Wav(TestSounds.Float32(TestSounds.Noise(200)), tag: 3, bits: 32, channels: 2, before: TestSounds.Chunk("LIST", new byte[9]))),
            ("24 bits", TestSounds.Wav(new byte[90], bits: 24, channels: 3)),
            ("a-law", TestSounds.Wav(new byte[64], tag: 6, bits: 8, rate: 44_100)),
        ], headerBytes: 60)
        .Read(count, seed, static (bytes, name, number) =>
        {
            var sound = Waveform.Load(new MemoryStream(bytes), number % 10 == 0 ? 16_000 : null, Limits);
            Assert.False(sound.Samples.IsEmpty);
            foreach (var sample in sound.Samples)
                if (!float.IsFinite(sample) && float.Abs(sample) < 1e30f)
                    Assert.Fail($"{name} #{number}: a sample is {sample}");
        },
        error => error is DamagedAudioException or UnsupportedAudioException or AudioTooLargeException or MissingAudioDecoderException);
}
