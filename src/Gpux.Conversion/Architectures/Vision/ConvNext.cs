using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>ConvNeXt: depthwise convolutions and perceptrons over channels. Its second version normalises the response of the images' channels.</summary>
/// <remarks>Sources: arXiv:2201.03545, arXiv:2301.00808; outputs of transformers 5.23, modeling_convnext.py and modeling_convnextv2.py.</remarks>
internal static class ConvNext
{
    public static Architecture Architecture { get; } = new("convnext", "facebook/convnext-tiny-224",
    [
        new("ConvNextModel", ModelTask.ImageFeatureExtraction, Model),
        new("ConvNextForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("ConvNextBackbone", ModelTask.Backbone, Backbone),
    ]);

    public static Architecture V2 { get; } = new("convnextv2", "facebook/convnextv2-tiny-1k-224",
    [
        new("ConvNextV2Model", ModelTask.ImageFeatureExtraction, Model),
        new("ConvNextV2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("ConvNextV2Backbone", ModelTask.Backbone, Backbone),
    ]);

    // Of all normalisations but the last; config.json states that of the last.
    private const float Epsilon = 1e-6f;

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "hidden_states_norms");
        var body = weights.Body("convnext", "convnextv2");
        var map = Maps(graph, json, body)[^1];
        return map.AsStates(Pool(map, json, body));
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights.Body("convnext", "convnextv2");
        return Pool(Maps(graph, json, body)[^1], json, body).Linear(weights["classifier"]).AsLogits();
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights.Body("convnext", "convnextv2");
        body.Ignore("layernorm");
        var maps = Maps(graph, json, body);
        return json.FeatureMaps(maps.Count, (i, name) => maps[i].ChannelNorm(weights["hidden_states_norms"][name], Epsilon));
    }

    private static Value Pool(Value map, ModelConfig json, Weights body) => map.MeanOfPlaces().LayerNorm(body["layernorm"], json.Float("layer_norm_eps", 1e-12f));

    // What the stem and each stage make of the image: float [B, channels, height, width].
    private static List<Value> Maps(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var embeddings = body["embeddings"];
        var x = graph.Pixels(json.Channels()).Project(embeddings["patch_embeddings"]).ChannelNorm(embeddings["layernorm"], Epsilon);
        var maps = new List<Value> { x };
        var depths = json.PerStage("depths", json.LayerCount("num_stages", 4), [3, 3, 9, 3]);
        var activation = json.Text("hidden_act", "gelu");
        var isScaled = json.ModelType == "convnext" && json.Float("layer_scale_init_value", 1e-6f) > 0;
        for (var i = 0; i < json.LayerCount("num_stages", 4); i++)
        {
            var stage = body[$"encoder.stages.{i}"];
            if (i > 0)
                x = x.ChannelNorm(stage["downsampling_layer.0"], Epsilon).Convolve(stage["downsampling_layer.1"], stride: 2);
            for (var layer = 0; layer < depths[i]; layer++)
                x = Layer(x, stage[$"layers.{layer}"], activation, isScaled);
            maps.Add(x);
        }
        return maps;
    }

    private static Value Layer(Value x, Weights weights, string activation, bool isScaled)
    {
        var (up, down) = (weights["pwconv1"], weights["pwconv2"]);
        var normed = x.Convolve(weights["dwconv"]).ChannelsLast().LayerNorm(weights["layernorm"], Epsilon);
        return weights.Has("grn")
            ? x + NormalizeResponse(normed.Linear(up).Apply(activation), weights["grn"]).Linear(down).ChannelsFirst()
            : x.AddChannelPerceptron(normed, up, down, y => y.Apply(activation), isScaled ? weights.Get("layer_scale_parameter") : null);
    }

    // Makes channels compete: each by the share of its norm over the image, [B, height, width, channels].
    private static Value NormalizeResponse(Value x, Weights weights)
    {
        var norms = x.Norm(axis: 1, keep: true).Norm(axis: 2, keep: true);
        var shares = norms / (norms.Mean(axis: 3, keep: true) + 1e-6f);
        return x * (shares * weights.Get("weight") + 1f) + weights.Get("bias"); // x comes back in the factor: each pass over it costs
    }
}
