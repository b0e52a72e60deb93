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

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 10, 0)]
    [InlineData(8, 9, 35)]
    [InlineData(9, 33, 12)]
    [InlineData(10, 8, 11)]
    public void Flac_with_parts_of_every_kind_is_read(int assignment, params int[] kinds) =>
        Assert.Equal(40, Waveform.Load(new MemoryStream(FlacFile.Of(40, assignment, kinds))).Samples.Length);

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

    [Theory]
    [InlineData("whole"), InlineData("cut"), InlineData("overwritten"), InlineData("behind tags"), InlineData("in WAV")]
    public void Mp3_is_read_by_libmpg123_as_by_libsndfile(string state)
    {
        var file = File.ReadAllBytes(Sound("speech.mp3"));
        switch (state)
        {
            case "cut":
                file = file[..(file.Length * 2 / 3)];
                break;
            case "overwritten":
                new Random(5).NextBytes(file.AsSpan(file.Length / 2, 300));
                break;
            case "behind tags":
                file = [.. "ID3"u8, 3, 0, 0, 0, 0, 1, 5, .. new byte[133], .. file]; // seven bits a byte: 128 + 5
                break;
            case "in WAV":
                // A header as MPEGLAYER3WAVEFORMAT of the Windows SDK has it.
                file = [.. "RIFF"u8, 0, 0, 1, 0, .. "WAVEfmt "u8, 30, 0, 0, 0, 0x55, 0, 1, 0, 0x80, 0x3E, 0, 0, 0xD0, 7, 0, 0, 1, 0, 0, 0, 12, 0, 1, 0, 2, 0, 0, 0, 72, 0, 1, 0, 0, 0,
                    .. "data"u8, (byte)file.Length, (byte)(file.Length >> 8), 0, 0, .. file];
                break;
        }
        if (Mpg123Reader.Open(new MemoryStream(file), state) is not { } reader)
        {
            Assert.Null(Mpg123.Instance);
            return;
        }
        var (samples, problem) = Decoded(reader);
        Assert.NotEmpty(samples);
        Assert.Equal(state == "in WAV", !Mpg123Reader.IsAt(new MemoryStream(file)));
        if (Sndfile.Instance is null)
            return;
        var (expected, expectedProblem) = Decoded(SndfileReader.Open(new MemoryStream(file), state, "MP3"));
        Assert.Equal(expected, samples);
        Assert.Equal(expectedProblem is null, problem is null);
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

    private static (List<float> Samples, DamagedAudioException? Problem) Decoded(ISampleReader reader)
    {
        var samples = new List<float>();
        using (reader)
        {
            var block = new float[1 << 12];
            try
            {
                while (reader.Read(block) is > 0 and var count)
                    samples.AddRange(block.AsSpan(0, count));
            }
            catch (DamagedAudioException problem)
            {
                return (samples, problem);
            }
        }
        return (samples, null);
    }

    private static double Loudness(ReadOnlySpan<float> samples)
    {
        double squares = 0;
        foreach (var sample in samples)
            squares += sample * sample;
        return Math.Sqrt(squares / samples.Length);
    }
}
