using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>ShuffleNet V2: half of the channels pass each block unchanged, and the halves are mixed.</summary>
/// <remarks>Source: arXiv:1807.11164; outputs of torchvision 0.29, models/shufflenetv2.py.</remarks>
internal static class ShuffleNet
{
    private const float Epsilon = 1e-5f;

    public static TorchvisionFamily Family { get; } = new("shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0",
        ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var x = Layer(TorchvisionEntry.Images(graph), weights["conv1"], 0, stride: 2).Relu().MaxPool2D(3, stride: 2, padding: 1);
        for (var stage = 2; weights.Has($"stage{stage}"); stage++)
            for (var i = 0; weights.Has($"stage{stage}.{i}"); i++)
                x = Block(x, weights[$"stage{stage}.{i}"]);
        return Layer(x, weights["conv5"], 0).Relu().GlobalPool("avg").Linear(weights["fc"]);
    }

    private static Value Block(Value x, Weights weights)
    {
        // The first block of a stage strides, and has a branch in place of what passes.
        var strides = weights.Has("branch1");
        Value passed, mixed;
        if (strides)
            (passed, mixed) = (Layer(Layer(x, weights["branch1"], 0, stride: 2), weights["branch1"], 2).Relu(), x);
        else
        {
            var half = x.Dim(1).Size!.Value / 2; // of a convolution, whose weights have known extents
            var halves = x.Split(axis: 1, half, half);
            (passed, mixed) = (halves[0], halves[1]);
        }
        var branch = weights["branch2"];
        mixed = Layer(Layer(Layer(mixed, branch, 0).Relu(), branch, 3, strides ? 2 : 1), branch, 5).Relu();
        var all = ((Value[])[passed, mixed]).Concat(axis: 1);
        var channels = all.Dim(1).Size!.Value; // as above
        var shape = ((Value[])[all.Extent(0), all.Graph.Constant([channels]), all.Extent(2), all.Extent(3)]).Concat(0);
        return all.Reshape(Dim.Same, 2, channels / 2, Dim.Rest).Transpose(0, 2, 1, 3).Reshape(shape, [.. all.Dims]);
    }

    // The convolution of a number, and the normalisation of the next.
    private static Value Layer(Value x, Weights weights, int number, int stride = 1) =>
        x.ConvolveCentered(weights[$"{number}"], stride).Normalize(weights[$"{number + 1}"], Epsilon);
}
