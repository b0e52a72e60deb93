using System.Runtime.InteropServices;

namespace Gpux.Conversion;

/// <summary>Elements of weights as float32, a stretch at a time.</summary>
internal static class TensorElements
{
    /// <summary>Widens, or narrows, elements from a start on.</summary>
    /// <returns>How many there were: fewer than asked for at the tensor's end.</returns>
    public static int Read(Tensor tensor, long start, Span<float> elements)
    {
        var count = (int)Math.Min(elements.Length, tensor.Shape.ElementCount - start);
        var bytes = Bytes(tensor, start, count);
        switch (tensor.ElementType)
        {
            case ElementType.Float32:
                bytes.CopyTo(MemoryMarshal.AsBytes(elements));
                break;
            case ElementType.Float64:
                var wide = MemoryMarshal.Cast<byte, double>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = (float)wide[i];
                break;
            case ElementType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = (float)halves[i];
                break;
            case ElementType.BFloat16:
                var uppers = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < count; i++)
                    elements[i] = BitConverter.Int32BitsToSingle(uppers[i] << 16);
                break;
            default:
                throw new ArgumentException($"Elements of type {tensor.ElementType} are no weights.", nameof(tensor)); // Weights lets none through
        }
        GC.KeepAlive(tensor);
        return count;
    }

    private static unsafe ReadOnlySpan<byte> Bytes(Tensor tensor, long start, int count)
    {
        var size = tensor.ElementType.BitSize() / 8;
        return new ReadOnlySpan<byte>(tensor.Data + start * size, count * size);
    }
}
