namespace Gpux.Onnx.Building;

/// <summary>Operators of networks for images: windows that slide in every way frameworks know, padding, interpolation.
/// Values are [batch, channels, height, width] unless said otherwise.</summary>
public static class ImageLayers
{
    /// <summary>Convolution with as much padding as gives ceil(extent / stride), the odd pixel at the end: TensorFlow's SAME.</summary>
    public static Value Conv2DSame(this Value value, Value kernel, Value? bias, (int Y, int X) stride, int groups = 1)
    {
        RequireKernel(value, kernel, groups);
        Dim Extent(int axis, int step) => value.Dim(axis).Size is { } size ? (size + step - 1) / step : step == 1 ? value.Dim(axis) : Dim.Unknown;
        return value.Graph.Node("Conv", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(0), Extent(2, stride.Y), Extent(3, stride.X)],
            [
                Attr.Of("auto_pad", "SAME_UPPER"), Attr.Of("group", groups),
                Attr.Of("kernel_shape", [kernel.Dim(2).Size!.Value, kernel.Dim(3).Size!.Value]), // checked: weights have known extents
                Attr.Of("strides", [stride.Y, stride.X]),
            ]);
    }

    /// <summary>The largest element of each window; a window may reach over the end where <paramref name="ceil"/> holds.</summary>
    public static Value MaxPool2D(this Value value, int size, int stride, int padding, bool ceil) =>
        value.Pool("MaxPool", size, stride, padding, ceil, []);

    /// <summary>The mean of each window.</summary>
    /// <param name="ceil">Whether a window may reach over the end.</param>
    /// <param name="countsPadding">Whether padding counts as zeros, else it is left out of the mean.</param>
    public static Value AveragePool2D(this Value value, int size, int stride, int padding = 0, bool ceil = false, bool countsPadding = false) =>
        value.Pool("AveragePool", size, stride, padding, ceil, [Attr.Of("count_include_pad", countsPadding ? 1 : 0)]);

    /// <summary>Adds rows and columns on all sides: of zeros, or mirrored at the edge without it.</summary>
    public static Value Pad2D(this Value value, int top, int left, int bottom, int right, bool mirrored = false) => value.Graph.Node("Pad",
        [value, value.Graph.Constant([0, 0, top, left, 0, 0, bottom, right])], value.Type,
        [value.Dim(0), value.Dim(1), value.Dim(2) + (top + bottom), value.Dim(3) + (left + right)], mirrored ? [Attr.Of("mode", "reflect")] : null);

    /// <summary>Adds zeros behind the elements along an axis.</summary>
    /// <param name="count">How many: one int64 element.</param>
    /// <param name="extent">What is known of the result's extent.</param>
    public static Value PadEnd(this Value value, int axis, Value count, Dim extent)
    {
        var graph = value.Graph;
        var (none, dims) = (graph.Constant([0]), value.Dims.ToArray());
        dims[axis] = extent;
        return graph.Node("Pad", [value, ((Value[])[none, count]).Concat(0), null, graph.Constant([axis])], value.Type, dims);
    }

    /// <summary>Bilinear interpolation to <paramref name="size"/>, int64 [height, width], as PyTorch's interpolate does it with
    /// align_corners false.</summary>
    public static Value ResizeBilinear(this Value value, Value size, Dim height, Dim width) =>
        value.Resize(size, height, width, [Attr.Of("mode", "linear")]);

    /// <summary>Bicubic interpolation to <paramref name="size"/>, int64 [height, width], with antialiasing: PyTorch's, which is Pillow's.</summary>
    public static Value ResizeBicubicAntialiased(this Value value, Value size, Dim height, Dim width) =>
        value.Resize(size, height, width,
            [Attr.Of("antialias", 1), Attr.Of("cubic_coeff_a", -0.5f), Attr.Of("exclude_outside", 1), Attr.Of("mode", "cubic")]);

    /// <summary>Normalises groups of channels of each image by their own mean and variance (arXiv:1803.08494).</summary>
    public static Value GroupNormalization(this Value value, Value scale, Value shift, long groups, float epsilon)
    {
        foreach (var parameter in (Value[])[scale, shift])
            if (parameter.Rank != 1 || !parameter.Dim(0).MayEqual(value.Dim(1)))
                throw new GraphException(parameter.Name, $"{parameter} does not fit the channels of {value}.");
        return value.Graph.Node("GroupNormalization", [value, scale, shift], value.Type, value.Dims,
            [Attr.Of("epsilon", epsilon), Attr.Of("num_groups", groups)]);
    }

    /// <summary>min(max(x + 3, 0), 6) / 6.</summary>
    public static Value HardSigmoid(this Value value) =>
        value.Graph.Node("HardSigmoid", [value], value.Type, value.Dims, [Attr.Of("alpha", 1 / 6f), Attr.Of("beta", 0.5f)]);

    /// <summary>x times its hard sigmoid (arXiv:1905.02244).</summary>
    public static Value HardSwish(this Value value) => value.Unary("HardSwish");

    /// <summary>x where it is positive, else x times a slope.</summary>
    public static Value LeakyRelu(this Value value, float slope) =>
        value.Graph.Node("LeakyRelu", [value], value.Type, value.Dims, [Attr.Of("alpha", slope)]);

    private static Value Pool(this Value value, string op, int size, int stride, int padding, bool ceil, OnnxAttribute[] more)
    {
        Dim Extent(int axis)
        {
            if (value.Dim(axis).Size is not { } extent)
                return stride == 1 && 2 * padding == size - 1 ? value.Dim(axis) : Dim.Unknown;
            var reach = extent + 2 * padding - size;
            if (reach < 0)
                throw new GraphException(op, $"A window of {size} does not fit an extent of {extent} padded by {padding}.");
            var steps = ceil ? (reach + stride - 1) / stride : reach / stride;
            // A window that would begin in the padding behind is none.
            return steps * stride >= extent + padding ? steps : steps + 1;
        }
        return value.Graph.Node(op, [value], value.Type, [value.Dim(0), value.Dim(1), Extent(2), Extent(3)],
            [
                Attr.Of("ceil_mode", ceil ? 1 : 0), Attr.Of("kernel_shape", [size, size]),
                Attr.Of("pads", [padding, padding, padding, padding]), Attr.Of("strides", [stride, stride]), .. more,
            ]);
    }

    private static Value Resize(this Value value, Value size, Dim height, Dim width, OnnxAttribute[] attributes)
    {
        var shape = ((Value[])[value.Graph.Node("Shape", [value], ElementType.Int64, [2], [Attr.Of("start", 0), Attr.Of("end", 2)]), size]).Concat(0);
        return value.Graph.Node("Resize", [value, null, null, shape], value.Type, [value.Dim(0), value.Dim(1), height, width],
            [Attr.Of("coordinate_transformation_mode", "half_pixel"), .. attributes]);
    }

    private static void RequireKernel(Value value, Value kernel, int groups)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || kernel.Dim(1).Size is not { } inner || !value.Dim(1).MayEqual(inner * groups))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value} in {groups} group(s).");
    }
}
