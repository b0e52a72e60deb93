using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux;

/// <summary>A dense tensor in memory: element type, shape, and elements row by row, little-endian, without gaps.</summary>
/// <remarks>The bytes lie at a fixed address for as long as the tensor lives, so that native code can read and write them in
/// place. Tensors of 2- and 4-bit elements hold the first element in the lowest bits of each byte.</remarks>
public sealed unsafe class Tensor
{
    private readonly string[]? _strings;
    private readonly byte* _data;
    // Whatever keeps _data valid: a pinned array, a file mapping, memory of a native library.
    private readonly object? _owner;

    /// <summary>A tensor over memory that <paramref name="owner"/> keeps alive and in place.</summary>
    /// <param name="data">The first element; at least as many bytes as type and shape need.</param>
    public Tensor(ElementType elementType, Shape shape, byte* data, object owner)
    {
        ElementType = elementType;
        Shape = shape;
        ByteCount = elementType.ByteSize(shape.ElementCount);
        _data = data;
        _owner = owner;
    }

    private Tensor(Shape shape, string[] strings)
    {
        ElementType = ElementType.String;
        Shape = shape;
        _strings = strings;
    }

    public ElementType ElementType { get; }
    public Shape Shape { get; }

    /// <summary>The size of the elements in bytes; 0 for strings.</summary>
    public long ByteCount { get; }

    /// <summary>The address of the first element; null for strings.</summary>
    public byte* Data => _data;

    /// <summary>All elements as bytes.</summary>
    /// <exception cref="OverflowException">2 GiB or more.</exception>
    public Span<byte> Bytes => new(_data, checked((int)ByteCount));

    /// <exception cref="InvalidOperationException">Not a tensor of strings.</exception>
    public ReadOnlySpan<string> Strings => _strings ?? throw new InvalidOperationException($"This tensor holds {ElementType}, not strings.");

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(ElementType elementType, Shape shape)
    {
        var bytes = GC.AllocateArray<byte>(checked((int)elementType.ByteSize(shape.ElementCount)), pinned: true);
        return new Tensor(elementType, shape, (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes)), bytes);
    }

    /// <summary>A tensor whose elements are not yet written.</summary>
    public static Tensor Uninitialized(ElementType elementType, Shape shape)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)elementType.ByteSize(shape.ElementCount)), pinned: true);
        return new Tensor(elementType, shape, (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(bytes)), bytes);
    }

    /// <summary>A tensor with a copy of <paramref name="elements"/>.</summary>
    public static Tensor Of<T>(ReadOnlySpan<T> elements, Shape shape) where T : unmanaged
    {
        if (elements.Length != shape.ElementCount)
            throw new ArgumentException($"Shape {shape} needs {shape.ElementCount} elements, got {elements.Length}.", nameof(elements));
        var tensor = Uninitialized(ElementTypes.Of<T>(), shape);
        elements.CopyTo(tensor.AsSpan<T>());
        return tensor;
    }

    /// <summary>A tensor of UTF-8 strings.</summary>
    public static Tensor Of(string[] elements, Shape shape) => elements.Length == shape.ElementCount
        ? new Tensor(shape, elements)
        : throw new ArgumentException($"Shape {shape} needs {shape.ElementCount} elements, got {elements.Length}.", nameof(elements));

    /// <summary>The elements, in place. Half and bfloat16 may also be read as <see cref="ushort"/>.</summary>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (_strings is not null || sizeof(T) * 8 != ElementType.BitSize())
            throw new InvalidOperationException($"Elements of type {ElementType} cannot be read as {typeof(T).Name}.");
        return new Span<T>(_data, checked((int)Shape.ElementCount));
    }

    /// <summary>The same elements under another shape, without a copy.</summary>
    public Tensor Reshape(params ReadOnlySpan<long> dimensions)
    {
        var shape = new Shape(dimensions);
        if (shape.ElementCount != Shape.ElementCount)
            throw new ArgumentException($"Shape {Shape} cannot become {shape}.", nameof(dimensions));
        return _strings is not null ? new Tensor(shape, _strings) : new Tensor(ElementType, shape, _data, _owner!);
    }

    public override string ToString() => $"{ElementType}{Shape}";
}
