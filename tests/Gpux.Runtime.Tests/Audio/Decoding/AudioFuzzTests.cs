using Gpux.Runtime.Audio;
using Gpux.Runtime.Audio.Decoding;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Audio.Decoding;

/// <summary>Damaged sounds: a sound or a typed error.</summary>
public sealed class AudioFuzzTests(ITestOutputHelper output)
{
    private static readonly AudioLimits Limits = new() { MaxDuration = TimeSpan.FromSeconds(30), MaxFileBytes = 1 << 20 };

    // Without its library no MP3 is read at all.
    public static TheoryData<string> Formats => Mpg123.Instance is null && Sndfile.Instance is null ? ["WAV", "FLAC"] : ["WAV", "FLAC", "MP3"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Ten_thousand_damaged_files_give_sounds_or_typed_errors(string format) => Fuzzing.TenThousand(output, format, () => Reader(format));

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Slow")]
    public void Million_damaged_files_give_sounds_or_typed_errors(string format) => Fuzzing.Million(output, format, () => Reader(format));

    private static Func<Random, bool> Reader(string format)
    {
        var damage = new Damage(Originals(format), headerBytes: 60);
        return random =>
        {
            var (bytes, _) = damage.Next(random);
            try
            {
                var sound = Waveform.Load(new MemoryStream(bytes.Array!, 0, bytes.Count), random.Next(100) == 0 ? 16_000 : null, Limits); // a segment of an array
                Assert.False(sound.Samples.IsEmpty);
                foreach (var sample in sound.Samples)
                    if (!float.IsFinite(sample))
                        Assert.Fail($"a sample is {sample}");
                return true;
            }
            catch (GpuxException error) when (error is DamagedAudioException or UnsupportedAudioException or AudioTooLargeException or MissingAudioDecoderException)
            {
                return false;
            }
        };
    }

    // Short: decoding what is whole tells nothing.
    private static byte[][] Originals(string format) => format switch
    {
        "FLAC" => [Recorded("speech.flac")[..5000]],
        "MP3" => [Recorded("speech.mp3")[..1500]],
        _ =>
        [
            Recorded("10ms.wav"),
            TestSounds.Wav(TestSounds.Float32(TestSounds.Noise(200)), tag: 3, bits: 32, channels: 2, before: TestSounds.Chunk("LIST", new byte[9])),
            TestSounds.Wav(new byte[90], bits: 24, channels: 3),
            TestSounds.Wav(new byte[64], tag: 6, bits: 8, rate: 44_100),
        ],
    };

    private static byte[] Recorded(string name) => File.ReadAllBytes(Corpus.PathOf("inputs", "audio", name));
}
