using System.Buffers;
using System.Numerics;
using Gpux.Runtime.Audio.Resampling;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>From a file of any format to the samples of one channel: decoded, averaged and resampled in blocks.</summary>
internal static class AudioDecoder
{
    private const int MaxChannels = 256;

    private const int BlockFrames = 1 << 14;

    public static Waveform Decode(Stream stream, string name, int? sampleRate, AudioLimits limits)
    {
        if (!stream.CanSeek)
            stream = Keep(stream, name, limits);
        if (stream.Length - stream.Position > limits.MaxFileBytes)
            throw TooManyBytes(name, limits);
        using var reader = Open(stream, name);
        Check(reader, name);
        var rate = sampleRate ?? reader.SampleRate;
        var samples = new SampleBuffer(name, rate, limits);
        if (rate == reader.SampleRate)
        {
            ReadAll(reader, name, samples.Add);
        }
        else
        {
            using var resampler = new Resampler(reader.SampleRate, rate, samples.Add);
            ReadAll(reader, name, resampler.Write);
            resampler.Finish();
        }
        return new Waveform(samples.Count == 0 ? throw new DamagedAudioException(name, "it holds no sample") : samples.Take(), rate);
    }

    /// <summary>The first sample that is NaN, or beyond <see cref="Waveform.Greatest"/>; -1 if none is.</summary>
    public static int FirstOutOfRange(ReadOnlySpan<float> samples)
    {
        var at = 0;
        for (; at + Vector<float>.Count <= samples.Length; at += Vector<float>.Count)
            if (!Vector.LessThanOrEqualAll(Vector.Abs(new Vector<float>(samples[at..])), new Vector<float>(Waveform.Greatest)))
                break;
        for (; at < samples.Length; at++)
            if (!(float.Abs(samples[at]) <= Waveform.Greatest))
                return at;
        return -1;
    }

    private static ISampleReader Open(Stream stream, string name)
    {
        Span<byte> header = stackalloc byte[AudioFormats.HeaderBytes];
        var start = stream.Position;
        header = header[..stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)];
        stream.Position = start;
        var format = AudioFormats.Detect(header);
        return format switch
        {
            AudioFormat.Unknown => throw new UnsupportedAudioException(name,
                header.IsEmpty ? "it is empty" : $"its first bytes, {Convert.ToHexString(header[..Math.Min(8, header.Length)])}, are those of no known format"),
            AudioFormat.Wav => (ISampleReader?)WavReader.Open(stream, name, out var encoding)
                ?? (encoding == WavReader.MpegLayer3 ? OpenMpeg(stream, name, "MP3 inside of WAV") : SndfileReader.Open(stream, name, "WAV of a rare encoding")),
            AudioFormat.Flac => new FlacReader(stream, name),
            AudioFormat.Mpeg when Mpg123Reader.IsAt(stream) => OpenMpeg(stream, name, AudioFormats.Name(format, header)),
            AudioFormat.Mpeg or AudioFormat.Sndfile => SndfileReader.Open(stream, name, AudioFormats.Name(format, header)),
            _ => FfmpegReader.Open(stream, name, format, AudioFormats.Name(format, header)),
        };
    }

    private static ISampleReader OpenMpeg(Stream stream, string name, string formatName) =>
        (ISampleReader?)Mpg123Reader.Open(stream, name) ?? SndfileReader.Open(stream, name, formatName);

    private static void Check(ISampleReader reader, string name)
    {
        if (reader.Channels is < 1 or > MaxChannels)
            throw new UnsupportedAudioException(name, $"it has {reader.Channels} channels, where 1 to {MaxChannels} are read");
        if (reader.SampleRate is < Waveform.MinSampleRate or > Waveform.MaxSampleRate)
            throw new UnsupportedAudioException(name, $"its rate is {reader.SampleRate} Hz, where {Waveform.MinSampleRate} to {Waveform.MaxSampleRate} are read");
    }

    private static void ReadAll(ISampleReader reader, string name, SampleConsumer consume)
    {
        var channels = reader.Channels;
        var block = ArrayPool<float>.Shared.Rent(BlockFrames * channels);
        try
        {
            long done = 0;
            while (reader.Read(block.AsSpan(0, BlockFrames * channels)) is > 0 and var count)
            {
                if (FirstOutOfRange(block.AsSpan(0, count)) is >= 0 and var bad)
                    throw new DamagedAudioException(name, $"sample {done + bad / channels} is not a finite number, or far beyond any sound");
                if (channels > 1)
                    Average(block.AsSpan(0, count), channels);
                consume(block.AsSpan(0, count / channels));
                done += count / channels;
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(block);
        }
    }

    // In place: the mean of a frame lies before the frame.
    private static void Average(Span<float> frames, int channels)
    {
        var share = 1f / channels;
        for (int frame = 0, at = 0; at < frames.Length; frame++, at += channels)
        {
            var sum = 0f;
            foreach (var sample in frames.Slice(at, channels))
                sum += sample;
            frames[frame] = sum * share;
        }
    }

    private static MemoryStream Keep(Stream stream, string name, AudioLimits limits)
    {
        var memory = new MemoryStream();
        var block = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (stream.Read(block) is > 0 and var count)
            {
                if (memory.Length + count > Math.Min(limits.MaxFileBytes, Array.MaxLength))
                    throw TooManyBytes(name, limits);
                memory.Write(block, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        memory.Position = 0;
        return memory;
    }

    private static AudioTooLargeException TooManyBytes(string name, AudioLimits limits) =>
        new(name, $"the limit of a file is {Math.Min(limits.MaxFileBytes, Array.MaxLength)} bytes");

    /// <summary>Samples as they come, up to the limit.</summary>
    private sealed class SampleBuffer(string name, int rate, AudioLimits limits)
    {
        private readonly long _limit = Math.Min(Array.MaxLength, (long)(limits.MaxDuration.TotalSeconds * rate));
        private float[] _samples = [];

        public int Count { get; private set; }

        public void Add(ReadOnlySpan<float> samples)
        {
            if (Count + (long)samples.Length > _limit)
                throw new AudioTooLargeException(name, $"the limit is {limits.MaxDuration:c}");
            if (Count + samples.Length > _samples.Length)
                Array.Resize(ref _samples, (int)Math.Min(_limit, Math.Max(2L * _samples.Length, Math.Max(Count + samples.Length, BlockFrames))));
            samples.CopyTo(_samples.AsSpan(Count));
            Count += samples.Length;
        }

        public ReadOnlyMemory<float> Take() => _samples.AsMemory(0, Count);
    }
}
