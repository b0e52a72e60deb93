namespace Gpux.Runtime.Images;

/// <summary>The repository asks for an image processor, or for a step of one, that GPUX does not have.</summary>
public sealed class UnsupportedImageProcessorException(string processorType, string? step = null) : GpuxException(
    ErrorCode.UnsupportedImageProcessor,
    step is null ? $"unsupported: image processor {processorType}." : $"unsupported: {step} of image processor {processorType}.",
    "Prepare the model's inputs yourself and run it on tensors, or ask for this processor with the model's name.")
{
    /// <summary>The class name that transformers knows it by, such as DetrImageProcessor.</summary>
    public string ProcessorType { get; } = processorType;
}
