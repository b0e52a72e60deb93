using Gpux.Runtime.Audio;
using Gpux.Runtime.Audio.Decoding;

namespace Gpux.Runtime.Tests.Audio.Decoding;

public sealed class AudioDecoderTests
{
    [Fact]
    public void Flac_holds_exactly_what_was_encoded() =>
        Assert.Equal(Waveform.Load(Sound("pcm16.wav")).Samples, Waveform.Load(Sound("speech.flac")).Samples);

    [Fact]
    public void Flac_that_ends_early_is_read_as_far_as_its_last_whole_frame()
    {
        var file = File.ReadAllBytes(Sound("speech.flac"));
        var whole = Waveform.Load(new MemoryStream(file)).Samples;
        var cut = Waveform.Load(new MemoryStream(file[..(file.Length * 2 / 3)])).Samples;
        Assert.InRange(cut.Length, whole.Length / 4, whole.Length - 1);
        Assert.Equal(whole[..cut.Length], cut);
    }

    [Fact]
    public void Flac_with_a_flipped_bit_is_refused_by_its_checksum()
    {
        var file = File.ReadAllBytes(Sound("speech.flac"));
        file[file.Length / 2] ^= 1;
        Assert.Throws<DamagedAudioException>(() => Waveform.Load(new MemoryStream(file)));
    }

    [Theory]
    [InlineData("speech.ogg"), InlineData("speech.mp3"), InlineData("speech.opus")]
    public void Other_formats_are_read_by_libsndfile_or_tell_what_to_install(string name)
    {
        if (Sndfile.Instance is null)
        {
            var error = Assert.Throws<MissingAudioDecoderException>(() => Waveform.Load(Sound(name)));
            Assert.Contains("libsndfile", error.Remedy, StringComparison.Ordinal);
            return;
        }
        var sound = Waveform.Load(Sound(name), 16_000);
        Assert.InRange(sound.Samples.Length, 7_500, 9_600); // half a second, and what the encoder put around it
        Assert.InRange(Loudness(sound.Samples), 0.01, 0.5);
    }

    [Fact]
    public void Mpeg4_is_read_by_ffmpeg_or_tells_what_to_install()
    {
        // Without PATH there is no ffmpeg anywhere.
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "ffmpeg"))))
        {
            var error = Assert.Throws<MissingAudioDecoderException>(() => Waveform.Load(Sound("speech.m4a")));
            Assert.Contains("ffmpeg", error.Remedy, StringComparison.Ordinal);
            return;
        }
        foreach (var sound in (Waveform[])[Waveform.Load(Sound("speech.m4a"), 16_000), Waveform.Load(new MemoryStream(File.ReadAllBytes(Sound("speech.m4a"))), 16_000)])
            Assert.InRange(sound.Samples.Length, 7_500, 9_600);
    }

    [Theory]
    [InlineData("OggS", 28), InlineData("ID3", 40), InlineData("FORM", 60), InlineData("\0\0\0\u0020ftypM4A ", 40)]
    public void Damaged_files_of_foreign_decoders_are_typed_errors(string beginning, int length)
    {
        var file = new byte[length];
        System.Text.Encoding.Latin1.GetBytes(beginning, file);
        var error = Assert.ThrowsAny<GpuxException>(() => Waveform.Load(new MemoryStream(file)));
        Assert.True(error is DamagedAudioException or MissingAudioDecoderException, error.ToString());
    }

    [Fact]
    public void Rate_is_changed_while_the_file_is_read()
    {
        var wav = TestSounds.Wav(TestSounds.Float32(TestSounds.Noise(100_000)), tag: 3, bits: 32, rate: 44_100);
        var converted = Waveform.Load(new MemoryStream(wav), 16_000);
        Assert.Equal(16_000, converted.SampleRate);
        Assert.Equal(Waveform.Load(new MemoryStream(wav)).At(16_000).Samples, converted.Samples);
    }

    private static string Sound(string name) => Corpus.PathOf("inputs", "audio", name);

    private static double Loudness(ReadOnlySpan<float> samples)
    {
        double squares = 0;
        foreach (var sample in samples)
            squares += sample * sample;
        return Math.Sqrt(squares / samples.Length);
    }
}
