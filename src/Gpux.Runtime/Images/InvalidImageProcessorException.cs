namespace Gpux.Runtime.Images;

/// <summary>The file that describes a model's image processor is missing, malformed or contradicts itself.</summary>
public sealed class InvalidImageProcessorException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidImageProcessor, $"The image processor in '{file}' is invalid: {problem}.",
    "Pull the model again; if the file is the publisher's, report it there.", inner)
{
    public string File { get; } = file;
}
