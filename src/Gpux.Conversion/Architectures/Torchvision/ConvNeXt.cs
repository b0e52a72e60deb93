using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>ConvNeXt: blocks of a depthwise convolution and two projections.</summary>
/// <remarks>Source: arXiv:2201.03545; outputs of torchvision 0.29, models/convnext.py.</remarks>
internal static class ConvNeXt
{
    private const float Epsilon = 1e-6f;

    public static TorchvisionFamily Family { get; } = new("convnext_tiny convnext_small convnext_base convnext_large", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var x = TorchvisionEntry.Images(graph).ConvolvePatches(features["0.0"]).ChannelNorm(features["0.1"], Epsilon);
        for (var i = 1; features.Has($"{i}"); i++)
        {
            // Stages and what makes the map coarser take turns.
            if (i % 2 == 0)
                x = x.ChannelNorm(features[$"{i}.0"], Epsilon).ConvolvePatches(features[$"{i}.1"]);
            else
                for (var block = 0; features.Has($"{i}.{block}"); block++)
                    x = Block(x, features[$"{i}.{block}"]);
        }
        return x.GlobalPool("avg").LayerNorm(weights["classifier.0"], Epsilon).Linear(weights["classifier.2"]);
    }

    private static Value Block(Value x, Weights weights)
    {
        var layers = weights["block"];
        var normed = x.ConvolveCentered(layers["0"]).ChannelsLast().LayerNorm(layers["2"], Epsilon);
        return x.AddChannelPerceptron(normed, layers["3"], layers["5"], y => y.Gelu(), weights.Get("layer_scale"));
    }
}
