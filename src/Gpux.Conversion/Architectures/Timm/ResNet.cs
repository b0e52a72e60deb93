using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>ResNet and its kin: deep stems, averaged shortcuts, groups, attention over channels, antialiased strides.</summary>
/// <remarks>Source: arXiv:1512.03385, 1812.01187, 1611.05431; outputs of timm 1.0, models/resnet.py. torchvision's have the same names.</remarks>
internal static class ResNet
{
    private const float Epsilon = 1e-5f;

    public static TimmFamily Family { get; } = new("""
        resnet10t resnet14t resnet18 resnet18d resnet34 resnet34d resnet26 resnet26t resnet26d resnet50 resnet50c resnet50d resnet50s resnet50t
        resnet101 resnet101c resnet101d resnet101s resnet152 resnet152c resnet152d resnet152s resnet200 resnet200d wide_resnet50_2 wide_resnet101_2
        resnet50_gn resnext50_32x4d resnext50d_32x4d resnext101_32x4d resnext101_32x8d resnext101_32x16d resnext101_32x32d resnext101_64x4d
        ecaresnet26t ecaresnet50d ecaresnet50d_pruned ecaresnet50t ecaresnetlight ecaresnet101d ecaresnet101d_pruned ecaresnet200d ecaresnet269d
        ecaresnext26t_32x4d ecaresnext50t_32x4d seresnet18 seresnet34 seresnet50 seresnet50t seresnet101 seresnet152 seresnet152d seresnet200d
        seresnet269d seresnext26d_32x4d seresnext26t_32x4d seresnext50_32x4d seresnext101_32x4d seresnext101_32x8d seresnext101d_32x8d
        seresnext101_64x4d senet154 resnetblur18 resnetblur50 resnetblur50d resnetblur101d resnetaa34d resnetaa50 resnetaa50d resnetaa101d
        seresnetaa50d seresnextaa101d_32x8d seresnextaa201d_32x8d resnetrs50 resnetrs101 resnetrs152 resnetrs200 resnetrs270 resnetrs350
        resnetrs420 test_resnet
        """, Build);

