using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>Inception V3: branches of convolutions that are factored into rows and columns.</summary>
/// <remarks>Source: arXiv:1512.00567; outputs of torchvision 0.29, models/inception.py.</remarks>
internal static class InceptionV3
{
    public static TorchvisionFamily Family { get; } = new("inception_v3", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        weights.Ignore("AuxLogits");
        var x = GoogLeNet.Inputs(graph, entry);
        x = Inside(Inside(x, weights["Conv2d_1a_3x3"], stride: 2), weights["Conv2d_2a_3x3"]);
        x = Pool(Same(x, weights["Conv2d_2b_3x3"]));
        x = Pool(Inside(Inside(x, weights["Conv2d_3b_1x1"]), weights["Conv2d_4a_3x3"]));
        foreach (var name in (ReadOnlySpan<string>)["Mixed_5b", "Mixed_5c", "Mixed_5d"])
            x = Wide(x, weights[name]);
        x = Reduce(x, weights["Mixed_6a"]);
        foreach (var name in (ReadOnlySpan<string>)["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"])
            x = Factored(x, weights[name]);
        x = ReduceFactored(x, weights["Mixed_7a"]);
        x = Expanded(Expanded(x, weights["Mixed_7b"]), weights["Mixed_7c"]);
        return x.GlobalPool("avg").Linear(weights["fc"]);
    }

    private static Value Wide(Value x, Weights weights) => Join(
        Chain(x, weights, "branch1x1"),
        Chain(x, weights, "branch5x5_1", "branch5x5_2"),
        Chain(x, weights, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        PoolBranch(x, weights));

    private static Value Reduce(Value x, Weights weights) => Join(
        Inside(x, weights["branch3x3"], stride: 2),
        Inside(Chain(x, weights, "branch3x3dbl_1", "branch3x3dbl_2"), weights["branch3x3dbl_3"], stride: 2),
        Pool(x));

    private static Value Factored(Value x, Weights weights) => Join(
        Chain(x, weights, "branch1x1"),
        Chain(x, weights, "branch7x7_1", "branch7x7_2", "branch7x7_3"),
        Chain(x, weights, "branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"),
        PoolBranch(x, weights));

    private static Value ReduceFactored(Value x, Weights weights) => Join(
        Inside(Chain(x, weights, "branch3x3_1"), weights["branch3x3_2"], stride: 2),
        Inside(Chain(x, weights, "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3"), weights["branch7x7x3_4"], stride: 2),
        Pool(x));

    private static Value Expanded(Value x, Weights weights)
    {
        var single = Chain(x, weights, "branch3x3_1");
        var twice = Chain(x, weights, "branch3x3dbl_1", "branch3x3dbl_2");
        return Join(
            Chain(x, weights, "branch1x1"),
            Chain(single, weights, "branch3x3_2a"), Chain(single, weights, "branch3x3_2b"),
            Chain(twice, weights, "branch3x3dbl_3a"), Chain(twice, weights, "branch3x3dbl_3b"),
            PoolBranch(x, weights));
    }

    private static Value PoolBranch(Value x, Weights weights) =>
        Same(x.AveragePool2D(3, stride: 1, padding: 1, countsPadding: true), weights["branch_pool"]);

    private static Value Chain(Value x, Weights weights, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            x = Same(x, weights[name]);
        return x;
    }

    private static Value Join(params Value[] branches) => branches.Concat(axis: 1);

    private static Value Pool(Value x) => x.MaxPool2D(3, stride: 2, padding: 0);

    private static Value Same(Value x, Weights weights) => GoogLeNet.Layer(x, weights);

    private static Value Inside(Value x, Weights weights, int stride = 1) => GoogLeNet.Layer(x, weights, stride, isPadded: false);
}
