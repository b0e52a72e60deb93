using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>SeamlessM4T and wav2vec2-BERT: Kaldi's filter bank, each band normalised on its own, and neighbouring frames put into
/// one.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_seamless_m4t.py.</remarks>
internal sealed class SeamlessM4TFeatureExtractor : IFeatureExtraction
{
    private const float Int16Scale = 1 << 15, VarianceFloor = 1e-7f;

    // The original pads to an even number of frames, whatever the stride is.
    private const int PadToMultiple = 2;
    private const int MaxStride = 64;
    private readonly KaldiFilterBank _filterBank;
    private readonly Padding _padding;
    private readonly int _stride;
    private readonly bool _returnsMask;

    public SeamlessM4TFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        _filterBank = new KaldiFilterBank(config.Bands("num_mel_bins", 80), SamplingRate, Windows.Povey, Int16Scale);
        _padding = Padding.Read(config);
        _stride = config.Integer("stride", 2, least: 1, greatest: MaxStride);
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
            Normalize(features, lengths[i]);
            rows[i] = features;
        }
        var frames = (lengths.Max() + PadToMultiple - 1) / PadToMultiple * PadToMultiple;
        var steps = frames / _stride;
        if (steps == 0)
            throw new UnfitAudioException($"The sound has {frames} frames, fewer than the {_stride} that make one step.", "Give a longer sound.");
        var tensors = new Dictionary<string, Tensor>
        {
            ["input_features"] = Join(_padding.Stack(rows, frames, _filterBank.Bands), steps),
        };
        if (_returnsMask)
            tensors["attention_mask"] = Thin(_padding.Mask(lengths, frames), frames, steps);
        return new AudioFeatures(tensors);
    }

    private void Normalize(Span<float> features, int frames)
    {
        if (frames < 2)
            throw new UnfitAudioException("The sound has one frame, of which there is no variance.", "Give a longer sound.");
        for (var band = 0; band < _filterBank.Bands; band++)
        {
            var (mean, squares) = Normalization.Column(features, band, _filterBank.Bands, frames);
            var deviation = MathF.Sqrt((float)(squares / (frames - 1)) + VarianceFloor);
            for (var at = band; at < features.Length; at += _filterBank.Bands)
                features[at] = (features[at] - mean) / deviation;
        }
    }

    /// <summary>Frames that follow each other already lie side by side: those that make no whole step are left out.</summary>
    private Tensor Join(Tensor features, int steps)
    {
        var (rows, width) = ((int)features.Shape[0], _filterBank.Bands * _stride);
        var rowLength = (int)features.Shape[1] * _filterBank.Bands;
        var joined = Tensor.Uninitialized(ElementType.Float32, new Shape(rows, steps, width));
        for (var row = 0; row < rows; row++)
            features.AsSpan<float>().Slice(row * rowLength, steps * width).CopyTo(joined.AsSpan<float>()[(row * steps * width)..]);
        return joined;
    }

    // A step counts if its second frame does.
    private Tensor Thin(Tensor mask, int frames, int steps)
    {
        var rows = (int)mask.Shape[0];
        var thin = Tensor.Zeros(ElementType.Int64, new Shape(rows, steps));
        for (var row = 0; row < rows; row++)
            for (var step = 0; step < steps; step++)
                thin.AsSpan<long>()[row * steps + step] = mask.AsSpan<long>()[row * frames + step * _stride + (_stride > 1 ? 1 : 0)];
        return thin;
    }
}
