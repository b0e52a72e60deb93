using System.Buffers.Binary;
using System.Text;

namespace Gpux.Onnx.Tests;

/// <summary>Protobuf by hand, so that tests can say what no serializer writes.</summary>
internal static class Wire
{
    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    public static byte[] Number(int field, long value) => Join(Varint((ulong)field << 3), Varint((ulong)value));

    public static byte[] Float(int field, float value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return Join(Varint((ulong)field << 3 | 5), bytes);
    }

    public static byte[] Bytes(int field, params byte[][] parts)
    {
        var content = Join(parts);
        return Join(Varint((ulong)field << 3 | 2), Varint((ulong)content.Length), content);
    }

    public static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public static byte[] Packed(int field, params long[] values) => Bytes(field, [.. values.Select(value => Varint((ulong)value))]);

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    /// <summary>A model of one graph with these fields.</summary>
    public static byte[] Model(params byte[][] graphFields) => Join(Number(1, 8), Bytes(7, graphFields));

    /// <summary>A model with one initializer of these fields.</summary>
    public static OnnxTensor Tensor(params byte[][] fields) => OnnxReader.Read(Model(Bytes(5, fields))).Graph.Initializers[0];
}
