using Gpux.Runtime.Audio;

namespace Gpux.Runtime.Tests.Audio.Decoding;

public sealed class WavReaderTests
{
    [Fact]
    public void Integers_are_divided_by_their_range()
    {
        Assert.Equal([0, 0.5f, -1, 32767 / 32768f], Read(TestSounds.Wav(TestSounds.Pcm16(0, 16384, -32768, 32767))));
        Assert.Equal([-1, 0, 127 / 128f], Read(TestSounds.Wav([0, 128, 255], bits: 8)));
        Assert.Equal([0.5f, -1], Read(TestSounds.Wav([0, 0, 0x40, 0, 0, 0x80], bits: 24)));
        Assert.Equal([0.5f, -1], Read(TestSounds.Wav([0, 0, 0, 0x40, 0, 0, 0, 0x80], bits: 32)));
    }

    [Fact]
    public void Floats_are_taken_as_they_are()
    {
        Assert.Equal([0.25f, -1.5f], Read(TestSounds.Wav(TestSounds.Float32(0.25f, -1.5f), tag: 3, bits: 32)));
        Assert.Equal([0.25f], Read(TestSounds.Wav(BitConverter.GetBytes(0.25), tag: 3, bits: 64)));
    }

    [Theory]
    [InlineData(6, 0xD5, 8)] // A-law: the least positive value
    [InlineData(6, 0x55, -8)]
    [InlineData(6, 0xAA, 32256)] // and the greatest
    [InlineData(7, 0xFF, 0)]
    [InlineData(7, 0x80, 32124)]
    [InlineData(7, 0x00, -32124)]
    public void Companded_codes_have_the_values_of_the_standard(int tag, byte code, int expected) =>
        Assert.Equal([expected / 32768f], Read(TestSounds.Wav([code], tag, bits: 8)));

    [Fact]
    public void Channels_are_averaged()
    {
        Assert.Equal([0.25f, 0], Read(TestSounds.Wav(TestSounds.Pcm16(16384, 0, -16384, 16384), channels: 2)));
        var seven = Read(TestSounds.Wav(TestSounds.Float32(1, 2, 3, 4, 5, 6, 7), tag: 3, bits: 32, channels: 7));
        Assert.Equal(4, Assert.Single(seven), 1e-6f);
    }

    [Fact]
    public void Chunks_before_the_samples_are_passed_over()
    {
        var before = TestSounds.Chunk("LIST", [1, 2, 3]); // odd: one byte fills up
        Assert.Equal([0.5f], Read(TestSounds.Wav(TestSounds.Pcm16(16384), before: before)));
    }

