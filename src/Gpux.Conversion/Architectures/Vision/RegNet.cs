using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>RegNet: residual blocks of grouped convolutions, with channels weighed by the whole image (y) or not (x).</summary>
/// <remarks>Source: arXiv:2003.13678; outputs of transformers 5.23, modeling_regnet.py.</remarks>
internal static class RegNet
{
    public static Architecture Architecture { get; } = new("regnet", "facebook/regnet-y-040",
    [
        new("RegNetModel", ModelTask.ImageFeatureExtraction, Model),
        new("RegNetForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var map = Map(graph, json, weights.Body("regnet"));
        return map.AsStates(map.GlobalAveragePool());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Map(graph, json, weights.Body("regnet")).MeanOfPlaces().Linear(weights["classifier.1"]).AsLogits();

    private static Value Map(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var activation = json.Text("hidden_act", "relu");
        var weighsChannels = json.Text("layer_type", "y") switch
        {
            "y" => true,
            "x" => false,
            _ => throw json.Invalid("layer_type", "x or y was expected"),
        };
        var x = graph.Pixels(json.Channels()).ConvolveNormalize(body["embedder.embedder"], stride: 2).Apply(activation);
        var depths = json.Depths("depths", 2, 6, 12, 2);
        for (var stage = 0; stage < depths.Count; stage++)
            for (var i = 0; i < depths[stage]; i++)
                x = Block(x, body[$"encoder.stages.{stage}.layers.{i}"], i > 0 || stage == 0 && !json.Bool("downsample_in_first_stage", true) ? 1 : 2, weighsChannels, activation);
        return x;
    }

    private static Value Block(Value x, Weights weights, int stride, bool weighsChannels, string activation)
    {
        var (shortcut, layers) = (weights.Has("shortcut") ? x.ConvolveNormalize(weights["shortcut"], stride) : x, weights["layer"]);
        x = x.ConvolveNormalize(layers["0"]).Apply(activation).ConvolveNormalize(layers["1"], stride).Apply(activation);
        if (weighsChannels)
            x = x.SqueezeExcite(layers["2.attention.0"], layers["2.attention.2"], "relu");
        return (x.ConvolveNormalize(layers[weighsChannels ? "3" : "2"]) + shortcut).Apply(activation);
    }
}
