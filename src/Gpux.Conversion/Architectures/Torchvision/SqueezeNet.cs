using Gpux.Conversion.Architectures.Timm;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>SqueezeNet: modules that squeeze channels and expand them in two ways.</summary>
/// <remarks>Source: arXiv:1602.07360; outputs of torchvision 0.29, models/squeezenet.py.</remarks>
internal static class SqueezeNet
{
    public static TorchvisionFamily Family { get; } = new("squeezenet1_0 squeezenet1_1", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var x = TorchvisionEntry.Images(graph).ConvolveInside(features["0"], stride: 2).Relu();
        var last = 2;
        for (var i = last; i <= 12; i++)
            last = features.Has($"{i}") ? i : last;
        // Numbers without weights are pools.
        for (var i = 2; i <= last; i++)
            x = features.Has($"{i}") ? Fire(x, features[$"{i}"]) : x.MaxPool2D(3, stride: 2, padding: 0, ceil: true);
        return x.ConvolveCentered(weights["classifier.1"]).Relu().GlobalPool("avg");
    }

    private static Value Fire(Value x, Weights weights)
    {
        var squeezed = x.ConvolveCentered(weights["squeeze"]).Relu();
        return ((Value[])[squeezed.ConvolveCentered(weights["expand1x1"]).Relu(), squeezed.ConvolveCentered(weights["expand3x3"]).Relu()]).Concat(axis: 1);
    }
}
