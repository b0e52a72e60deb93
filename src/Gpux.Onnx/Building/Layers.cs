namespace Gpux.Onnx.Building;

/// <summary>Operators of neural networks.</summary>
public static class Layers
{
    public static Value MatMul(this Value left, Value right)
    {
        Elementwise.RequireSameType("MatMul", left, right);
        if (left.Rank < 2 || right.Rank < 2 || !left.Dim(-1).MayEqual(right.Dim(-2)))
            throw new GraphException(right.Name, $"{left} cannot be multiplied by {right}.");
        var batch = Elementwise.Broadcast("MatMul", [.. left.Dims.SkipLast(2)], [.. right.Dims.SkipLast(2)]);
        return left.Graph.Node("MatMul", [left, right], left.Type, [.. batch, left.Dim(-2), right.Dim(-1)]);
    }

    /// <summary>x W^T for a matrix of [out, in], as PyTorch stores them, without a transposed copy of it.</summary>
    /// <remarks>com.microsoft.FusedMatMul(transB = 1): of the forms measured on a CPU the fastest, together with Attention-23.</remarks>
    public static Value MatMulTransposed(this Value left, Value matrix)
    {
        Elementwise.RequireSameType("FusedMatMul", left, matrix);
        if (matrix.Rank != 2 || !left.Dim(-1).MayEqual(matrix.Dim(1)))
            throw new GraphException(matrix.Name, $"{left} cannot be multiplied by the transpose of {matrix}.");
        return left.Graph.Node("FusedMatMul", [left, matrix], left.Type, [.. left.Dims.SkipLast(1), matrix.Dim(0)],
            [Attr.Of("transB", 1)], GraphBuilder.MicrosoftDomain);
    }

    /// <summary>x W + b or, transposed, x W^T + b, for x of [rows, in].</summary>
    public static Value Gemm(this Value left, Value matrix, Value? bias, bool transposed)
    {
        Elementwise.RequireSameType("Gemm", left, matrix);
        if (left.Rank != 2 || matrix.Rank != 2 || !left.Dim(1).MayEqual(matrix.Dim(transposed ? 1 : 0)))
            throw new GraphException(matrix.Name, $"{left} cannot be multiplied by {(transposed ? "the transpose of " : "")}{matrix}.");
        var width = matrix.Dim(transposed ? 0 : 1);
        if (bias is not null && !(bias.Rank == 1 && bias.Dim(0).MayEqual(width)))
            throw new GraphException(bias.Name, $"The bias {bias} does not fit the weight {matrix}.");
        return left.Graph.Node("Gemm", [left, matrix, bias], left.Type, [left.Dim(0), width], transposed ? [Attr.Of("transB", 1)] : null);
    }

    /// <summary>Normalises the last axis to mean 0 and variance 1, then scales and shifts (arXiv:1607.06450).</summary>
    public static Value LayerNormalization(this Value value, Value scale, Value? shift, float epsilon)
    {
        foreach (var parameter in (Value?[])[scale, shift])
            if (parameter is not null && !(parameter.Rank == 1 && parameter.Dim(0).MayEqual(value.Dim(-1))))
                throw new GraphException(parameter.Name, $"{parameter} does not fit the last axis of {value}.");
        return value.Graph.Node("LayerNormalization", [value, scale, shift], value.Type, value.Dims,
            [Attr.Of("axis", -1), Attr.Of("epsilon", epsilon)]);
    }

    /// <summary>softmax(Q K^T scale + mask) V for Q, K, V of [batch, heads, length, head size].</summary>
    /// <param name="mask">Added to the scores: [batch or 1, heads or 1, queries, keys], nothing else broadcasts.</param>
    /// <remarks>ai.onnx.Attention 23.</remarks>
    public static Value Attention(this Value query, Value key, Value value, Value? mask, float scale)
    {
        RequireAttention(query, key, value);
        return query.Graph.Node("Attention", [query, key, value, mask], query.Type,
            [query.Dim(0), query.Dim(1), query.Dim(2), value.Dim(3)], [Attr.Of("scale", scale)]);
    }

    /// <summary>A product of two tensors summed over the indices that the result lacks, as NumPy's einsum writes it.</summary>
    public static Value Einsum(this Value left, string equation, Value right)
    {
        var parts = equation.Split(["->", ","], StringSplitOptions.None);
        var extents = new Dictionary<char, Dim>();
        foreach (var (indices, value) in ((string, Value)[])[(parts[0], left), (parts[1], right)])
        {
            for (var i = 0; i < indices.Length; i++)
            {
                if (extents.TryGetValue(indices[i], out var known) && !known.MayEqual(value.Dims[i]))
                    throw new GraphException("Einsum", $"{left} and {right} do not fit {equation}.");
                extents[indices[i]] = known == default ? value.Dims[i] : known.Or(value.Dims[i]);
            }
        }
        return left.Graph.Node("Einsum", [left, right], left.Type, [.. parts[2].Select(index => extents[index])], [Attr.Of("equation", equation)]);
    }

