namespace Gpux.Onnx.Building;

/// <summary>Operators of networks for images: windows that slide in every way frameworks know, and padding.
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

    /// <summary>The mean of each window of <paramref name="size"/> x <paramref name="size"/>, one beside the other; windows at the end may be
    /// smaller.</summary>
    public static Value AveragePoolBlocks(this Value value, int size)
    {
        Dim Extent(int axis) => value.Dim(axis).Size is { } extent ? (extent + size - 1) / size : Dim.Unknown;
        return value.Graph.Node("AveragePool", [value], value.Type, [value.Dim(0), value.Dim(1), Extent(2), Extent(3)],
            [Attr.Of("ceil_mode", 1), Attr.Of("count_include_pad", 0), Attr.Of("kernel_shape", [size, size]), Attr.Of("strides", [size, size])]);
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

    /// <summary>The mean of each window of <paramref name="size"/> x <paramref name="size"/>, one for each element; what is beyond
    /// the borders does not count.</summary>
    public static Value AveragePoolAround(this Value value, int size)
    {
        var padding = size / 2;
        if (size % 2 == 0)
            throw new GraphException("AveragePool", $"A window of {size} has no middle.");
        return value.Graph.Node("AveragePool", [value], value.Type, value.Dims,
            [Attr.Of("count_include_pad", 0), Attr.Of("kernel_shape", [size, size]), Attr.Of("pads", [padding, padding, padding, padding])]);
    }

    /// <summary>The largest element over height and width, as [batch, channels, 1, 1].</summary>
    public static Value GlobalMaxPool(this Value value) =>
        value.Graph.Node("GlobalMaxPool", [value], value.Type, [value.Dim(0), value.Dim(1), 1, 1]);

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
