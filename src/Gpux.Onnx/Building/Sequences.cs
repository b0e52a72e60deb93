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

    /// <summary>Transposed convolution with a kernel of [in, out / groups, size]: (length - 1) stride + size elements, without
    /// <paramref name="padding"/> of them on each side.</summary>
    public static Value Deconv1D(this Value value, Value kernel, Value? bias, int stride, int padding = 0, int groups = 1)
    {
        if (value.Rank != 3 || kernel.Rank != 3 || !value.Dim(1).MayEqual(kernel.Dim(0)))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value}.");
        var size = kernel.Dim(2).Size!.Value; // weights have known extents
        return value.Graph.Node("ConvTranspose", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(1) * groups, value.Dim(2).Size is { } length ? (length - 1) * stride + size - 2 * padding : Dim.Unknown],
            [Attr.Of("group", groups), Attr.Of("kernel_shape", [size]), Attr.Of("pads", [padding, padding]), Attr.Of("strides", [stride])]);
    }

    /// <summary>What a long short-term memory (Hochreiter and Schmidhuber 1997) gives for each element of a sequence, from states of zero.</summary>
    /// <param name="value">[length, batch, in].</param>
    /// <param name="input">[1, 4 H, in]: the gates input, output, forget and cell, as in <paramref name="recurrence"/> and <paramref name="bias"/>.</param>
    /// <param name="recurrence">[1, 4 H, H].</param>
    /// <param name="bias">[1, 8 H]: of both.</param>
    /// <returns>[length, batch, H].</returns>
    public static Value Lstm(this Value value, Value input, Value recurrence, Value bias)
    {
        if (value.Rank != 3 || recurrence.Rank != 3 || !value.Dim(2).MayEqual(input.Dim(2)))
            throw new GraphException(input.Name, $"The weights {input} do not fit {value}.");
        var size = recurrence.Dim(2);
        return value.Graph.Node("LSTM", [value, input, recurrence, bias], value.Type, [value.Dim(0), 1, value.Dim(1), size],
            [Attr.Of("hidden_size", size.Size!.Value)]).Squeeze(1); // weights have known extents
    }

    /// <summary>Adds elements before and behind those of [batch, channels, length].</summary>
    /// <param name="behind">How many: one int64 element; or null for none.</param>
    /// <param name="mode">"constant" adds zeros, "edge" repeats the last element, "reflect" mirrors, and then there must be more elements than are added.</param>
    /// <param name="extent">What is known of the length then.</param>
    public static Value Pad1D(this Value value, long before, Value? behind, string mode, Dim extent)
    {
        var graph = value.Graph;
        var amounts = ((Value[])[graph.Constant([before]), behind ?? graph.Constant([0L])]).Concat(0);
        return graph.Node("Pad", [value, amounts, null, graph.Constant([2L])], value.Type, [value.Dim(0), value.Dim(1), extent], [Attr.Of("mode", mode)]);
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

    /// <summary>Bicubic interpolation of [batch, channels, height, width] to a size, as PyTorch's interpolate does it with
    /// align_corners true.</summary>
    public static Value ResizeBicubicCorners(this Value value, long height, long width)
    {
        var graph = value.Graph;
        var outer = graph.Node("Shape", [value], ElementType.Int64, [2], [Attr.Of("start", 0), Attr.Of("end", 2)]);
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
