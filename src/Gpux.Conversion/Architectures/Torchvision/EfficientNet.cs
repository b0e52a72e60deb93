using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>EfficientNet and its second version: stages of inverted residuals with attention over channels.</summary>
/// <remarks>Source: arXiv:1905.11946, 2104.00298; outputs of torchvision 0.29, models/efficientnet.py.</remarks>
internal static class EfficientNet
{
    // Of the stages 1, 2 and so on; the second version has one less in its small size.
    private const string Strides = "1222121";

    public static TorchvisionFamily Family { get; } = new("""
        efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7
        efficientnet_v2_s efficientnet_v2_m efficientnet_v2_l
        """, ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var epsilon = entry.Arguments.Float("norm_eps", entry.Name is ['e', .., '5' or '6' or '7'] || entry.Name.Contains("_v2_") ? 1e-3f : 1e-5f);
        var style = new ResidualStyle("silu", epsilon, "silu", "sigmoid");
        var last = features.Count("") - 1;
        var x = style.Layer(TorchvisionEntry.Images(graph), features["0"], stride: 2);
        for (var stage = 1; stage < last; stage++)
            for (var i = 0; features.Has($"{stage}.{i}"); i++)
                x = style.Block(x, features[$"{stage}.{i}.block"], i == 0 && stage <= Strides.Length ? Strides[stage - 1] - '0' : 1);
        return style.Layer(x, features[$"{last}"]).GlobalPool("avg").Linear(weights["classifier.1"]);
    }
}
