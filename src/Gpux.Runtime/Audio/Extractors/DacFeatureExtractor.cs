namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Descript Audio Codec: the samples themselves, padded to whole hops of the codec.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_dac.py.</remarks>
internal sealed class DacFeatureExtractor : IFeatureExtraction
{
    private readonly Padding _padding;
    private readonly int _hop;

    public DacFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate();
        _padding = Padding.Read(config);
        _hop = config.Integer("hop_length", 512, least: 1);
        if (config.Integer("feature_size", 1) != 1)
            throw config.Unsupported("sound of several channels");
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds) =>
        RawAudio.Stack(sounds, ((long)Padding.Longest(sounds) + _hop - 1) / _hop * _hop, _padding);
}
