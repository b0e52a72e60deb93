using System.Runtime.InteropServices;
using Gpux.Onnx;

namespace Gpux.Benchmarks.Roofline;

/// <summary>The elements of small constants, as numbers.</summary>
internal static class ConstantValues
{
    public static KnownTensor Of(OnnxTensor tensor) => new(tensor.ElementType, Checked(tensor))
    {
        Values = tensor.External is null ? Read(tensor) : null,
        Constant = new Weight(tensor.Name, tensor.ElementType.ByteSize(Extent.Product(tensor.Dimensions))),
    };

    private static long[] Checked(OnnxTensor tensor) => Array.TrueForAll(tensor.Dimensions, dim => dim >= 0) ? tensor.Dimensions
        : throw new ArgumentException($"the constant '{tensor.Name}' has an extent below 0");

    private static double[]? Read(OnnxTensor tensor)
    {
        var count = Extent.Product(tensor.Dimensions);
        if (count > KnownTensor.MostValues || tensor.Data.Length != tensor.ElementType.ByteSize(count))
            return null;
        var bytes = tensor.Data.Span;
        return tensor.ElementType switch
        {
            ElementType.Int64 => Converted<long>(bytes, value => value),
            ElementType.Int32 => Converted<int>(bytes, value => value),
            ElementType.Int16 => Converted<short>(bytes, value => value),
            ElementType.UInt8 or ElementType.Bool => Converted<byte>(bytes, value => value),
            ElementType.Int8 => Converted<sbyte>(bytes, value => value),
            ElementType.Float32 => Converted<float>(bytes, value => value),
            ElementType.Float64 => Converted<double>(bytes, value => value),
            ElementType.Float16 => Converted<Half>(bytes, value => (double)value),
            _ => null,
        };
    }

    private static double[] Converted<T>(ReadOnlySpan<byte> bytes, Func<T, double> convert) where T : unmanaged
    {
        var size = ElementTypes.Of<T>().BitSize() / 8;
        var values = new double[bytes.Length / size];
        for (var i = 0; i < values.Length; i++)
            values[i] = convert(MemoryMarshal.Read<T>(bytes[(i * size)..]));
        return values;
    }
}
