using Gpux.Conversion.Architectures.Vision;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>GLPN: SegFormer's encoder, and a decoder that weighs fine maps against coarse ones.</summary>
/// <remarks>Source: arXiv:2201.07436; outputs of transformers 5.23, modeling_glpn.py.</remarks>
internal static class Glpn
{
    public static Architecture Architecture { get; } = new("glpn", "vinvino02/glpn-nyu",
    [
        new("GLPNForDepthEstimation", ModelTask.DepthEstimation, DepthEstimation),
        new("GLPNModel", ModelTask.ImageFeatureExtraction, Model),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("decoder", "head");
        return new Outputs { { "last_hidden_state", Segformer.Maps(graph, json, weights.Body("glpn"))[^1] } };
    }

    private static Outputs DepthEstimation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var maps = Segformer.Maps(graph, json, weights["glpn"]);
        var stages = new List<Value>();
        for (var i = 0; i < maps.Count; i++)
        {
            var (map, stage) = (maps[^(i + 1)], weights[$"decoder.stages.{i}"]);
            if (stage.Has("convolution"))
                map = map.Convolve(stage["convolution"]);
            if (i > 0)
                map = Fuse(map, stages[^1], stage["fusion"]);
            stages.Add(map.Double(alignCorners: false));
        }
        stages[^1] = stages[^1].Double(alignCorners: false);
        var index = json.Int("head_in_index", -1, minimum: int.MinValue);
        if (index < -stages.Count || index >= stages.Count)
            throw json.Invalid("head_in_index", $"a number below {stages.Count} was expected");
        var head = weights["head.head"];
        var depth = stages[(index + stages.Count) % stages.Count].Convolve(head["0"]).Relu().Convolve(head["2"]).Sigmoid() * json.Float("max_depth", 10);
        return new Outputs { { "predicted_depth", depth.Squeeze(1) } };
    }

    // Each place decides how much it takes of either map.
    private static Value Fuse(Value fine, Value coarse, Weights weights)
    {
        var joined = ((Value[])[fine, coarse]).Concat(axis: 1);
        foreach (var layer in (Weights[])[weights["convolutional_layer1"], weights["convolutional_layer2"]])
            joined = joined.Convolve(layer["0"]).BatchNorm(layer["1"]).Relu();
        var shares = joined.Convolve(weights["convolutional_layer3"]).Sigmoid();
        return fine * shares.Slice(axis: 1, 0, 1) + coarse * shares.Slice(axis: 1, 1, 2);
    }
}
