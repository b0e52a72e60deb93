using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>CLAP: decibels of mel bands of a fixed length of sound. A shorter sound is repeated or padded; of a longer one a part is
/// taken, or three parts and the whole at a lower resolution (fusion).</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_clap.py. Where the original draws at random, the same is taken always: of a
/// long sound the middle, of three parts the middle of each third; of a batch of short sounds the first is called long.</remarks>
internal sealed class ClapFeatureExtractor : IFeatureExtraction
{
    private const float Floor = 1e-10f;
    private const int FusedParts = 4;
    private readonly MelSpectrogram _spectrogram;
    private readonly int _samples, _hop;
    private readonly bool _fuses, _repeats, _fillsUp;

    public ClapFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate(48_000);
        var length = config.TransformLength("fft_window_size", 1024);
        var bands = config.Bands("feature_size", 64);
        var (min, max) = (config.Number("frequency_min", 0), config.Number("frequency_max", 14_000));
        if (min < 0 || max <= min)
            throw config.Invalid("there is no frequency between frequency_min and frequency_max");
        _hop = config.Integer("hop_length", 480, least: 1);
        _samples = config.Samples("max_length_s", 10, SamplingRate);
        _fuses = (config.Text("truncation") ?? "fusion") switch
        {
            "fusion" => true,
            "rand_trunc" => false,
            var other => throw config.Invalid($"truncation is '{other}', where fusion or rand_trunc was expected"),
        };
        var padding = config.Text("padding") ?? "repeatpad";
        (_repeats, _fillsUp) = (padding is "repeat" or "repeatpad", padding == "repeat");
        _spectrogram = new MelSpectrogram(Windows.Hann(length), _hop,
            _fuses ? new MelFilters(length / 2 + 1, bands, min, max, SamplingRate, MelScale.Htk)
                : MelFilters.Slaney(length / 2 + 1, bands, min, max, SamplingRate))
        {
            Edge = SoundEdge.Mirror,
        };
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var (bands, frames) = (_spectrogram.Bands, _spectrogram.FrameCount(_samples));
        var parts = _fuses ? FusedParts : 1;
        Padding.Shaped(sounds.Count, (long)parts * frames, bands);
        var values = Tensor.Uninitialized(ElementType.Float32, new Shape(sounds.Count, parts, frames, bands));
        var isLonger = Tensor.Zeros(ElementType.Bool, new Shape(sounds.Count, 1));
        for (var i = 0; i < sounds.Count; i++)
        {
            var row = values.AsSpan<float>().Slice(i * parts * frames * bands, parts * frames * bands);
            isLonger.Bytes[i] = (byte)(Fill(row, sounds[i].Samples, frames) ? 1 : 0);
        }
        var wasCut = isLonger.Bytes.Contains((byte)1) && !_fuses;
        if (_fuses && !isLonger.Bytes.Contains((byte)1))
            isLonger.Bytes[0] = 1;
        return new AudioFeatures(new Dictionary<string, Tensor> { ["input_features"] = values, ["is_longer"] = isLonger }, wasCut);
    }

    /// <returns>Whether the sound is longer than what is taken.</returns>
    private bool Fill(Span<float> row, ReadOnlySpan<float> samples, int frames)
    {
        if (samples.Length <= _samples)
        {
            Repeat(row, Decibels(Extend(samples)));
            return false;
        }
        if (!_fuses)
        {
            Repeat(row, Decibels(samples.Slice((samples.Length - _samples) / 2, _samples)));
            return true;
        }
        var bands = _spectrogram.Bands;
        var whole = Decibels(samples);
        var total = whole.Length / bands;
        var chunk = _samples / _hop + 1;
        if (chunk == total)
        {
            Repeat(row, whole);
            return false;
        }
        if (chunk != frames || total < chunk)
            throw new UnfitAudioException($"A sound of {samples.Length} samples does not divide into parts of {chunk} frames.", "Cut the sound to the length that the model takes.");
        var part = row.Length / FusedParts;
        Shrink(whole, total, row[..part], chunk);
        for (var third = 0; third < 3; third++)
            whole.AsSpan(MiddleOfThird(total - chunk + 1, third) * bands, part).CopyTo(row[((third + 1) * part)..]);
        return true;
    }

    private float[] Extend(ReadOnlySpan<float> samples)
    {
        var extended = new float[_samples]; // zeros behind the sound, whatever padding_value says: the original does not look at it
        var times = !_repeats ? 1 : _fillsUp ? int.MaxValue : _samples / samples.Length;
        for (var at = 0; at < _samples && times > 0; at += samples.Length, times--)
            samples[..Math.Min(samples.Length, _samples - at)].CopyTo(extended.AsSpan(at));
        return extended;
    }

    private float[] Decibels(ReadOnlySpan<float> samples)
    {
        var frames = _spectrogram.FrameCount(samples.Length);
        Padding.Shaped(1, frames, _spectrogram.Bands);
        var values = new float[frames * _spectrogram.Bands];
        _spectrogram.Compute(samples, values);
        foreach (ref var value in values.AsSpan())
            value = 10 * MathF.Log10(Math.Max(value, Floor));
        return values;
    }

    private static void Repeat(Span<float> row, ReadOnlySpan<float> part)
    {
        for (var at = 0; at < row.Length; at += part.Length)
            part.CopyTo(row[at..]);
    }

    /// <summary>Of the places 0 to <paramref name="count"/> - 1 in three parts, of which the first ones are longer if they must.</summary>
    /// <returns>The middle of a part; 0 of one that is empty.</returns>
    private static int MiddleOfThird(int count, int third)
    {
        var (length, longer) = Math.DivRem(count, 3);
        var start = third * length + Math.Min(third, longer);
        var own = length + (third < longer ? 1 : 0);
        return own == 0 ? 0 : start + own / 2;
    }

    /// <summary>Fewer frames by linear interpolation between the nearest two (torch's bilinear without aligned corners).</summary>
    private void Shrink(ReadOnlySpan<float> from, int fromFrames, Span<float> to, int toFrames)
    {
        var bands = _spectrogram.Bands;
        var scale = (float)fromFrames / toFrames;
        for (var frame = 0; frame < toFrames; frame++)
        {
            var place = Math.Max(0, (frame + 0.5f) * scale - 0.5f);
            var first = Math.Min((int)place, fromFrames - 1);
            var second = Math.Min(first + 1, fromFrames - 1);
            var share = place - first;
            for (var band = 0; band < bands; band++)
                to[frame * bands + band] = from[first * bands + band] * (1 - share) + from[second * bands + band] * share;
        }
    }
}
