using System.Runtime.InteropServices;

namespace Gpux.Onnx.Building;

/// <summary>Convolutions of maps, values of [batch, channels, height, width], their sizes, and their places.</summary>
public static class Spatial
{
    /// <summary>Convolution whose result has ceil(extent / stride) rows and columns: zeros are added as TensorFlow's "SAME" does, the
    /// odd one below and on the right.</summary>
    public static Value Conv2DSame(this Value value, Value kernel, Value? bias, int stride, int groups = 1)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || kernel.Dim(1).Size is { } inner && !value.Dim(1).MayEqual(inner * groups))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value} in {groups} group(s).");
        Dim Extent(int axis) => stride == 1 ? value.Dim(axis) : value.Dim(axis).Size is { } size ? (size + stride - 1) / stride : Dim.Unknown;
        return value.Graph.Node("Conv", [value, kernel, bias], value.Type, [value.Dim(0), kernel.Dim(0), Extent(2), Extent(3)],
            [
                Attr.Of("auto_pad", "SAME_UPPER"), Attr.Of("group", groups),
                Attr.Of("kernel_shape", [kernel.Dim(2).Size!.Value, kernel.Dim(3).Size!.Value]), Attr.Of("strides", [stride, stride]), // weights have known extents
            ]);
    }

    /// <summary>Convolution with other numbers of rows and columns of zeros on each side.</summary>
    public static Value Conv2D(this Value value, Value kernel, Value? bias, int stride, (int Top, int Left, int Bottom, int Right) padding,
        int groups = 1, int dilation = 1)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || kernel.Dim(1).Size is { } inner && !value.Dim(1).MayEqual(inner * groups))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value} in {groups} group(s).");
        var (height, width) = (kernel.Dim(2).Size!.Value, kernel.Dim(3).Size!.Value); // weights have known extents
        Dim Extent(int axis, long size, int zeros) => value.Dim(axis).Size is { } extent ? Math.Max(0, (extent + zeros - dilation * (size - 1) - 1) / stride + 1) : Dim.Unknown;
        return value.Graph.Node("Conv", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(0), Extent(2, height, padding.Top + padding.Bottom), Extent(3, width, padding.Left + padding.Right)],
            [
                Attr.Of("dilations", [dilation, dilation]), Attr.Of("group", groups), Attr.Of("kernel_shape", [height, width]),
                Attr.Of("pads", [padding.Top, padding.Left, padding.Bottom, padding.Right]), Attr.Of("strides", [stride, stride]),
            ]);
    }

    /// <summary>Transposed convolution with a kernel of [in, out, size, size] and a stride of its size: every element becomes a square.</summary>
    public static Value Deconv2D(this Value value, Value kernel, Value? bias)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || !value.Dim(1).MayEqual(kernel.Dim(0)))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value}.");
        var (height, width) = (kernel.Dim(2).Size!.Value, kernel.Dim(3).Size!.Value); // weights have known extents
        return value.Graph.Node("ConvTranspose", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(1), value.Dim(2) * height, value.Dim(3) * width],
            [Attr.Of("kernel_shape", [height, width]), Attr.Of("strides", [height, width])]);
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

    /// <summary>Bilinear interpolation to <paramref name="size"/>, int64 [height, width], as PyTorch's interpolate does it without
    /// antialiasing.</summary>
    /// <param name="alignCorners">Whether the middles of the corner elements stay in the corners, or the borders of the map.</param>
    public static Value ResizeBilinear(this Value value, Value size, Dim height, Dim width, bool alignCorners = false) => value.Resize(size, height, width,
        Attr.Of("coordinate_transformation_mode", alignCorners ? "align_corners" : "half_pixel"), Attr.Of("mode", "linear"));

    /// <summary>Bicubic interpolation to <paramref name="size"/>, int64 [height, width], as PyTorch's interpolate does it with antialiasing:
    /// what is beyond the borders does not count, and the curve is that of Pillow.</summary>
    public static Value ResizeBicubicAntialiased(this Value value, Value size, Dim height, Dim width) => value.Resize(size, height, width,
        Attr.Of("antialias", 1), Attr.Of("coordinate_transformation_mode", "half_pixel"), Attr.Of("cubic_coeff_a", -0.5f),
        Attr.Of("exclude_outside", 1), Attr.Of("mode", "cubic"));

    /// <summary>Adds zeros along some axes.</summary>
    /// <param name="amounts">int64: how many before the first element of each axis, then how many behind the last.</param>
    /// <param name="axes">Their extents are not known afterwards, but for amounts that are constant.</param>
    public static Value PadZeros(this Value value, Value amounts, params ReadOnlySpan<long> axes)
    {
        var dims = value.Dims.ToArray();
        var known = amounts.Constant is { } constant ? MemoryMarshal.Cast<byte, long>(constant.Data.Span) : [];
        for (var i = 0; i < axes.Length; i++)
            dims[axes[i]] = known.Length > 0 ? dims[axes[i]] + (known[i] + known[i + axes.Length]) : Dim.Unknown;
        return value.Graph.Node("Pad", [value, amounts, value.Like(0), value.Graph.Constant(axes)], value.Type, dims);
    }

    /// <summary>Normalises each channel of each row of the batch to mean 0 and variance 1.</summary>
    /// <param name="value">[batch, channels, any].</param>
    public static Value InstanceNormalization(this Value value, float epsilon)
    {
        var channels = value.Dim(1).Size ?? throw new GraphException("InstanceNormalization", $"The channels of {value} are not known.");
        var (ones, zeros) = (new float[channels], new float[channels]);
        ones.AsSpan().Fill(1);
        return value.Graph.Node("InstanceNormalization", [value, value.Graph.Constant(ones, channels), value.Graph.Constant(zeros, channels)],
            value.Type, value.Dims, [Attr.Of("epsilon", epsilon)]);
    }

    /// <summary>The elements of [batch, channels, height, width] that lie nearest, for another height and width: element i of n takes
    /// element floor(i * extent / n), as PyTorch's interpolate does it in the mode "nearest".</summary>
    public static Value ResizeNearest(this Value value, Dim height, Dim width)
    {
        var graph = value.Graph;
        Value Places(int axis, Dim extent) => graph.Extent(extent).Range(extent) * graph.Extent(value.Dim(axis)) / graph.Extent(extent);
        return value.Gather(Places(value.Rank - 2, height), axis: value.Rank - 2).Gather(Places(value.Rank - 1, width), axis: value.Rank - 1);
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

    private static Value Resize(this Value value, Value size, Dim height, Dim width, params OnnxAttribute[] attributes)
    {
        var shape = ((Value[])[value.Graph.Node("Shape", [value], ElementType.Int64, [2], [Attr.Of("start", 0), Attr.Of("end", 2)]), size]).Concat(0);
        return value.Graph.Node("Resize", [value, null, null, shape], value.Type, [value.Dim(0), value.Dim(1), height, width], attributes);
    }
}
