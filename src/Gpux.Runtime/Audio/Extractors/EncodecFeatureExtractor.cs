namespace Gpux.Runtime.Audio.Extractors;

/// <summary>EnCodec and Mimi: the samples themselves, padded to whole chunks where the model works in chunks.</summary>
/// <remarks>Source: transformers 5.23, feature_extraction_encodec.py.</remarks>
internal sealed class EncodecFeatureExtractor : IFeatureExtraction
{
    private readonly Padding _padding;
    private readonly int? _chunkLength, _chunkStride;

    public EncodecFeatureExtractor(ExtractorConfig config)
    {
        SamplingRate = config.SamplingRate(24_000);
        _padding = Padding.Read(config);
        if (config.Integer("feature_size", 1) != 1)
            throw config.Unsupported("sound of several channels");
        if (config.Number("chunk_length_s") is { } seconds)
            _chunkLength = config.Samples("chunk_length_s", seconds, SamplingRate);
        if (_chunkLength is { } length && config.Number("overlap") is { } overlap)
            _chunkStride = overlap is >= 0 and < 1 ? Math.Max(1, (int)((1.0 - overlap) * length)) : throw config.Invalid("overlap is not from 0 to 1");
    }

    public int SamplingRate { get; }

    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        long length = Padding.Longest(sounds);
        if (_chunkLength is { } chunk && _chunkStride is { } stride)
            length = ((length + stride - 1) / stride - 1) * stride + chunk;
        return RawAudio.Stack(sounds, Math.Max(length, Padding.Longest(sounds)), _padding);
    }
}
