namespace Gpux.Onnx;

/// <summary>The file that holds a tensor's elements is missing, does not fit the tensor, or is none that a model may read.</summary>
public sealed class ExternalDataException(OnnxTensor tensor, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.ExternalData,
    problem: ReadableText.Escape(ReadableText.Clip($"The elements of tensor '{tensor.Name}' cannot be read: {problem}.", 1000)),
    remedy: "Put the model's data files beside the model, as they were published, or fetch the model again.",
    inner)
{
    public string Tensor { get; } = tensor.Name;
}
