using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Whisper: logarithms of mel bands of a fixed length of sound, 80 dB of them at most.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_whisper.py; Radford et al. 2022, arXiv:2212.04356.</remarks>
internal sealed class WhisperFeatureExtractor : IFeatureExtraction
{
    private const double MaxFrequency = 8000;
    private const float Floor = 1e-10f, Range = 8;
    private readonly MelSpectrogram _spectrogram;
    private readonly Padding _padding;
    private readonly int _samples, _hop;
    private readonly bool _normalizes, _returnsMask;

    public WhisperFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        var length = config.TransformLength("n_fft", 400);
        _hop = config.Integer("hop_length", 160, least: 1);
        _padding = Padding.Read(config);
        _normalizes = config.Flag("do_normalize", false);
        _returnsMask = config.Flag("return_attention_mask", false);
        _samples = config.Samples("chunk_length", 30, SamplingRate);
        if (_samples <= length / 2 || _samples < _hop)
            throw config.Invalid("chunk_length is shorter than a frame");
        _spectrogram = new MelSpectrogram(Windows.Hann(length), _hop,
            MelFilters.Slaney(length / 2 + 1, config.Bands("feature_size", 80), 0, MaxFrequency, SamplingRate))
        {
            Edge = SoundEdge.Mirror,
        };
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        // The last frame is left out.
        var (bands, frames) = (_spectrogram.Bands, _spectrogram.FrameCount(_samples) - 1);
        var values = Tensor.Uninitialized(ElementType.Float32, Padding.Shaped(sounds.Count, bands, frames));
        var lengths = new int[sounds.Count];
        var samples = new float[_samples];
        var power = new float[(frames + 1) * bands];
        for (var i = 0; i < sounds.Count; i++)
        {
            lengths[i] = Math.Min(sounds[i].Samples.Length, _samples);
            samples.AsSpan().Fill(_padding.Value);
            var own = samples.AsSpan(_padding.OnLeft ? _samples - lengths[i] : 0, lengths[i]);
            sounds[i].Samples[..lengths[i]].CopyTo(own);
            if (_normalizes)
                Normalization.Samples(own);
            _spectrogram.Compute(samples, power);
            Scale(power.AsSpan(0, frames * bands), values.AsSpan<float>().Slice(i * bands * frames, bands * frames), bands);
        }
        var tensors = new Dictionary<string, Tensor> { ["input_features"] = values };
        if (_returnsMask)
            tensors["attention_mask"] = Mask(lengths, frames);
        return new AudioFeatures(tensors, sounds.Any(sound => sound.Samples.Length > _samples));
    }

    // From [frames, bands] to [bands, frames].
    private static void Scale(Span<float> power, Span<float> values, int bands)
    {
        var greatest = float.NegativeInfinity;
        foreach (ref var value in power)
        {
            value = MathF.Log10(Math.Max(value, Floor));
            greatest = Math.Max(greatest, value);
        }
        var frames = power.Length / bands;
        for (var frame = 0; frame < frames; frame++)
            for (var band = 0; band < bands; band++)
                values[band * frames + frame] = (Math.Max(power[frame * bands + band], greatest - Range) + 4) / 4;
    }

    // Every hop's first sample stands for its frame.
    private Tensor Mask(int[] lengths, int frames)
    {
        var ofSamples = _padding.Mask(lengths, _samples);
        var mask = Tensor.Zeros(ElementType.Int64, new Shape(lengths.Length, frames));
        for (var row = 0; row < lengths.Length; row++)
            for (var frame = 0; frame < frames; frame++)
                mask.AsSpan<long>()[row * frames + frame] = ofSamples.AsSpan<long>()[row * _samples + frame * _hop];
        return mask;
    }
}