    [Fact]
    public void Extensible_format_tells_its_encoding_in_its_identifier()
    {
        byte[] format = [0xFE, 0xFF, 1, 0, 0x80, 0x3E, 0, 0, 0, 0x7D, 0, 0, 2, 0, 16, 0, 22, 0, 16, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
        byte[] file = [.. "RIFF\0\0\0\0WAVE"u8, .. TestSounds.Chunk("fmt ", format), .. TestSounds.Chunk("data", TestSounds.Pcm16(16384))];
        Assert.Equal([0.5f], Read(file));
    }

    [Fact]
    public void Size_of_64_bits_counts_where_that_of_32_cannot()
    {
        byte[] sizes = [.. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(2L), .. BitConverter.GetBytes(0L), 0, 0, 0, 0];
        var wav = TestSounds.Wav(TestSounds.Pcm16(16384, 1, 2), dataBytes: uint.MaxValue, before: TestSounds.Chunk("ds64", sizes));
        "RF64"u8.CopyTo(wav);
        Assert.Equal([0.5f], Read(wav));
    }

    [Theory]
    [InlineData(0u), InlineData(uint.MaxValue), InlineData(1000u)]
    public void File_is_read_as_far_as_it_goes(uint dataBytes) =>
        Assert.Equal([0.5f, 0.25f], Read(TestSounds.Wav([.. TestSounds.Pcm16(16384, 8192), 9], dataBytes: dataBytes))); // half a sample at the end

    [Fact]
    public void File_without_samples_is_refused() => Assert.Throws<DamagedAudioException>(() => Read(TestSounds.Wav([])));

    [Theory]
    [InlineData(float.NaN), InlineData(float.PositiveInfinity), InlineData(float.NegativeInfinity), InlineData(-float.MaxValue)]
    public void Samples_that_are_no_numbers_are_refused_by_their_place(float sample)
    {
        var samples = new float[100];
        samples[77] = sample;
        var error = Assert.Throws<DamagedAudioException>(() => Read(TestSounds.Wav(TestSounds.Float32(samples), tag: 3, bits: 32)));
        Assert.Contains("sample 77", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_greatest_samples_stay_finite_in_means_and_at_another_rate()
    {
        float[] samples = [.. Enumerable.Range(0, 4000).Select(i => i / 2 % 2 == 0 ? Waveform.Greatest : -Waveform.Greatest)];
        var sound = Waveform.Load(new MemoryStream(TestSounds.Wav(TestSounds.Float32(samples), tag: 3, bits: 32, channels: 2, rate: 8000)), 16_000);
        foreach (var sample in sound.Samples)
            Assert.True(float.IsFinite(sample));
    }

    [Fact]
    public void Headers_that_contradict_themselves_are_refused()
    {
        Assert.Throws<DamagedAudioException>(() => Read(TestSounds.Wav([0, 0], channels: 0)));
        Assert.Throws<DamagedAudioException>(() => Read(TestSounds.Wav([0, 0], bits: 0)));
        Assert.Throws<UnsupportedAudioException>(() => Read(TestSounds.Wav([0, 0], rate: 0)));
        Assert.Throws<UnsupportedAudioException>(() => Read(TestSounds.Wav([0, 0], rate: int.MaxValue)));
        Assert.Throws<UnsupportedAudioException>(() => Read(TestSounds.Wav(new byte[600], channels: 300)));
        Assert.Throws<DamagedAudioException>(() => Read([.. "RIFF\0\0\0\0WAVEdata\x08\0\0\0"u8, .. new byte[8]])); // no format before
        Assert.Throws<DamagedAudioException>(() => Read([.. "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0"u8]));
        Assert.Throws<DamagedAudioException>(() => Read([.. "RIFF\0\0\0\0WAVE"u8]));
    }

    [Fact]
    public void What_is_no_sound_is_refused()
    {
        Assert.Throws<UnsupportedAudioException>(() => Read([]));
        Assert.Throws<UnsupportedAudioException>(() => Read([.. "not audio"u8]));
    }

    [Fact]
    public void Stream_that_cannot_seek_is_read_too()
    {
        using var stream = new Forward(TestSounds.Wav(TestSounds.Pcm16(16384)));
        Assert.Equal([0.5f], Waveform.Load(stream).Samples.ToArray());
    }

    [Fact]
    public void Sound_beyond_a_limit_is_refused_while_it_is_read()
    {
        // A day that no memory could hold: its header is true, its samples never end.
        using var stream = new Endless(TestSounds.Wav([], rate: 48_000, dataBytes: uint.MaxValue - 100));
        var error = Assert.Throws<AudioTooLargeException>(() => Waveform.Load(stream, 16_000, new AudioLimits { MaxDuration = TimeSpan.FromMinutes(1) }));
        Assert.Contains("00:01:00", error.Message, StringComparison.Ordinal);
        Assert.InRange(stream.Given, 48_000L * 2 * 60, 48_000L * 2 * 65);
        Assert.Throws<AudioTooLargeException>(() => Read(TestSounds.Wav(new byte[1000]), new AudioLimits { MaxFileBytes = 999 }));
    }

    private static float[] Read(byte[] file, AudioLimits? limits = null)
    {
        using var stream = new MemoryStream(file);
        return Waveform.Load(stream, limits: limits).Samples.ToArray();
    }

    /// <summary>As standard input is.</summary>
    private sealed class Forward(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }

    /// <summary>A beginning, and zeros behind it for a terabyte.</summary>
    private sealed class Endless(byte[] beginning) : Stream
    {
        public long Given { get; private set; }
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length => 1L << 32;
        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var span = buffer.AsSpan(offset, count);
            span.Clear();
            if (Position < beginning.Length)
                beginning.AsSpan((int)Position, Math.Min(count, beginning.Length - (int)Position)).CopyTo(span);
            Position += count;
            Given = Math.Max(Given, Position);
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
