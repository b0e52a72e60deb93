using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;

namespace Gpux.Conversion;

/// <summary>A weight that does not lie in its file as ONNX wants it: compressed, strided, or in another byte order. Whatever writes
/// the graph copies it.</summary>
internal sealed record RearrangedData(CheckpointTensor Tensor) : ExternalData(Tensor.File, Tensor.Offset, Tensor.ByteCount);
