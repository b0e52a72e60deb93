using System.Buffers.Binary;
using System.Text;

namespace Gpux.Conversion.Tests.Checkpoints;

/// <summary>Writes the instructions of a pickle, one call each.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] Stop() => [.. _bytes, (byte)'.'];

    public PickleWriter Code(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Global(string module, string name) => Code((byte)'c').Code(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Code((byte)'X').Code(BitConverter.GetBytes(bytes.Length));
        return Code(bytes);
    }

    public PickleWriter Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Code(0x8a, 8).Code(bytes);
    }

    public PickleWriter Mark() => Code((byte)'(');

    public PickleWriter Tuple() => Code((byte)'t');

    public PickleWriter Numbers(params ReadOnlySpan<long> numbers)
    {
        Mark();
        foreach (var number in numbers)
            Number(number);
        return Tuple();
    }

    /// <summary>A float tensor over a storage of four elements.</summary>
    public PickleWriter Tensor(string key, ReadOnlySpan<long> size, ReadOnlySpan<long> stride) =>
        Global("torch._utils", "_rebuild_tensor_v2").Mark()
            .Mark().Text("storage").Global("torch", "FloatStorage").Text(key).Text("cpu").Number(4).Tuple().Code((byte)'Q')
            .Number(0).Numbers(size).Numbers(stride).Code(0x89).Code((byte)'}').Tuple().Code((byte)'R');
}
