using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>DenseNet: every layer sees what all layers before it in its block have made.</summary>
/// <remarks>Source: arXiv:1608.06993; outputs of torchvision 0.29, models/densenet.py.</remarks>
internal static class DenseNet
{
    private const float Epsilon = 1e-5f;

    public static TorchvisionFamily Family { get; } = new("densenet121 densenet161 densenet169 densenet201", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var x = TorchvisionEntry.Images(graph).ConvolveCentered(features["conv0"], stride: 2).Normalize(features["norm0"], Epsilon).Relu()
            .MaxPool2D(3, stride: 2, padding: 1);
        for (var block = 1; features.Has($"denseblock{block}"); block++)
        {
            for (var i = 1; features.Has($"denseblock{block}.denselayer{i}"); i++)
                x = ((Value[])[x, Layer(x, features[$"denseblock{block}.denselayer{i}"])]).Concat(axis: 1);
            var transition = features[$"transition{block}"];
            if (transition.Has("conv"))
                x = x.Normalize(transition["norm"], Epsilon).Relu().ConvolveCentered(transition["conv"]).AveragePool2D(2, stride: 2);
        }
        return x.Normalize(features["norm5"], Epsilon).Relu().GlobalPool("avg").Linear(weights["classifier"]);
    }

    private static Value Layer(Value x, Weights weights)
    {
        // Published files have names of the time before modules' names could not have dots.
        var dot = weights.Has("norm1") ? "" : ".";
        return x.Normalize(weights[$"norm{dot}1"], Epsilon).Relu().ConvolveCentered(weights[$"conv{dot}1"])
            .Normalize(weights[$"norm{dot}2"], Epsilon).Relu().ConvolveCentered(weights[$"conv{dot}2"]);
    }
}
