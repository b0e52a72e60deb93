using Gpux.Onnx.Building;

namespace Gpux.Onnx.Tests.Building;

public sealed class ShapeInferenceTests
{
    private readonly GraphBuilder _graph = new("test", GraphTarget.Portable);

    [Fact]
    public void Elementwise_operators_broadcast_as_numpy_does()
    {
        var left = _graph.Input("left", ElementType.Float32, "batch", 1, "length", 8);
        var right = _graph.Input("right", ElementType.Float32, 4, "length", 1);

        Assert.Equal(["batch", 4, "length", 8], (left + right).Dims);
    }

    [Fact]
    public void Elementwise_operators_refuse_extents_that_do_not_go_together()
    {
        var left = _graph.Input("left", ElementType.Float32, "batch", 3);
        var right = _graph.Input("right", ElementType.Float32, "batch", 4);

        var error = Assert.Throws<GraphException>(() => left + right);

        Assert.Contains("[batch, 3] and [batch, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_refuse_different_element_types()
    {
        var left = _graph.Input("left", ElementType.Float32, 3);
        var right = _graph.Input("right", ElementType.Int64, 3);

        Assert.Throws<GraphException>(() => left * right);
    }

    [Fact]
    public void Reshape_keeps_symbols_without_computing_them_where_it_can()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", "length", 12);

        var heads = x.Reshape("batch", "length", 3, 4);
        var joined = heads.Transpose(0, 2, 1, 3).Reshape("batch", 3, Dim.Rest);

        Assert.Equal(["batch", "length", 3, 4], heads.Dims);
        Assert.Equal("batch", joined.Dim(0));
        _graph.Output("y", joined);
        Assert.DoesNotContain(_graph.ToModel().Graph.Nodes, node => node.OpType == "Shape");
    }

    [Fact]
    public void Reshape_computes_a_shape_of_several_symbols_once()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", "length", 12);
        var rows = x.Reshape(Dim.Rest, 12);

        _graph.Output("y", rows.Reshape("batch", "length", 12) + rows.Relu().Reshape("batch", "length", 12));

        Assert.Equal(["batch", "length", 12], rows.Reshape("batch", "length", 12).Dims);
        Assert.Single(_graph.ToModel().Graph.Nodes, node => node.OpType == "Concat");
    }

    [Fact]
    public void Reshape_refuses_another_number_of_elements()
    {
        var x = _graph.Input("x", ElementType.Float32, 2, 6);

        Assert.Throws<GraphException>(() => x.Reshape(5, 2));
        Assert.Throws<GraphException>(() => x.Reshape(5, Dim.Rest));
        Assert.Equal([4, 3], x.Reshape(4, Dim.Rest).Dims);
    }

    [Theory]
    [InlineData(0, 2, 2)]
    [InlineData(-3, long.MaxValue, 3)]
    [InlineData(4, 100, 6)]
    [InlineData(7, 3, 0)]
    public void Slice_counts_the_elements_that_remain(long start, long end, long expected)
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 10);

        Assert.Equal(["batch", expected], x.Slice(axis: 1, start, end).Dims);
    }

    [Fact]
    public void Convolution_with_unknown_size_gives_extents_that_can_be_asked_for()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 3, "height", "width");
        var kernel = _graph.Weight("kernel", "stem", ElementType.Float32, new Shape(8, 3, 3, 3), new ExternalData("w", 0, null));

        var same = x.Conv2D(kernel, null, (1, 1), (1, 1));
        var halved = x.Conv2D(kernel, null, (2, 2), (1, 1));

        Assert.Equal(["batch", 8, "height", "width"], same.Dims);
        Assert.NotEqual(halved.Dim(2), halved.Dim(3));
        Assert.Equal([1], _graph.Extent(halved.Dim(2)).Dims);
    }

    [Fact]
    public void A_weight_that_does_not_fit_is_named()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 32);
        var weight = _graph.Weight("encoder.layer.0.query.weight", "encoder.layer.0.query", ElementType.Float32, new Shape(48, 48),
            new ExternalData("w", 0, null));

        var error = Assert.Throws<GraphException>(() => x.Gemm(weight, null, transposed: true));

        Assert.Contains("encoder.layer.0.query.weight", error.Message, StringComparison.Ordinal);
    }
}
