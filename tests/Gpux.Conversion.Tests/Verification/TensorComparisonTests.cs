using Gpux.Conversion.Verification;

namespace Gpux.Conversion.Tests.Verification;

public sealed class TensorComparisonTests
{
    private static readonly Tolerance Usual = new(1e-5, 1e-4);

    private static Tensor Floats(params float[] numbers) => Tensor.Of<float>(numbers, new Shape(numbers.Length));

    [Fact]
    public void One_element_outside_fails_the_whole()
    {
        var recorded = Floats(1, 2, 3);

        Assert.True(TensorComparison.Compare(recorded, Floats(1, 2.0001f, 3), Usual).Within);
        var result = TensorComparison.Compare(recorded, Floats(1, 2, 3.01f), Usual);

        Assert.False(result.Within);
        Assert.Equal(0.01, result.MaxAbs, 1e-6);
        Assert.Equal(0.01 / 3, result.MaxRel, 1e-6);
    }

    [Fact]
    public void Another_shape_fails_and_says_so()
    {
        var result = TensorComparison.Compare(Floats(1, 2), Tensor.Of<float>([1, 2], new Shape(1, 2)), Usual);

        Assert.False(result.Within);
        Assert.Equal("shape [1, 2] instead of [2]", result.Problem);
    }

    [Fact]
    public void A_mask_leaves_positions_out()
    {
        var recorded = Tensor.Of<float>([1, 1, 2, 2, 3, 3], new Shape(1, 3, 2));
        var computed = Tensor.Of<float>([1, 1, 9, 9, 3, 3], new Shape(1, 3, 2));
        var mask = Tensor.Of<long>([1, 0, 1], new Shape(1, 3));

        Assert.True(TensorComparison.Compare(recorded, computed, Usual, mask).Within);
        Assert.False(TensorComparison.Compare(recorded, computed, Usual).Within);
    }

    [Fact]
    public void A_mask_of_other_dimensions_leaves_nothing_out()
    {
        var mask = Tensor.Of<long>([0, 0], new Shape(1, 2));

        Assert.False(TensorComparison.Compare(Floats(1, 2), Floats(1, 9), Usual, mask).Within);
    }

    [Fact]
    public void NaN_equals_NaN_and_nothing_else()
    {
        Assert.True(TensorComparison.Compare(Floats(float.NaN, float.NegativeInfinity), Floats(float.NaN, float.NegativeInfinity), Usual).Within);
        var result = TensorComparison.Compare(Floats(1), Floats(float.NaN), Usual);
        Assert.False(result.Within);
        Assert.True(double.IsNaN(result.MaxAbs));
    }

    [Fact]
    public void Whole_numbers_are_compared_exactly()
    {
        var recorded = Tensor.Of<long>([1_000_000], new Shape(1));

        Assert.False(TensorComparison.Compare(recorded, Tensor.Of<long>([1_000_001], new Shape(1)), Usual).Within);
    }
}
