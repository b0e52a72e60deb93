namespace Gpux.Onnx.Building;

/// <summary>Operators of networks for sequences of samples and frames: [batch, channels, length].</summary>
public static class Sequences
{
    /// <summary>Convolution with a kernel of [out, in / groups, size].</summary>
    /// <param name="padding">Zeros before and behind.</param>
    public static Value Conv1D(this Value value, Value kernel, Value? bias, int stride = 1, (int Before, int Behind) padding = default,
        int groups = 1, int dilation = 1)
    {
        if (value.Rank != 3 || kernel.Rank != 3 || kernel.Dim(1).Size is { } inner && !value.Dim(1).MayEqual(inner * groups))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value} in {groups} group(s).");
        var size = (int)kernel.Dim(2).Size!.Value; // weights have known extents
        var reach = (long)dilation * (size - 1) + 1;
        return value.Graph.Node("Conv", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(0), Windows(value.Dim(2), reach, stride, (long)padding.Before + padding.Behind)],
            [
                Attr.Of("dilations", [dilation]), Attr.Of("group", groups), Attr.Of("kernel_shape", [size]),
                Attr.Of("pads", [padding.Before, padding.Behind]), Attr.Of("strides", [stride]),
            ]);
    }

    /// <summary>The mean of each window of <paramref name="size"/> elements, windows beside each other; a rest is left out.</summary>
    public static Value AveragePool1D(this Value value, int size) => value.Graph.Node("AveragePool", [value], value.Type,
        [value.Dim(0), value.Dim(1), Windows(value.Dim(2), size, size, 0)], [Attr.Of("kernel_shape", [size]), Attr.Of("strides", [size])]);

    /// <summary>Normalises each channel of each row to mean 0 and variance 1 over its length, then scales and shifts
    /// (arXiv:1607.08022): group normalisation with a group for each channel.</summary>
    public static Value InstanceNormalization(this Value value, Value scale, Value shift, float epsilon)
    {
        foreach (var parameter in (Value[])[scale, shift])
            if (parameter.Rank != 1 || !parameter.Dim(0).MayEqual(value.Dim(1)))
                throw new GraphException(parameter.Name, $"{parameter} does not fit the channels of {value}.");
        return value.Graph.Node("InstanceNormalization", [value, scale, shift], value.Type, value.Dims, [Attr.Of("epsilon", epsilon)]);
    }

    /// <summary>Puts zeros before and behind along an axis.</summary>
    /// <param name="before">One int64 element, and so <paramref name="behind"/>.</param>
    /// <param name="extent">What is known of the result's extent.</param>
    public static Value Pad(this Value value, int axis, Value before, Value behind, Dim extent)
    {
        axis = axis < 0 ? axis + value.Rank : axis;
        var dims = value.Dims.ToArray();
        dims[axis] = extent;
        return value.Graph.Node("Pad", [value, ((Value[])[before, behind]).Concat(0), null, value.Graph.Constant([axis])], value.Type, dims);
    }

    /// <summary>Bicubic interpolation of [batch, channels, height, width] to a size, as PyTorch's interpolate does it with
    /// align_corners true.</summary>
    public static Value ResizeBicubicCorners(this Value value, long height, long width)
    {
        var graph = value.Graph;
        var outer = value.Graph.Node("Shape", [value], ElementType.Int64, [2], [Attr.Of("start", 0), Attr.Of("end", 2)]);
        var shape = ((Value[])[outer, graph.Constant([height, width])]).Concat(0);
        return graph.Node("Resize", [value, null, null, shape], value.Type, [value.Dim(0), value.Dim(1), height, width],
            [
                Attr.Of("coordinate_transformation_mode", "align_corners"), Attr.Of("cubic_coeff_a", -0.75f), Attr.Of("mode", "cubic"),
            ]);
    }

    private static Dim Windows(Dim input, long reach, int stride, long padding)
    {
        if (input.Size is { } extent)
            return extent + padding >= reach ? (extent + padding - reach) / stride + 1
                : throw new GraphException("window", $"A window of {reach} does not fit an extent of {extent} padded by {padding}.");
        return stride == 1 && padding == reach - 1 ? input : Dim.Unknown;
    }
}