    /// <summary>Convolution of [batch, channels, height, width] with a kernel of [out, in / groups, height, width].</summary>
    /// <param name="padding">Rows and columns of zeros on each side.</param>
    public static Value Conv2D(this Value value, Value kernel, Value? bias, (int Y, int X) stride, (int Y, int X) padding,
        int groups = 1, int dilation = 1)
    {
        if (value.Rank != 4 || kernel.Rank != 4 || kernel.Dim(1).Size is { } inner && !value.Dim(1).MayEqual(inner * groups))
            throw new GraphException(kernel.Name, $"The kernel {kernel} does not fit {value} in {groups} group(s).");
        var (height, width) = ((int)kernel.Dim(2).Size!.Value, (int)kernel.Dim(3).Size!.Value); // weights have known extents
        Dim Extent(int axis, int size, int step, int pad) => WindowExtent(value.Dim(axis), size, step, pad, dilation);
        return value.Graph.Node("Conv", [value, kernel, bias], value.Type,
            [value.Dim(0), kernel.Dim(0), Extent(2, height, stride.Y, padding.Y), Extent(3, width, stride.X, padding.X)],
            [
                Attr.Of("dilations", [dilation, dilation]), Attr.Of("group", groups), Attr.Of("kernel_shape", [height, width]),
                Attr.Of("pads", [padding.Y, padding.X, padding.Y, padding.X]), Attr.Of("strides", [stride.Y, stride.X]),
            ]);
    }

    /// <summary>The largest element of each window of <paramref name="size"/> x <paramref name="size"/>; padding never wins.</summary>
    public static Value MaxPool2D(this Value value, int size, int stride, int padding) => value.Graph.Node("MaxPool", [value], value.Type,
        [value.Dim(0), value.Dim(1), WindowExtent(value.Dim(2), size, stride, padding, 1), WindowExtent(value.Dim(3), size, stride, padding, 1)],
        [
            Attr.Of("kernel_shape", [size, size]), Attr.Of("pads", [padding, padding, padding, padding]),
            Attr.Of("strides", [stride, stride]),
        ]);

    /// <summary>The mean over height and width, as [batch, channels, 1, 1].</summary>
    public static Value GlobalAveragePool(this Value value) =>
        value.Graph.Node("GlobalAveragePool", [value], value.Type, [value.Dim(0), value.Dim(1), 1, 1]);

    /// <summary>Normalises each channel by stored statistics (arXiv:1502.03167).</summary>
    /// <remarks>After a convolution ONNX Runtime folds it into the kernel when it loads the graph.</remarks>
    public static Value BatchNormalization(this Value value, Value scale, Value shift, Value mean, Value variance, float epsilon)
    {
        foreach (var parameter in (Value[])[scale, shift, mean, variance])
            if (parameter.Rank != 1 || !parameter.Dim(0).MayEqual(value.Dim(1)))
                throw new GraphException(parameter.Name, $"{parameter} does not fit the channels of {value}.");
        return value.Graph.Node("BatchNormalization", [value, scale, shift, mean, variance], value.Type, value.Dims,
            [Attr.Of("epsilon", epsilon)]);
    }

    /// <summary>Bicubic interpolation of [batch, channels, height, width] to <paramref name="size"/>, int64 [height, width], as
    /// PyTorch's interpolate does it with align_corners false and without antialiasing.</summary>
    public static Value ResizeBicubic(this Value value, Value size, Dim height, Dim width)
    {
        var shape = ((Value[])[value.Graph.Node("Shape", [value], ElementType.Int64, [2], [Attr.Of("start", 0), Attr.Of("end", 2)]), size]).Concat(0);
        return value.Graph.Node("Resize", [value, null, null, shape], value.Type, [value.Dim(0), value.Dim(1), height, width],
            [
                Attr.Of("coordinate_transformation_mode", "half_pixel"), Attr.Of("cubic_coeff_a", -0.75f), Attr.Of("mode", "cubic"),
            ]);
    }

    /// <summary>Arranges [batch, channels * r * r, height, width] as [batch, channels, height * r, width * r] (arXiv:1609.05158).</summary>
    public static Value PixelShuffle(this Value value, int factor) => value.Graph.Node("DepthToSpace", [value], value.Type,
        [value.Dim(0), value.Dim(1).Size is { } channels ? channels / (factor * factor) : Dim.Unknown, value.Dim(2) * factor, value.Dim(3) * factor],
        [Attr.Of("blocksize", factor), Attr.Of("mode", "CRD")]);

    /// <summary>The extent of what a sliding window makes of <paramref name="input"/>.</summary>
    private static Dim WindowExtent(Dim input, int size, int stride, int padding, int dilation)
    {
        var reach = dilation * (size - 1) + 1;
        if (input.Size is { } extent)
            return extent + 2 * padding >= reach ? (extent + 2 * padding - reach) / stride + 1
                : throw new GraphException("window", $"A window of {reach} does not fit an extent of {extent} padded by {padding}.");
        return stride == 1 && 2 * padding == reach - 1 ? input : Dim.Unknown;
    }

    private static void RequireAttention(Value query, Value key, Value value)
    {
        if (query.Rank != 4 || key.Rank != 4 || value.Rank != 4 || !query.Dim(3).MayEqual(key.Dim(3)) || !key.Dim(1).MayEqual(value.Dim(1)))
            throw new GraphException("Attention", $"Query {query}, key {key} and value {value} do not go together.");
    }
}
