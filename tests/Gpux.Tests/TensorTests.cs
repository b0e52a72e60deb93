namespace Gpux.Tests;

public sealed unsafe class TensorTests
{
    [Fact]
    public void Elements_are_copied_in_and_read_in_place()
    {
        var source = new[] { 1f, 2, 3, 4, 5, 6 };
        var tensor = Tensor.Of<float>(source, new Shape(2, 3));
        source[0] = 9;
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensor.AsSpan<float>());
        tensor.AsSpan<float>()[5] = 7;
        Assert.Equal(7f, ((float*)tensor.Data)[5]);
        Assert.Equal(24, tensor.ByteCount);
        Assert.Equal(24, tensor.Bytes.Length);
        Assert.Equal("Float32[2, 3]", tensor.ToString());
    }

    [Fact]
    public void Zeros_are_zero() => Assert.Equal(new long[6], Tensor.Zeros(ElementType.Int64, new Shape(2, 3)).AsSpan<long>());

    [Fact]
    public void Memory_stays_in_place_when_garbage_is_collected()
    {
        var tensor = Tensor.Of<int>([1, 2, 3], new Shape(3));
        var before = (nint)tensor.Data;
        for (var i = 0; i < 100; i++)
            GC.KeepAlive(new byte[100_000]);
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.Equal(before, (nint)tensor.Data);
        Assert.Equal([1, 2, 3], tensor.AsSpan<int>());
    }

    [Fact]
    public void Sixteen_bit_floats_read_as_their_bits()
    {
        var tensor = Tensor.Of<Half>([(Half)1f], new Shape(1));
        Assert.Equal(0x3c00, tensor.AsSpan<ushort>()[0]);
        Assert.Equal(ElementType.Float16, tensor.ElementType);
    }

    [Fact]
    public void Other_widths_are_refused()
    {
        var tensor = Tensor.Of<float>([1], new Shape(1));
        Assert.Throws<InvalidOperationException>(() => { tensor.AsSpan<double>(); });
        Assert.Throws<InvalidOperationException>(() => { tensor.AsSpan<byte>(); });
        Assert.Throws<InvalidOperationException>(() => { _ = tensor.Strings.Length; });
        Assert.Throws<InvalidOperationException>(() => { Tensor.Of(["a"], new Shape(1)).AsSpan<byte>(); });
        // Two elements to a byte have no C# type.
        Assert.Throws<InvalidOperationException>(() => { Tensor.Zeros(ElementType.Int4, new Shape(2)).AsSpan<byte>(); });
    }

    [Fact]
    public void Shape_must_fit_the_elements()
    {
        Assert.Throws<ArgumentException>(() => Tensor.Of<float>([1, 2], new Shape(3)));
        Assert.Throws<ArgumentException>(() => Tensor.Of(["a"], new Shape(2)));
        Assert.Throws<ArgumentException>(() => Tensor.Of<float>([1, 2], new Shape(2)).Reshape(3));
    }

    [Fact]
    public void Reshape_shares_the_elements()
    {
        var tensor = Tensor.Of<int>([1, 2, 3, 4], new Shape(4));
        var square = tensor.Reshape(2, 2);
        square.AsSpan<int>()[3] = 9;
        Assert.Equal(9, tensor.AsSpan<int>()[3]);
        Assert.Equal(new Shape(2, 2), square.Shape);
        Assert.Equal(["a", "b"], Tensor.Of(["a", "b"], new Shape(2)).Reshape(1, 2).Strings);
    }

    [Fact]
    public void Scalars_and_empty_tensors_have_their_size()
    {
        Assert.Equal(1, Tensor.Of<int>([7], Shape.Scalar).AsSpan<int>().Length);
        var empty = Tensor.Zeros(ElementType.Float32, new Shape(0, 4));
        Assert.Equal(0, empty.AsSpan<float>().Length);
        Assert.Equal(0, empty.Bytes.Length);
        Assert.Equal(0, Tensor.Of(["a"], new Shape(1)).ByteCount);
    }

    [Fact]
    public void Owner_lives_as_long_as_the_tensor()
    {
        var (tensor, owner) = Make();
        GC.Collect();
        Assert.True(owner.IsAlive);
        GC.KeepAlive(tensor);

        static (Tensor, WeakReference) Make()
        {
            var bytes = GC.AllocateArray<byte>(4, pinned: true);
            fixed (byte* data = bytes)
                return (new Tensor(ElementType.Float32, new Shape(1), data, bytes), new WeakReference(bytes));
        }
    }
}