    /// <summary>What stands before a layer of stride 2 so that it does not alias.</summary>
    internal enum Antialiasing { None, Average, Blur }

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        arguments.ToldByWeights("layers", "channels", "block", "stem_width", "stem_type", "cardinality", "base_width", "block_args", "avg_down",
            "replace_stem_pool", "block_reduce_first", "down_kernel_size");
        // The weights tell statistics of batches from groups, but not these from other kinds without statistics.
        arguments.Require("norm_layer", arguments.Text("norm_layer", "") is "" or "batchnorm" or "batchnorm2d" or "groupnorm");
        var antialiasing = AntialiasingOf(arguments.Name);
        var stride = arguments.Int("output_stride", 32);
        arguments.Require("output_stride", stride == 32 || stride is 8 or 16 && antialiasing == Antialiasing.None);
        var features = Features(arguments.Images(graph), weights, arguments.Text("act_layer", "relu"), antialiasing, dilatedStages: stride == 8 ? 2 : stride == 16 ? 1 : 0);
        return new TimmOutputs(features, features.GlobalPool(arguments.GlobalPool()), "fc");
    }

    private static Antialiasing AntialiasingOf(string entry) => entry.Contains("resnetblur") ? Antialiasing.Blur
        : entry.Contains("resnetaa") || entry.Contains("resnextaa") ? Antialiasing.Average : Antialiasing.None;

    /// <summary>The last stage's map, [B, channels, ceil(height / 32), ceil(width / 32)].</summary>
    /// <param name="dilatedStages">How many of the last stages widen their windows instead of striding.</param>
    internal static Value Features(Value images, Weights weights, string activation = "relu", Antialiasing antialiasing = Antialiasing.None, int dilatedStages = 0) =>
        Stages(images, weights, activation, antialiasing, dilatedStages)[^1];

    /// <summary>The maps of all stages of an entry.</summary>
    /// <param name="dilatedStages">How many of the last stages widen their windows instead of striding.</param>
    internal static IReadOnlyList<Value> Stages(Value images, Weights weights, string entry, int dilatedStages) =>
        Stages(images, weights, "relu", AntialiasingOf(entry), dilatedStages);

    private static List<Value> Stages(Value images, Weights weights, string activation, Antialiasing antialiasing, int dilatedStages)
    {
        var x = Stem(images, weights, activation, antialiasing);
        var maps = new List<Value>();
        var (count, dilation) = (0, 1);
        while (weights.Has($"layer{count + 1}"))
            count++;
        for (var stage = 0; stage < count; stage++)
        {
            var isDilated = stage >= count - dilatedStages;
            // The first block of a stage has the windows of the stage before.
            var (stride, first) = (stage == 0 || isDilated ? 1 : 2, dilation);
            dilation *= isDilated && stage > 0 ? 2 : 1;
            var layer = weights[$"layer{stage + 1}"];
            for (var i = 0; layer.Has($"{i}"); i++)
                x = Block(x, layer[$"{i}"], i == 0 ? stride : 1, (i == 0 ? first : dilation, dilation), activation, antialiasing);
            maps.Add(x);
        }
        return maps.Count > 0 ? maps : [x];
    }

    private static Value Stem(Value x, Weights weights, string activation, Antialiasing antialiasing)
    {
        var first = weights["conv1"];
        if (first.Has("0"))
            x = x.ConvolveCentered(first["0"], stride: 2).Normalize(first["1"], Epsilon).Activate(activation)
                .ConvolveCentered(first["3"]).Normalize(first["4"], Epsilon).Activate(activation).ConvolveCentered(first["6"]);
        else
            x = x.ConvolveCentered(first, stride: 2);
        x = x.Normalize(weights["bn1"], Epsilon).Activate(activation);
        var pool = weights["maxpool"];
        if (pool.Has("0"))
            return antialiasing == Antialiasing.None
                ? x.ConvolveCentered(pool["0"], stride: 2).Normalize(pool["1"], Epsilon).Activate(activation)
                : x.ConvolveCentered(pool["0"]).Antialias(antialiasing).Normalize(pool["2"], Epsilon).Activate(activation);
        return antialiasing switch
        {
            Antialiasing.Average => x.AveragePool2D(2, stride: 2),
            Antialiasing.Blur => x.MaxPool2D(3, stride: 1, padding: 1).Antialias(antialiasing),
            _ => x.MaxPool2D(3, stride: 2, padding: 1),
        };
    }

    private static Value Block(Value x, Weights weights, int stride, (int First, int Later) dilation, string activation, Antialiasing antialiasing)
    {
        var shortcut = weights.Has("downsample") ? Shortcut(x, weights["downsample"], stride, dilation) : x;
        // Where a filter strides, the layer before it does not.
        var (isFiltered, step) = antialiasing != Antialiasing.None && stride == 2 ? (true, 1) : (false, stride);
        Value Layer(Value value, int number, int by = 1, int wide = 1) =>
            value.ConvolveCentered(weights[$"conv{number}"], by, dilation: wide).Normalize(weights[$"bn{number}"], Epsilon);
        Value Filtered(Value value) => isFiltered ? value.Antialias(antialiasing) : value;
        x = weights.Has("conv3")
            ? Layer(Filtered(Layer(Layer(x, 1).Activate(activation), 2, step, dilation.First).Activate(activation)), 3)
            : Layer(Filtered(Layer(x, 1, step, dilation.First).Activate(activation)), 2, wide: dilation.Later);
        return (x.Attend(weights, "se") + shortcut).Activate(activation);
    }

    // A strided convolution or, in variant D, an average and a convolution.
    private static Value Shortcut(Value x, Weights weights, int stride, (int First, int Later) dilation)
    {
        if (weights.Has("0.weight"))
            return x.ConvolveCentered(weights["0"], stride, dilation: dilation.First).Normalize(weights["1"], Epsilon);
        // Where the stride became a wider window, neighbours are averaged all the same, with zeros beyond the last.
        var mean = stride > 1 ? x.AveragePool2D(2, stride, ceil: true) : dilation.Later > 1 ? x.Pad2D(0, 0, 1, 1).AveragePool2D(2, stride: 1) : x;
        return mean.ConvolveCentered(weights["1"]).Normalize(weights["2"], Epsilon);
    }

    private static Value Antialias(this Value x, Antialiasing antialiasing)
    {
        if (antialiasing == Antialiasing.Average)
            return x.AveragePool2D(2, stride: 2);
        // The binomial filter of three by three (arXiv:1904.11486).
        ReadOnlySpan<float> filter = [1 / 16f, 2 / 16f, 1 / 16f, 2 / 16f, 4 / 16f, 2 / 16f, 1 / 16f, 2 / 16f, 1 / 16f];
        var channels = (int)x.Dim(1).Size!.Value; // of a convolution, whose weights have known extents
        var kernel = new float[channels * filter.Length];
        for (var i = 0; i < channels; i++)
            filter.CopyTo(kernel.AsSpan(i * filter.Length));
        return x.Pad2D(1, 1, 1, 1, mirrored: true).Conv2D(x.Graph.Constant(kernel, channels, 1, 3, 3), bias: null, (2, 2), (0, 0), channels);
    }
}
