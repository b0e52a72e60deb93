namespace Gpux.Onnx;

/// <summary>A model does not fit into one protobuf file, which ends at 2 GiB.</summary>
public sealed class OnnxTooLargeException(long sizeBytes, IReadOnlyList<OnnxTensor> largest) : GpuxException(
    ErrorCode.OnnxTooLarge,
    problem: $"The ONNX file would have {sizeBytes} bytes, and the format ends at 2 GiB. Its largest tensors: "
        + $"{string.Join(", ", largest.Select(tensor => $"'{ReadableText.Clip(tensor.Name, 100)}' ({tensor.Data.Length} bytes)"))}.",
    remedy: "Keep the weights in a file beside the model (external data) instead of inside it.")
{
    public long SizeBytes { get; } = sizeBytes;
}
