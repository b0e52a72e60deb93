namespace Gpux.Tests;

public sealed class ElementTypeTests
{
    [Fact]
    public void Every_type_but_strings_has_a_size()
    {
        foreach (var type in Enum.GetValues<ElementType>())
            Assert.Equal(type is ElementType.String or ElementType.Undefined, type.BitSize() == 0);
    }

    [Theory]
    [InlineData(ElementType.Int4, 3, 2)]
    [InlineData(ElementType.UInt2, 5, 2)]
    [InlineData(ElementType.Float6E2M3, 4, 3)]
    [InlineData(ElementType.Bool, 3, 3)]
    [InlineData(ElementType.BFloat16, 3, 6)]
    [InlineData(ElementType.Complex128, 3, 48)]
    [InlineData(ElementType.Float32, 0, 0)]
    public void Packed_elements_fill_whole_bytes(ElementType type, long count, long bytes) =>
        Assert.Equal(bytes, type.ByteSize(count));

    [Fact]
    public void Size_beyond_63_bits_is_refused() =>
        Assert.Throws<OverflowException>(() => ElementType.Float64.ByteSize(long.MaxValue / 2));

    [Fact]
    public void Csharp_types_have_their_element_type()
    {
        Assert.Equal(ElementType.Float32, ElementTypes.Of<float>());
        Assert.Equal(ElementType.Float16, ElementTypes.Of<Half>());
        Assert.Equal(ElementType.Int8, ElementTypes.Of<sbyte>());
        Assert.Equal(ElementType.Bool, ElementTypes.Of<bool>());
        Assert.Throws<ArgumentException>(() => ElementTypes.Of<char>());
    }

    [Theory]
    [InlineData(ElementType.Float8E4M3FN, true)]
    [InlineData(ElementType.Float8E5M2FNUZ, true)]
    [InlineData(ElementType.Float4E2M1, true)]
    [InlineData(ElementType.Complex64, false)]
    [InlineData(ElementType.UInt4, false)]
    [InlineData(ElementType.Int4, false)]
    public void Floating_point_types_are_told_apart(ElementType type, bool isFloat) =>
        Assert.Equal(isFloat, type.IsFloatingPoint());
}
