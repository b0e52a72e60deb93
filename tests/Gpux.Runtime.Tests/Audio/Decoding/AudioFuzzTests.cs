using Gpux.Runtime.Audio;
using Gpux.Runtime.Audio.Decoding;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Audio.Decoding;

/// <summary>Damaged sounds: a sound or a typed error.</summary>
public sealed class AudioFuzzTests(ITestOutputHelper output)
{
    // What stands before the sound is read by our code, the sound itself by a library of the machine.
    private const string Headers = "MP3, headers", Native = "MP3";

    private static readonly AudioLimits Limits = new() { MaxDuration = TimeSpan.FromSeconds(30), MaxFileBytes = 1 << 20 };

    // Without its library no MP3 is read at all.
    public static TheoryData<string> Formats => Mpg123.Instance is null && Sndfile.Instance is null ? ["WAV", "FLAC", Headers] : ["WAV", "FLAC", Headers, Native];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Ten_thousand_damaged_files_give_sounds_or_typed_errors(string format) => Fuzzing.TenThousand(output, format, () => Reader(format));

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Slow")]
    public void Many_damaged_files_give_sounds_or_typed_errors(string format)
    {
        if (format == Native)
            Fuzzing.ForHalfMinute(output, format, () => Reader(format));
        else
            Fuzzing.Million(output, format, () => Reader(format));
    }

    private static Func<Chance, bool> Reader(string format)
    {
        var damage = new Damage(Originals(format), headerBytes: 60);
        return chance =>
        {
            var (bytes, which) = damage.Next(chance);
            if (format == "FLAC" && which > 0 && chance.Next(2) == 0)
                FlacFile.CorrectChecksums(bytes);
            var stream = new MemoryStream(bytes.Array!, 0, bytes.Count); // a segment of an array
            return format == Headers ? Mpg123Reader.IsAt(stream) : IsRead(stream, chance.Next(100) == 0 ? 16_000 : null);
        };
    }

    private static bool IsRead(Stream stream, int? sampleRate)
    {
        try
        {
            var sound = Waveform.Load(stream, sampleRate, Limits);
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
    }

    // Short: decoding what is whole tells nothing.
    private static byte[][] Originals(string format) => format switch
    {
        "FLAC" => [Recorded("speech.flac")[..60], FlacFile.Of(16, 0, 1), FlacFile.Of(32, 1, 10, 0), FlacFile.Of(40, 8, 9, 35), FlacFile.Of(24, 9, 33, 12), FlacFile.Of(32, 10, 8, 11)],
        // Behind tags, and without.
        Headers => [Recorded("speech.mp3")[..100], [.. "ID3\u0004\0\0"u8, 0, 0, 0, 10, .. new byte[10], .. "ID3\u0003\0\0"u8, 0, 0, 0, 3, 1, 2, 3, .. Recorded("speech.mp3")[..100]]],
        Native => [Recorded("speech.mp3")[..500]],
        _ =>
        [
            Recorded("10ms.wav"),
            TestSounds.Wav(TestSounds.Float32(TestSounds.Noise(50)), tag: 3, bits: 32, channels: 2, before: TestSounds.Chunk("LIST", new byte[9])),
            TestSounds.Wav(new byte[90], bits: 24, channels: 3),
            TestSounds.Wav(new byte[64], tag: 6, bits: 8, rate: 44_100),
        ],
    };

    private static byte[] Recorded(string name) => File.ReadAllBytes(Corpus.PathOf("inputs", "audio", name));
}
