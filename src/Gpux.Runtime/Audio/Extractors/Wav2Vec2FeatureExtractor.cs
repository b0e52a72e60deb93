namespace Gpux.Runtime.Audio.Extractors;

/// <summary>wav2vec 2.0 and its kin, Moonshine and SpeechT5: the samples themselves, normalised.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_wav2vec2.py and feature_extraction_speecht5.py.</remarks>
/// <param name="normalizes">Where the file does not say.</param>
/// <param name="returnsMask">Where the file does not say.</param>
internal sealed class Wav2Vec2FeatureExtractor(ExtractorConfig config, bool normalizes, bool returnsMask) : IFeatureExtraction
{
    private readonly Padding _padding = Padding.Read(config);
    private readonly bool _normalizes = config.Flag("do_normalize", normalizes);
    private readonly bool _returnsMask = config.Flag("return_attention_mask", returnsMask);

    public int SamplingRate { get; } = config.SamplingRate();

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        var length = Padding.Longest(sounds);
        var values = Tensor.Uninitialized(ElementType.Float32, Padding.Shaped(sounds.Count, length));
        var lengths = new int[sounds.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            var samples = sounds[i].Samples;
            lengths[i] = samples.Length;
            var row = values.AsSpan<float>().Slice(i * length, length);
            row.Fill(_padding.Value);
            var own = row.Slice(_padding.OnLeft ? length - samples.Length : 0, samples.Length);
            samples.CopyTo(own);
            if (_normalizes)
                // The original knows where a sound ends by the mask alone, and counts from the left.
                Normalization.Samples(!_returnsMask ? row : _padding.OnLeft ? row[..samples.Length] : own);
            if (_normalizes && _returnsMask && _padding.OnLeft)
                row[samples.Length..].Fill(_padding.Value);
        }
        var tensors = new Dictionary<string, Tensor> { ["input_values"] = values };
        if (_returnsMask)
            tensors["attention_mask"] = _padding.Mask(lengths, length);
        return new AudioFeatures(tensors);
    }
}
