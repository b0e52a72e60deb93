namespace Gpux.Runtime.Audio;

/// <summary>The repository asks for a feature extractor of sounds, or for a step of one, that GPUX does not have.</summary>
public sealed class UnsupportedFeatureExtractorException(string extractorType, string? step = null) : GpuxException(
    ErrorCode.UnsupportedFeatureExtractor, step is null ? $"unsupported: feature extractor {extractorType}." : $"unsupported: {step} of feature extractor {extractorType}.",
    "Prepare the model's inputs yourself and run it on tensors, or ask for this feature extractor with the model's name.")
{
    /// <summary>The class name that transformers knows it by, such as WhisperFeatureExtractor.</summary>
    public string ExtractorType { get; } = extractorType;
}
