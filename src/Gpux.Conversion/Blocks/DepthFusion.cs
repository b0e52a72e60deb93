using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>How DPT (arXiv:2103.13413) and its kin make one map of the states of several layers. B = images, D = width of a map.</summary>
internal static class DepthFusion
{
    /// <summary>Projects a map and makes it larger or smaller by a factor: the modules "projection" and "resize".</summary>
    public static Value Reassemble(this Value map, Weights weights, float factor)
    {
        map = map.Convolve(weights["projection"]);
        return factor switch
        {
            > 1 => map.Deconv2D(weights["resize"].Get("weight"), weights["resize"].Find("bias")), // the kernel's size is the factor
            < 1 => map.Convolve(weights["resize"], stride: (int)(1 / factor)),
            _ => map,
        };
    }

    /// <summary>Adds a finer map to a coarser one and enlarges the sum.</summary>
    /// <param name="finer">Null where there is none yet.</param>
    /// <param name="size">int64 [rows, columns] of the result; null doubles the size.</param>
    public static Value Fuse(this Value map, Value? finer, (Value Size, Dim Rows, Dim Columns)? size, Weights weights)
    {
        if (finer is null)
            weights.Ignore("residual_layer1");
        else
            map += finer.ResizeBilinear(map.SizeOf(), map.Dim(2), map.Dim(3)).Residual(weights["residual_layer1"]);
        map = map.Residual(weights["residual_layer2"]);
        map = size is var (extents, rows, columns) ? map.ResizeBilinear(extents, rows, columns, alignCorners: true) : map.Double();
        return map.Convolve(weights["projection"]);
    }

    /// <summary>Twice as many rows and columns, by bilinear interpolation.</summary>
    /// <param name="alignCorners">Whether the middles of the corner elements stay in the corners, or the borders of the map.</param>
    public static Value Double(this Value map, bool alignCorners = true) => map.Enlarge(2, alignCorners);

    /// <summary>Some times as many rows and columns, by bilinear interpolation.</summary>
    public static Value Enlarge(this Value map, long times, bool alignCorners) =>
        map.ResizeBilinear(map.SizeOf() * map.Graph.Constant([times]), map.Dim(2) * times, map.Dim(3) * times, alignCorners);

    /// <summary>Tokens of the patches of the input image, [B, N, H], as a map [B, H, rows, columns].</summary>
    public static Value ToMapOfPatches(this Value tokens, (int Height, int Width) patch)
    {
        var graph = tokens.Graph;
        var pixels = graph.FindInput("pixel_values") ?? throw new ArgumentException("The graph has no image.", nameof(tokens));
        Value Count(int axis, int size) => graph.Extent(pixels.Dim(axis)) / graph.Constant([(long)size]);
        var shape = ((Value[])[graph.Extent(tokens.Dim(0)), graph.Extent(tokens.Dim(2)), Count(2, patch.Height), Count(3, patch.Width)]).Concat(0);
        return tokens.Transpose(0, 2, 1).Reshape(shape, tokens.Dim(0), tokens.Dim(2), Dim.Unknown, Dim.Unknown);
    }

    private static Value Residual(this Value map, Weights weights)
    {
        Value Convolve(Value x, int number) => x.Relu().Convolve(weights[$"convolution{number}"]) is var convolved && weights.Has($"batch_norm{number}")
            ? convolved.BatchNorm(weights[$"batch_norm{number}"]) : convolved;
        return Convolve(Convolve(map, 1), 2) + map;
    }
}
