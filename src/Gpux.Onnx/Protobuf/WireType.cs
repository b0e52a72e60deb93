namespace Gpux.Onnx.Protobuf;

/// <summary>How a field's value is laid out: the lowest three bits of its tag.</summary>
/// <remarks>Source: protobuf encoding, <see href="https://protobuf.dev/programming-guides/encoding/"/>.</remarks>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    GroupStart = 3,
    GroupEnd = 4,
    Fixed32 = 5,
}
