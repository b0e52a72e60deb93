using Gpux.Runtime.Audio.Decoding;
using Gpux.Runtime.Audio.Resampling;

namespace Gpux.Runtime.Audio;

/// <summary>A sound of one channel, as samples of finite float32 numbers, usually from -1 to 1; never empty.</summary>
/// <remarks>Equal to what libsndfile reads as float: integers are divided by 2^(bits - 1). Channels are averaged before the sampling rate
/// is changed.</remarks>
public sealed class Waveform
{
    /// <summary>The least and the greatest rate that is converted, in Hz. Beyond, a second would cost more than any sound is worth.</summary>
    public const int MinSampleRate = 100, MaxSampleRate = 1_536_000;

    /// <summary>2^100, the greatest amount of a sample: neither the mean of channels nor a change of rate goes on to infinity from there.</summary>
    public const float Greatest = 1.2676506e30f;

    private readonly ReadOnlyMemory<float> _samples;

    internal Waveform(ReadOnlyMemory<float> samples, int sampleRate)
    {
        _samples = samples;
        SampleRate = sampleRate;
    }

    /// <summary>Samples a second.</summary>
    public int SampleRate { get; }

    public ReadOnlySpan<float> Samples => _samples.Span;
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_samples.Length / SampleRate);

    /// <summary>Copies samples that are there already.</summary>
    /// <exception cref="ArgumentException">None, or one that is NaN or beyond <see cref="Greatest"/>.</exception>
    public static Waveform FromSamples(ReadOnlySpan<float> samples, int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, MinSampleRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sampleRate, MaxSampleRate);
        if (samples.IsEmpty)
            throw new ArgumentException("A sound has at least one sample.", nameof(samples));
        if (AudioDecoder.FirstOutOfRange(samples) is >= 0 and var at)
            throw new ArgumentException($"Sample {at} is {samples[at]}.", nameof(samples));
        return new Waveform(samples.ToArray(), sampleRate);
    }

    /// <summary>Reads a file. Its content decides the format, not its name.</summary>
    /// <param name="sampleRate">What the sound is converted to while it is read; null for the file's own rate.</param>
    /// <exception cref="DamagedAudioException">Damaged, without a sample, or with samples that are no numbers. A file that ends early is
    /// read as far as it goes.</exception>
    /// <exception cref="UnsupportedAudioException">No sound, or of a format that is not read.</exception>
    /// <exception cref="MissingAudioDecoderException">Its format is read by a program or library that is not on this machine.</exception>
    /// <exception cref="AudioTooLargeException">Beyond <paramref name="limits"/>.</exception>
    public static Waveform Load(string path, int? sampleRate = null, AudioLimits? limits = null)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return AudioDecoder.Decode(stream, path, sampleRate, limits ?? AudioLimits.Default);
    }

    /// <summary>Reads a stream to its end; one that cannot seek is kept in memory.</summary>
    /// <param name="name">What errors call the sound.</param>
    /// <inheritdoc cref="Load(string, int?, AudioLimits?)"/>
    public static Waveform Load(Stream stream, int? sampleRate = null, AudioLimits? limits = null, string name = "sound") =>
        AudioDecoder.Decode(stream, name, sampleRate, limits ?? AudioLimits.Default);

    /// <summary>A part of it, without a copy.</summary>
    public Waveform Slice(int start, int length) => new(_samples.Slice(start, length), SampleRate);

    /// <summary>The same sound at another rate; itself if it has that rate.</summary>
    /// <remarks><see cref="Resampler"/> states the quality.</remarks>
    public Waveform At(int sampleRate) =>
        sampleRate == SampleRate ? this : new Waveform(Resampler.Convert(_samples.Span, SampleRate, sampleRate), sampleRate);
}
