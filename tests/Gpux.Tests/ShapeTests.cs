namespace Gpux.Tests;

public sealed class ShapeTests
{
    [Fact]
    public void Element_count_is_the_product_of_dimensions()
    {
        Assert.Equal(24, new Shape(2, 3, 4).ElementCount);
        Assert.Equal(0, new Shape(2, 0, 4).ElementCount);
        Assert.Equal(1, Shape.Scalar.ElementCount);
        Assert.Equal(1, default(Shape).ElementCount);
        Assert.Equal(long.MaxValue, new Shape(long.MaxValue).ElementCount);
    }

    [Fact]
    public void Count_beyond_63_bits_is_refused() => Assert.Throws<OverflowException>(() => new Shape(1L << 32, 1L << 31));

    // A zero anywhere makes the count zero: the order of dimensions must not decide whether that overflows.
    [Fact]
    public void Empty_tensor_may_have_huge_dimensions() => Assert.Equal(0, new Shape(1L << 32, 1L << 32, 0).ElementCount);

    [Fact]
    public void Negative_dimension_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(2, -1));

    [Fact]
    public void Equality_compares_dimensions()
    {
        Assert.Equal(new Shape(2, 3), new Shape(2, 3));
        Assert.True(new Shape(2, 3) == new Shape(2, 3));
        Assert.True(new Shape(2, 3) != new Shape(3, 2));
        Assert.True(new Shape(6) != new Shape(2, 3));
        Assert.Equal(Shape.Scalar, default);
        Assert.Equal(new Shape(2, 3).GetHashCode(), new Shape(2, 3).GetHashCode());
        Assert.Equal(Shape.Scalar.GetHashCode(), default(Shape).GetHashCode());
        Assert.False(new Shape(1).Equals((object)1L));
    }

    [Fact]
    public void Dimensions_are_read_by_axis()
    {
        var shape = new Shape(2, 3);
        Assert.Equal((2, 2L, 3L), (shape.Rank, shape[0], shape[1]));
        Assert.Equal("[2, 3]", shape.ToString());
        Assert.Equal("[]", Shape.Scalar.ToString());
        Assert.Equal(0, default(Shape).Rank);
        Assert.Throws<IndexOutOfRangeException>(() => shape[2]);
    }
}
