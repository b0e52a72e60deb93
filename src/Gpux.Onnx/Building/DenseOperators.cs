namespace Gpux.Onnx.Building;

/// <summary>Operators that models of boxes, masks and depths need besides the others.</summary>
public static class DenseOperators
{
    /// <summary>x where positive, else exp(x) - 1 (arXiv:1511.07289).</summary>
    public static Value Elu(this Value value) => value.Unary("Elu");

    /// <summary>Elements to the power of others. Both broadcast.</summary>
    public static Value Power(this Value value, Value exponents) => value.Binary("Pow", exponents);

    /// <summary>The elements of [batch, channels, height, width] that lie nearest, for another height and width: element i of n takes
    /// element floor(i * extent / n), as PyTorch's interpolate does it in the mode "nearest".</summary>
    public static Value ResizeNearest(this Value value, Dim height, Dim width)
    {
        var graph = value.Graph;
        Value Places(int axis, Dim extent) => graph.Extent(extent).Range(extent) * graph.Extent(value.Dim(axis)) / graph.Extent(extent);
        return value.Gather(Places(value.Rank - 2, height), axis: value.Rank - 2).Gather(Places(value.Rank - 1, width), axis: value.Rank - 1);
    }

    /// <summary>Transposed convolution with a kernel of [in, out, height, width]: (extent - 1) stride - 2 padding + size rows and columns.</summary>
    public static Value Deconv2D(this Value value, Value kernel, Value? bias, int stride, int padding)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || !value.Dim(1).MayEqual(kernel.Dim(0)))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value}.");
        var (height, width) = (kernel.Dim(2).Size!.Value, kernel.Dim(3).Size!.Value); // weights have known extents
        Dim Extent(int axis, long size) => value.Dim(axis).Size is { } extent ? (extent - 1) * stride - 2 * padding + size : Dim.Unknown;
        return value.Graph.Node("ConvTranspose", [value, kernel, bias], value.Type, [value.Dim(0), kernel.Dim(1), Extent(2, height), Extent(3, width)],
            [Attr.Of("kernel_shape", [height, width]), Attr.Of("pads", [padding, padding, padding, padding]), Attr.Of("strides", [stride, stride])]);
    }

    /// <summary>Elements of [batch, channels, rows, columns] at places between them, interpolated bilinearly; what is outside is zero.</summary>
    /// <param name="grid">[batch, n, m, 2]: x and y, where -1 and 1 are the borders.</param>
    /// <returns>[batch, channels, n, m].</returns>
    public static Value SampleAt(this Value value, Value grid)
    {
        if (value.Rank != 4 || grid.Rank != 4 || !grid.Dim(3).MayEqual(2))
            throw new GraphException("GridSample", $"{value} cannot be sampled at {grid}.");
        return value.Graph.Node("GridSample", [value, grid], value.Type, [value.Dim(0), value.Dim(1), grid.Dim(1), grid.Dim(2)],
            [Attr.Of("align_corners", 0), Attr.Of("mode", "linear"), Attr.Of("padding_mode", "zeros")]);
    }

    /// <summary>The largest elements along the last axis, in falling order, and their positions (int64).</summary>
    public static (Value Values, Value Places) Largest(this Value value, long count)
    {
        Dim[] dims = [.. value.Dims];
        dims[^1] = count;
        var both = value.Graph.Node("TopK", [value, value.Graph.Constant([count])], [(value.Type, dims), (ElementType.Int64, dims)]);
        return (both[0], both[1]);
    }

    /// <summary>The mean of each window of <paramref name="size"/> x <paramref name="size"/>, one beside the other; windows at the end may be
    /// smaller.</summary>
    public static Value AveragePoolBlocks(this Value value, int size)
    {
        Dim Extent(int axis) => value.Dim(axis).Size is { } extent ? (extent + size - 1) / size : Dim.Unknown;
        return value.Graph.Node("AveragePool", [value], value.Type, [value.Dim(0), value.Dim(1), Extent(2), Extent(3)],
            [Attr.Of("ceil_mode", 1), Attr.Of("count_include_pad", 0), Attr.Of("kernel_shape", [size, size]), Attr.Of("strides", [size, size])]);
    }

    /// <summary>Cuts the value into parts of extents that the graph computes.</summary>
    /// <param name="sizes">int64, one for each part.</param>
    public static Value[] SplitBy(this Value value, int axis, Value sizes)
    {
        var count = sizes.Dim(0).Size ?? throw new GraphException("Split", $"The number of parts, {sizes}, is not known.");
        var dims = value.Dims.ToArray();
        dims[axis] = Dim.Unknown;
        var outputs = new (ElementType, IReadOnlyList<Dim>)[count];
        outputs.AsSpan().Fill((value.Type, dims));
        return value.Graph.Node("Split", [value, sizes], outputs, [Attr.Of("axis", axis)]);
    }

    /// <summary>Adds rows below and columns on the right of [batch, channels, rows, columns] that mirror the last ones.</summary>
    /// <param name="below">int64 [1], fewer than there are rows.</param>
    /// <param name="right">int64 [1], fewer than there are columns.</param>
    public static Value PadMirrored(this Value value, Value below, Value right)
    {
        var (graph, none) = (value.Graph, value.Graph.Constant([0L]));
        return graph.Node("Pad", [value, ((Value[])[none, none, below, right]).Concat(0), null, graph.Constant([2L, 3L])], value.Type,
            [value.Dim(0), value.Dim(1), Dim.Unknown, Dim.Unknown], [Attr.Of("mode", "reflect")]);
    }

    /// <summary>Gives the elements a shape that the graph computes, in which 0 is an extent: of no elements at all.</summary>
    /// <param name="shape">int64, one for each of <paramref name="dims"/>.</param>
    public static Value ReshapeExactly(this Value value, Value shape, params Dim[] dims) =>
        value.Graph.Node("Reshape", [value, shape], value.Type, dims, [Attr.Of("allowzero", 1)]);
}
