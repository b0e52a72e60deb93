using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>The layers that convolutional networks of timm and torchvision are made of. Sizes and groups follow from the weights' shapes.
/// Values are [B, channels, height, width].</summary>
internal static class Convolutions
{
    /// <summary>Convolution by a module's weight and bias, padded so that stride 1 keeps the size.</summary>
    /// <param name="same">Whether padding is TensorFlow's, which gives ceil(size / stride) and depends on the size.</param>
    public static Value ConvolveCentered(this Value x, Weights weights, int stride = 1, bool same = false, int dilation = 1) =>
        x.ConvolveCentered(weights.Get("weight"), weights.Find("bias"), stride, same, dilation);

    /// <summary>Convolution, padded so that stride 1 keeps the size.</summary>
    /// <param name="same">Whether padding is TensorFlow's, which gives ceil(size / stride) and depends on the size.</param>
    public static Value ConvolveCentered(this Value x, Value kernel, Value? bias, int stride, bool same, int dilation = 1)
    {
        var (height, width) = Window(kernel);
        if (same && (stride > 1 || height % 2 == 0 || width % 2 == 0))
            return x.Conv2DSame(kernel, bias, stride, Groups(x, kernel));
        int Padding(int size) => ((stride - 1) + dilation * (size - 1)) / 2;
        return x.Conv2D(kernel, bias, (stride, stride), (Padding(height), Padding(width)), Groups(x, kernel), dilation);
    }

    /// <summary>Convolution by a module's weight and bias without padding.</summary>
    public static Value ConvolveInside(this Value x, Weights weights, int stride)
    {
        var kernel = weights.Get("weight");
        Window(kernel);
        return x.Conv2D(kernel, weights.Find("bias"), (stride, stride), (0, 0), Groups(x, kernel));
    }

    /// <summary>Convolution whose windows lie side by side.</summary>
    public static Value ConvolvePatches(this Value x, Weights weights)
    {
        var kernel = weights.Get("weight");
        return x.Conv2D(kernel, weights.Find("bias"), Window(kernel), (0, 0), Groups(x, kernel));
    }

    /// <summary>Batch normalisation by stored statistics or, where there are none, group normalisation.</summary>
    public static Value Normalize(this Value x, Weights weights, float epsilon, int groups = 32) =>
        weights.Has("running_mean") ? x.BatchNorm(weights, epsilon) : x.GroupNorm(weights, groups, epsilon);

    /// <summary>Scales channels by what a convolution over neighbouring channels' means says (arXiv:1910.03151).</summary>
    public static Value ExciteEfficiently(this Value x, Weights conv)
    {
        var kernel = conv.Get("weight").Unsqueeze(3); // [1, 1, K, 1]
        var size = Window(kernel).Height;
        var means = x.GlobalAveragePool().Reshape(x.Dim(0), 1, x.Dim(1), 1);
        return x * means.Conv2D(kernel, bias: null, (1, 1), ((size - 1) / 2, 0)).Sigmoid().Reshape(x.Dim(0), x.Dim(1), 1, 1);
    }

    /// <summary>The attention of a block, whichever of the two kinds the weights are of; none where there are none.</summary>
    public static Value Attend(this Value x, Weights weights, string name, string activation = "relu") =>
        weights.Has($"{name}.fc1") ? x.SqueezeExcite(weights[$"{name}.fc1"], weights[$"{name}.fc2"], y => y.Activate(activation), y => y.Sigmoid())
        : weights.Has($"{name}.conv") ? x.ExciteEfficiently(weights[$"{name}.conv"])
        : x;

    /// <summary>Applies an activation function by timm's name.</summary>
    public static Value Activate(this Value x, string name) => name switch
    {
        "hard_swish" or "hardswish" => x.HardSwish(),
        "hard_sigmoid" or "hardsigmoid" => x.HardSigmoid(),
        "gelu_tanh" => x.Gelu(tanhApproximation: true),
        "quickgelu" => x.Apply("quick_gelu"),
        "elu" or "celu" => x.Elu(),
        "selu" => (x.Relu() + (x.Clip(null, 0).Exp() - 1f) * 1.6732632423543772f) * 1.0507009873554805f,
        "hard_mish" => x * (x + 2f).Clip(0, 2) * 0.5f,
        "identity" => x,
        _ => x.Apply(name),
    };

    /// <summary>One vector for each image, [B, channels] (of "catavgmax" twice as many); of "" the map itself.</summary>
    public static Value GlobalPool(this Value x, string type)
    {
        Value Mean() => x.GlobalAveragePool().Reshape(x.Dim(0), x.Dim(1));
        Value Largest() => x.Max(axis: 3).Max(axis: 2);
        return type switch
        {
            "" => x,
            "avg" or "fast" or "fastavg" => Mean(),
            "max" or "fastmax" => Largest(),
            "avgmax" or "fastavgmax" => (Mean() + Largest()) * 0.5f,
            "catavgmax" or "fastcatavgmax" => ((Value[])[Mean(), Largest()]).Concat(axis: 1),
            _ => throw UnknownPool(type),
        };
    }

    /// <summary>The same of [B, height, width, channels].</summary>
    public static Value PoolPlaces(this Value x, string type) => type.Length == 0 ? x : x.Transpose(0, 3, 1, 2).GlobalPool(type);

    public static UnsupportedModelException UnknownPool(string type) => new(
        $"The pooling '{type}' of config.json ('global_pool') is not built.", "Take a model that pools by avg, max, avgmax or catavgmax, or by its class token.");

    private static (int Height, int Width) Window(Value kernel) => kernel.Rank == 4
        ? ((int)kernel.Dim(2).Size!.Value, (int)kernel.Dim(3).Size!.Value) // weights have known extents
        : throw new GraphException("conv", $"{kernel} is no kernel of a two-dimensional convolution.");

    // As many groups as make the kernel fit.
    private static int Groups(Value x, Value kernel) => x.Rank == 4 && x.Dim(1).Size is { } channels && kernel.Dim(1).Size is > 0 and { } inner && channels % inner == 0
        ? (int)(channels / inner) : throw new GraphException("conv", $"The kernel {kernel} does not fit {x}.");
}
