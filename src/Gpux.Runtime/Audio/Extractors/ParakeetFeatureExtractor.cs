using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Parakeet: logarithms of mel bands of the emphasised sound, each band normalised on its own.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_parakeet.py.</remarks>
internal sealed class ParakeetFeatureExtractor : IFeatureExtraction
{
    private const float LogGuard = 1f / (1 << 24), DeviationGuard = 1e-5f;
    private readonly MelSpectrogram _spectrogram;
    private readonly float _preemphasis;
    private readonly int _hop;

    public ParakeetFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        var length = config.TransformLength("n_fft", 512);
        var windowLength = config.Integer("win_length", 400, least: 1);
        if (windowLength > length)
            throw config.Invalid("win_length is greater than n_fft");
        _hop = config.Integer("hop_length", 160, least: 1);
        _preemphasis = (float)config.Number("preemphasis", 0.97);
        _spectrogram = new MelSpectrogram(Windows.Centered(Windows.SymmetricHann(windowLength), length), _hop,
            MelFilters.Slaney(length / 2 + 1, config.Bands("feature_size", 80), 0, SamplingRate / 2.0, SamplingRate))
        {
            Edge = SoundEdge.Zeros,
        };
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var longest = Padding.Longest(sounds);
        var (bands, frames) = (_spectrogram.Bands, _spectrogram.FrameCount(longest));
        var values = Tensor.Uninitialized(ElementType.Float32, Padding.Shaped(sounds.Count, frames, bands));
        var mask = Tensor.Zeros(ElementType.Int64, new Shape(sounds.Count, frames));
        var emphasised = new float[longest];
        for (var i = 0; i < sounds.Count; i++)
        {
            var samples = sounds[i].Samples;
            var own = samples.Length / _hop;
            if (own < 2)
                throw new UnfitAudioException($"The sound has {samples.Length} samples, of which there are no two frames.", "Give a longer sound.");
            emphasised[0] = samples[0];
            for (var at = 1; at < samples.Length; at++)
                emphasised[at] = samples[at] - _preemphasis * samples[at - 1];
            emphasised.AsSpan(samples.Length).Clear();
            var row = values.AsSpan<float>().Slice(i * frames * bands, frames * bands);
            _spectrogram.Compute(emphasised, row);
            foreach (ref var value in row)
                value = MathF.Log(value + LogGuard);
            Normalize(row, own);
            mask.AsSpan<long>().Slice(i * frames, own).Fill(1);
        }
        return new AudioFeatures(new Dictionary<string, Tensor> { ["input_features"] = values, ["attention_mask"] = mask });
    }

    // In float32 and in torch's order: of near silence the differences are not much greater than what rounding leaves of them.
    private void Normalize(Span<float> features, int frames)
    {
        var bands = _spectrogram.Bands;
        features[(frames * bands)..].Clear();
        Span<float> column = new float[features.Length / bands];
        for (var band = 0; band < bands; band++)
        {
            for (int frame = 0, at = band; frame < column.Length; frame++, at += bands)
                column[frame] = features[at];
            var mean = CascadeSum.Of(column) / frames;
            foreach (ref var value in column[..frames])
                value = (value - mean) * (value - mean);
            var deviation = MathF.Sqrt(CascadeSum.Of(column) / (frames - 1)) + DeviationGuard;
            for (int frame = 0, at = band; frame < frames; frame++, at += bands)
                features[at] = (features[at] - mean) / deviation;
        }
    }
}
