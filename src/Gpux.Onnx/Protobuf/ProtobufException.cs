namespace Gpux.Onnx.Protobuf;

/// <summary>Bytes that break the wire format. Never leaves this library: readers add where in the model it happened.</summary>
internal sealed class ProtobufException(string problem, int offset) : Exception(problem)
{
    public int Offset { get; } = offset;
}
