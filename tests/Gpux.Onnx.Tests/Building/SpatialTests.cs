using Gpux.Onnx.Building;

namespace Gpux.Onnx.Tests.Building;

public sealed class SpatialTests
{
    private readonly GraphBuilder _graph = new("test", GraphTarget.Portable);

    [Fact]
    public void Same_convolution_divides_extents_by_the_stride_and_rounds_up()
    {
        var map = _graph.Input("map", ElementType.Float32, "batch", 3, 75, "width");

        Assert.Equal(["batch", 8, 38], map.Conv2DSame(Weight(8, 3, 3, 3), bias: null, stride: 2).Dims.Take(3));
    }

    [Fact]
    public void Convolution_pads_each_side_by_its_own_number()
    {
        var map = _graph.Input("map", ElementType.Float32, "batch", 4, 10, 9);

        Assert.Equal(["batch", 4, 5, 4], map.Conv2D(Weight(4, 1, 3, 3), bias: null, stride: 2, padding: (0, 0, 1, 0), groups: 4).Dims);
        Assert.Equal(["batch", 4, 10, 9], map.Conv2D(Weight(4, 1, 3, 3), bias: null, stride: 1, padding: (2, 2, 2, 2), groups: 4, dilation: 2).Dims);
    }

    [Fact]
    public void Transposed_convolution_makes_a_square_of_every_element()
    {
        var map = _graph.Input("map", ElementType.Float32, "batch", 4, 5, 7);

        Assert.Equal(["batch", 6, 10, 14], map.Deconv2D(Weight(4, 6, 2, 2), bias: null).Dims);
        Assert.Throws<GraphException>(() => map.Deconv2D(Weight(6, 4, 2, 2), bias: null));
    }

    [Fact]
    public void Padding_by_constants_keeps_extents_known()
    {
        var map = _graph.Input("map", ElementType.Float32, "batch", 4, 5, "width");

        var padded = map.PadZeros(_graph.Constant([1L, 0L, 2L, 1L]), 2, 3);

        Assert.Equal((Dim)8, padded.Dim(2));
        Assert.Null(padded.Dim(3).Size);
    }

    [Fact]
    public void Kernels_that_do_not_fit_are_refused()
    {
        var map = _graph.Input("map", ElementType.Float32, "batch", 4, 5, 5);

        Assert.Throws<GraphException>(() => map.Conv2DSame(Weight(8, 3, 3, 3), bias: null, stride: 2));
        Assert.Throws<GraphException>(() => map.Conv2D(Weight(8, 4), bias: null, stride: 2, padding: (0, 0, 0, 0)));
        Assert.Throws<GraphException>(() => map.AveragePoolAround(2));
    }

    [Fact]
    public void An_axis_that_a_value_has_not_is_refused_by_name()
    {
        var refusal = Assert.Throws<GraphException>(() => Weight(8, 4).Dim(2));

        Assert.Contains("has no axis 2", refusal.Message, StringComparison.Ordinal);
    }

    private Value Weight(params long[] extents) =>
        _graph.Weight($"weight {string.Join('x', extents)}", "layer", ElementType.Float32, new Shape(extents), new ExternalData("w", 0, null));
}
