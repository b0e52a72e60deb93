namespace Gpux.Onnx.Building;

/// <summary>Operators of networks for images: windows that slide in every way frameworks know, padding, activations.
/// Values are [batch, channels, height, width] unless said otherwise.</summary>
public static class ImageLayers
{
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

    /// <summary>x where it is positive, else x times a slope.</summary>
    public static Value LeakyRelu(this Value value, float slope = 0.01f) =>
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
}
