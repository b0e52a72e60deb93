using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Convolutions and their normalisations. Groups, sizes and paddings follow from the kernels, [out, in / groups, height, width].</summary>
internal static class Convolutions
{
    /// <summary>The epsilon of torch.nn.BatchNorm2d, LayerNorm and GroupNorm where nothing is stated.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>A convolution by the weight and, if there is one, the bias of a module.</summary>
    /// <param name="padding">Rows and columns of zeros on each side; null keeps the size, but for the stride, of kernels of odd size.</param>
    public static Value Convolve(this Value x, Weights weights, int stride = 1, int? padding = null, int dilation = 1)
    {
        var kernel = weights.Kernel();
        int Padding(int axis) => padding ?? ((int)kernel.Dim(axis).Size!.Value - 1) / 2 * dilation; // weights have known extents
        return x.Conv2D(kernel, weights.Find("bias"), (stride, stride), (Padding(2), Padding(3)), Groups(x, kernel), dilation);
    }

    /// <summary>A convolution that pads as TensorFlow's "SAME" does.</summary>
    public static Value ConvolveSame(this Value x, Weights weights, int stride = 1, int dilation = 1) => x.ConvolveSame(weights.Kernel(), weights.Find("bias"), stride, dilation);

    /// <summary>A convolution that pads as TensorFlow's "SAME" does.</summary>
    /// <param name="dilation">Of kernels that move by one place; others are dense.</param>
    public static Value ConvolveSame(this Value x, Value kernel, Value? bias, int stride, int dilation)
    {
        var (height, width) = ((int)kernel.Dim(2).Size!.Value, (int)kernel.Dim(3).Size!.Value); // weights have known extents
        // Where the size of the input decides, the runtime has to; one element reaches nowhere.
        if (stride > 1 && (height > 1 || width > 1))
            return x.Conv2DSame(kernel, bias, stride, Groups(x, kernel));
        var (rows, columns) = (dilation * (height - 1), dilation * (width - 1));
        return x.Conv2D(kernel, bias, stride, (rows / 2, columns / 2, rows - rows / 2, columns - columns / 2), Groups(x, kernel), dilation);
    }

    /// <summary>The weight of a module that convolves: [out, in / groups, height, width].</summary>
    public static Value Kernel(this Weights weights)
    {
        var kernel = weights.Get("weight");
        return kernel.Rank == 4 && kernel.Dims.All(dim => dim.Size > 0) ? kernel
            : throw new GraphException("Conv", $"{kernel} is no kernel of a convolution.");
    }

    /// <summary>Batch normalisation by the stored statistics of a module.</summary>
    public static Value BatchNorm(this Value x, Weights weights, float epsilon = Epsilon)
    {
        weights.Ignore("num_batches_tracked");
        return x.BatchNormalization(weights.Get("weight"), weights.Get("bias"), weights.Get("running_mean"), weights.Get("running_var"), epsilon);
    }

    /// <summary>A convolution that keeps the size, but for its stride, and its batch normalisation, the modules "convolution" and "normalization".</summary>
    public static Value ConvolveNormalize(this Value x, Weights weights, int stride = 1, int dilation = 1) =>
        x.Convolve(weights["convolution"], stride, dilation: dilation).BatchNorm(weights["normalization"]);

    /// <summary>Normalises the channels of each place of a map, [B, C, height, width].</summary>
    public static Value ChannelNorm(this Value map, Weights weights, float epsilon) =>
        map.Transpose(0, 2, 3, 1).LayerNorm(weights, epsilon).Transpose(0, 3, 1, 2);

    /// <summary>Normalises groups of channels over all places (arXiv:1803.08494), then scales and shifts each channel.</summary>
    /// <param name="x">[B, C, height, width] or [B, C, length].</param>
    public static Value GroupNorm(this Value x, Weights weights, int groups, float epsilon = Epsilon)
    {
        if (x.Dim(1).Size is not { } channels || channels % groups != 0)
            throw new GraphException("GroupNorm", $"The channels of {x} cannot be divided into {groups} groups.");
        // ONNX's own GroupNormalization is less exact: its variance is the mean of squares less the square of the mean.
        var normed = x.Reshape(x.Dim(0), groups, Dim.Unknown).InstanceNormalization(epsilon).Reshape([.. x.Dims]);
        Value PerChannel(string name) => weights.Get(name).Reshape([x.Dim(1), .. Enumerable.Repeat<Dim>(1, x.Rank - 2)]);
        return normed * PerChannel("weight") + PerChannel("bias");
    }

    /// <summary>Scales each channel by what two convolutions make of its mean (arXiv:1709.01507).</summary>
    public static Value SqueezeExcite(this Value x, Weights reduce, Weights expand, string activation) =>
        x.SqueezeExcite(reduce, expand, y => y.Apply(activation), y => y.Sigmoid());

    /// <inheritdoc cref="SqueezeExcite(Value, Weights, Weights, string)"/>
    public static Value SqueezeExcite(this Value x, Weights reduce, Weights expand, Func<Value, Value> activation, Func<Value, Value> gate) =>
        x * gate(activation(x.GlobalAveragePool().Convolve(reduce)).Convolve(expand));

    /// <summary>The mean over all places of a map: [B, C, height, width] to [B, C].</summary>
    public static Value MeanOfPlaces(this Value map) => map.GlobalAveragePool().Reshape(map.Dim(0), map.Dim(1));

    /// <summary>Means over a grid of size x size parts of a map, whatever the map's size; parts overlap where it does not divide.</summary>
    /// <remarks>torch.nn.AdaptiveAvgPool2d, as two products with the shares of rows and columns.</remarks>
    /// <param name="size">From 1 to 64: more parts are no summary of a map.</param>
    public static Value AdaptiveAveragePool(this Value map, int size)
    {
        if (size is < 1 or > 64)
            throw new GraphException("AdaptiveAveragePool", $"{size} x {size} parts of {map} are not built: 1 to 64 were expected.");
        var graph = map.Graph;
        Value Shares(int axis) // [size, extent]: what each element contributes to each part
        {
            var extent = graph.Extent(map.Dim(axis));
            var parts = new long[size];
            for (var i = 0; i < size; i++)
                parts[i] = i;
            var numbers = graph.Constant(parts);
            var count = graph.Constant((long)size);
            var starts = numbers * extent / count;
            var ends = ((numbers + graph.Constant(1L)) * extent + graph.Constant(size - 1L)) / count;
            var places = extent.Range(map.Dim(axis)).Unsqueeze(0);
            var inside = ((places >= starts.Unsqueeze(1)) & (places < ends.Unsqueeze(1))).Cast(ElementType.Float32);
            return inside / (ends - starts).Cast(ElementType.Float32).Unsqueeze(1);
        }
        return Shares(2).MatMul(map).MatMul(Shares(3).Transpose(1, 0));
    }

    /// <summary>In how many groups of channels a kernel convolves.</summary>
    public static int Groups(Value x, Value kernel) =>
        x.Dim(1).Size is { } channels && kernel.Dim(1).Size is > 0 and var inner ? (int)Math.Max(1, channels / inner) : 1;
}
