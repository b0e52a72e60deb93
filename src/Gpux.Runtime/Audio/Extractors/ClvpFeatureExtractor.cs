using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>CLVP: logarithms of mel bands of a fixed length of sound, each divided by a norm of its own.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_clvp.py.</remarks>
internal sealed class ClvpFeatureExtractor : IFeatureExtraction
{
    private const double MaxFrequency = 8000;
    private const float Floor = 1e-5f;
    private readonly MelSpectrogram _spectrogram;
    private readonly Padding _padding;
    private readonly double[]? _norms;
    private readonly int _samples;

    public ClvpFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate(22_050);
        var length = config.TransformLength("n_fft", 1024);
        _padding = Padding.Read(config);
        _samples = config.Samples("default_audio_length", 6, SamplingRate);
        _spectrogram = new MelSpectrogram(Windows.Hann(length), config.Integer("hop_length", 256, least: 1),
            MelFilters.Slaney(length / 2 + 1, config.Bands("feature_size", 80), 0, MaxFrequency, SamplingRate, MelScale.Htk))
        {
            Edge = SoundEdge.Mirror,
        };
        _norms = config.Numbers("mel_norms");
        if (_norms is not null && (_norms.Length != _spectrogram.Bands || _norms.Contains(0)))
            throw config.Invalid("mel_norms does not hold a norm for each of the bands");
        if (config.Flag("return_attention_mask", false))
            throw config.Unsupported("the attention mask");
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var (bands, frames) = (_spectrogram.Bands, _spectrogram.FrameCount(_samples));
        var values = Tensor.Uninitialized(ElementType.Float32, Padding.Shaped(sounds.Count, bands, frames));
        var samples = new float[_samples];
        var power = new float[frames * bands];
        for (var i = 0; i < sounds.Count; i++)
        {
            var length = Math.Min(sounds[i].Samples.Length, _samples);
            samples.AsSpan().Fill(_padding.Value);
            sounds[i].Samples[..length].CopyTo(samples.AsSpan(_padding.OnLeft ? _samples - length : 0));
            _spectrogram.Compute(samples, power);
            var row = values.AsSpan<float>().Slice(i * bands * frames, bands * frames);
            for (var frame = 0; frame < frames; frame++)
                for (var band = 0; band < bands; band++)
                    row[band * frames + frame] = (float)(MathF.Log(Math.Max(power[frame * bands + band], Floor)) / (_norms?[band] ?? 1));
        }
        return new AudioFeatures(new Dictionary<string, Tensor> { ["input_features"] = values }, sounds.Any(sound => sound.Samples.Length > _samples));
    }
}
