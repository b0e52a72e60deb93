using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Audio Spectrogram Transformer: Kaldi's filter bank of samples that are not scaled, cut or padded to a fixed number of
/// frames.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_audio_spectrogram_transformer.py.</remarks>
internal sealed class ASTFeatureExtractor : IFeatureExtraction
{
    private readonly KaldiFilterBank _filterBank;
    private readonly int _frames;
    private readonly bool _normalizes;
    private readonly float _mean, _deviation;

    public ASTFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        _filterBank = new KaldiFilterBank(config.Bands("num_mel_bins", 128), SamplingRate, Windows.SymmetricHann, scale: 1);
        _frames = config.Integer("max_length", 1024, least: 1);
        _normalizes = config.Flag("do_normalize", true);
        _mean = (float)config.Number("mean", -4.2677393);
        _deviation = (float)config.Number("std", 4.5689974);
        if (_normalizes && _deviation == 0)
            throw config.Invalid("std is 0");
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var values = Tensor.Zeros(ElementType.Float32, Padding.Shaped(sounds.Count, _frames, _filterBank.Bands));
        var rowLength = _frames * _filterBank.Bands;
        var wasCut = false;
        for (var i = 0; i < sounds.Count; i++)
        {
            ReadOnlySpan<float> features = _filterBank.Compute(sounds[i]);
            wasCut |= features.Length > rowLength;
            features[..Math.Min(features.Length, rowLength)].CopyTo(values.AsSpan<float>()[(i * rowLength)..]);
        }
        if (_normalizes)
            foreach (ref var value in values.AsSpan<float>()) // also of what pads
                value = (value - _mean) / (_deviation * 2);
        return new AudioFeatures(new Dictionary<string, Tensor> { ["input_values"] = values }, wasCut);
    }
}
