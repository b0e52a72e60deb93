using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>TextNet: sums of square, upright and flat convolutions, made to find text in images.</summary>
/// <remarks>Source: arXiv:2111.02394; outputs of transformers 5.23, modeling_textnet.py.</remarks>
internal static class TextNet
{
    public static Architecture Architecture { get; } = new("textnet", "czczup/textnet-base",
    [
        new("TextNetModel", ModelTask.ImageFeatureExtraction, Model),
        new("TextNetForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("TextNetBackbone", ModelTask.Backbone, Backbone),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var map = Maps(graph, json, weights.Body("textnet"))[^1];
        return map.AsStates(map.AdaptiveAveragePool(2));
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Maps(graph, json, weights.Body("textnet"))[^1].MeanOfPlaces().Linear(weights["classifier.2"]).AsLogits();

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var maps = Maps(graph, json, weights.Body("textnet"));
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    // What the stem and each stage make of the image: float [B, channels, rows, columns].
    private static List<Value> Maps(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var epsilon = json.Float("batch_norm_eps", 1e-5f);
        var strides = json.IntLists("conv_layer_strides") ?? [[1, 2, 1], [2, 1, 1, 1], [2, 1, 1, 1], [2, 1, 1, 1]];
        var x = graph.Pixels(json.Channels("stem_num_channels"))
            .Convolve(body["stem.conv"], json.Int("stem_stride", 2, minimum: 1)).BatchNorm(body["stem.batch_norm"], epsilon).Apply(json.Text("stem_act_func", "relu"));
        var maps = new List<Value> { x };
        for (var stage = 0; stage < strides.Count; stage++)
        {
            for (var i = 0; i < strides[stage].Count; i++)
                x = Layer(x, body[$"encoder.stages.{stage}.stage.{i}"], strides[stage][i] is > 0 and var stride ? stride
                    : throw json.Invalid("conv_layer_strides", "steps of at least 1 were expected"), epsilon);
            maps.Add(x);
        }
        return maps;
    }

    private static Value Layer(Value x, Weights weights, int stride, float epsilon)
    {
        var sum = x.Convolve(weights["main_conv"], stride).BatchNorm(weights["main_batch_norm"], epsilon);
        foreach (var direction in (ReadOnlySpan<string>)["vertical", "horizontal"])
            if (weights.Has($"{direction}_conv"))
                sum += x.Convolve(weights[$"{direction}_conv"], stride).BatchNorm(weights[$"{direction}_batch_norm"], epsilon);
        if (weights.Has("rbr_identity"))
            sum += x.BatchNorm(weights["rbr_identity"], epsilon);
        return sum.Relu();
    }
}
