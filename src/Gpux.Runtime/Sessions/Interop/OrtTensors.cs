using System.Text;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Passes tensors to ONNX Runtime and back, without copying any but those of strings.</summary>
internal static unsafe class OrtTensors
{
    /// <summary>An OrtValue over the memory of a tensor, which the caller keeps alive, and releases the value.</summary>
    public static nint Wrap(Tensor tensor)
    {
        var shape = tensor.Shape.Dimensions.AsSpan();
        var elementType = OrtElementTypes.Write(tensor.ElementType);
        nint value;
        fixed (long* dimensions = shape)
        {
            if (tensor.ElementType == ElementType.String)
            {
                OrtStatus.Check(OrtApi.CreateTensorAsOrtValue(
                    OrtMemory.DefaultAllocator, dimensions, (nuint)shape.Length, elementType, &value));
                WriteStrings(tensor.Strings, value);
                return value;
            }
            OrtStatus.Check(OrtApi.CreateTensorWithDataAsOrtValue(
                OrtMemory.Cpu, tensor.Data, (nuint)tensor.ByteCount, dimensions, (nuint)shape.Length, elementType, &value));
            return value;
        }
    }

    private static void WriteStrings(ReadOnlySpan<string> strings, nint value)
    {
        try
        {
            for (var i = 0; i < strings.Length; i++)
            {
                // The alternatives take strings that end at the first zero character.
                var byteCount = Encoding.UTF8.GetByteCount(strings[i]);
                byte* buffer;
                OrtStatus.Check(OrtApi.GetResizedStringTensorElementBuffer(value, (nuint)i, (nuint)byteCount, &buffer));
                Encoding.UTF8.GetBytes(strings[i], new Span<byte>(buffer, byteCount));
            }
        }
        catch
        {
            OrtApi.ReleaseValue(value);
            throw;
        }
    }

    /// <summary>A tensor over the memory of an OrtValue in CPU memory, which it takes over.</summary>
    /// <param name="memory">Gets what can release that memory before the tensor is collected.</param>
    public static Tensor Take(nint value, List<ValueHandle> memory)
    {
        ValueHandle? owner = null;
        try
        {
            int type;
            long* dimensions;
            nuint rank;
            OrtStatus.Check(OrtApi.GetTensorElementTypeAndShapeDataReference(value, &type, &dimensions, &rank));
            var elementType = OrtElementTypes.Read(type);
            var shape = new Shape(new ReadOnlySpan<long>(dimensions, (int)rank));
            if (elementType == ElementType.String)
                return ReadStrings(value, shape);
            void* data;
            OrtStatus.Check(OrtApi.GetTensorMutableData(value, &data));
            owner = new ValueHandle(value, elementType.ByteSize(shape.ElementCount));
            memory.Add(owner);
            return new Tensor(elementType, shape, (byte*)data, owner);
        }
        finally
        {
            if (owner is null)
                OrtApi.ReleaseValue(value);
        }
    }

    /// <summary>Reads an OrtValue of any kind that has tensors in it, and takes it over.</summary>
    /// <returns>A tensor; the tensors of a sequence; null for an optional value that is absent.</returns>
    /// <exception cref="UnsupportedValueException">Another kind.</exception>
    public static object? TakeAny(nint value, string name, List<ValueHandle> memory)
    {
        int kind = 0, present = 0;
        try
        {
            OrtStatus.Check(OrtApi.HasValue(value, &present));
            if (present == 0)
                return null;
            OrtStatus.Check(OrtApi.GetValueType(value, &kind));
            if ((ValueKind)kind == ValueKind.Sequence)
                return ReadSequence(value, name, memory);
            if ((ValueKind)kind != ValueKind.Tensor)
                throw ValueCheck.Unreadable(name, ((ValueKind)kind).ToString());
        }
        finally
        {
            if ((ValueKind)kind != ValueKind.Tensor)
                OrtApi.ReleaseValue(value);
        }
        return Take(value, memory);
    }

    private static Tensor[] ReadSequence(nint value, string name, List<ValueHandle> memory)
    {
        nuint count;
        OrtStatus.Check(OrtApi.GetValueCount(value, &count));
        var tensors = new Tensor[checked((int)count)];
        for (var i = 0; i < tensors.Length; i++)
        {
            // A copy of the element, unlike the sequence itself.
            nint element;
            OrtStatus.Check(OrtApi.GetValue(value, i, OrtMemory.DefaultAllocator, &element));
            tensors[i] = TakeAny(element, name, memory) as Tensor ?? throw ValueCheck.Unreadable(name, "sequence of other than tensors");
        }
        return tensors;
    }

    private static Tensor ReadStrings(nint value, Shape shape)
    {
        nuint byteCount;
        OrtStatus.Check(OrtApi.GetStringTensorDataLength(value, &byteCount));
        var text = new byte[checked((int)byteCount)];
        var starts = new nuint[checked((int)shape.ElementCount)];
        fixed (byte* textStart = text)
        fixed (nuint* start = starts)
            OrtStatus.Check(OrtApi.GetStringTensorContent(value, textStart, byteCount, start, (nuint)starts.Length));
        var strings = new string[starts.Length];
        for (var i = 0; i < strings.Length; i++)
        {
            var end = i + 1 < starts.Length ? (int)starts[i + 1] : text.Length;
            strings[i] = Encoding.UTF8.GetString(text.AsSpan((int)starts[i]..end));
        }
        return Tensor.Of(strings, shape);
    }
}
