using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Speech2Text: Kaldi's filter bank, each band of a sound normalised on its own (cepstral mean and variance).</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_speech_to_text.py.</remarks>
internal sealed class Speech2TextFeatureExtractor : IFeatureExtraction
{
    private const float Int16Scale = 1 << 15;
    private readonly KaldiFilterBank _filterBank;
    private readonly Padding _padding;
    private readonly bool _normalizesMeans, _normalizesVariances, _returnsMask;

    public Speech2TextFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        _filterBank = new KaldiFilterBank(config.Bands("num_mel_bins", 80), SamplingRate, Windows.Povey, Int16Scale);
        _padding = Padding.Read(config);
        var normalizes = config.Flag("do_ceptral_normalize", true); // sic
        _normalizesMeans = normalizes && config.Flag("normalize_means", true);
        _normalizesVariances = normalizes && config.Flag("normalize_vars", true);
        _returnsMask = config.Flag("return_attention_mask", true);
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var rows = new ReadOnlyMemory<float>[sounds.Count];
        var lengths = new int[sounds.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var features = _filterBank.Compute(sounds[i]);
            lengths[i] = features.Length / _filterBank.Bands;
            for (var band = 0; band < _filterBank.Bands; band++)
                Normalize(features, band, lengths[i]);
            rows[i] = features;
        }
        var tensors = new Dictionary<string, Tensor> { ["input_features"] = _padding.Stack(rows, lengths.Max(), _filterBank.Bands) };
        if (_returnsMask)
            tensors["attention_mask"] = _padding.Mask(lengths, lengths.Max());
        return new AudioFeatures(tensors);
    }

    private void Normalize(Span<float> features, int band, int frames)
    {
        if (!_normalizesMeans && !_normalizesVariances)
            return;
        var (mean, squares) = Normalization.Column(features, band, _filterBank.Bands, frames);
        var deviation = (float)Math.Sqrt(squares / frames);
        for (var at = band; at < features.Length; at += _filterBank.Bands)
        {
            var value = _normalizesMeans ? features[at] - mean : features[at];
            // The original divides silence by zero.
            features[at] = !_normalizesVariances || deviation == 0 ? value : value / deviation;
        }
    }
}
