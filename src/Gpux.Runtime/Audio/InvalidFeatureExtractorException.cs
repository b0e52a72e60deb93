namespace Gpux.Runtime.Audio;

/// <summary>The file that describes how a model hears is missing, malformed or contradicts itself.</summary>
public sealed class InvalidFeatureExtractorException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidFeatureExtractor, $"The feature extractor in '{file}' is invalid: {problem}.",
    "Pull the model again; if the file is the publisher's, report it there.", inner)
{
    public string File { get; } = file;
}
