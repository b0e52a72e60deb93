namespace Gpux.Onnx.Protobuf;

/// <summary>An array whose length is known only when its message ends.</summary>
/// <remarks>Code of the framework's generic collections over structs would be compiled when the program runs; this is compiled with
/// the library.</remarks>
internal struct GrowingArray<T>
{
    private T[]? _items;
    private int _count;

    public readonly int Count => _count;

    /// <param name="index">Less than <see cref="Count"/>.</param>
    public readonly ref T this[int index] => ref _items![index]; // not null: it holds an item

    public void Add(T item)
    {
        if (_items is null || _count == _items.Length)
            _items = Copy(Math.Max(4, _count * 2));
        _items[_count++] = item;
    }

    public T[] ToArray()
    {
        if (_items is null || _count < _items.Length)
            _items = Copy(_count);
        return _items;
    }

    private readonly T[] Copy(int length)
    {
        var copy = new T[length];
        if (_items is not null)
            Array.Copy(_items, copy, _count);
        return copy;
    }
}
