using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>SwiftFormer: convolutions, and at the end of each stage attention by one query for the whole image.</summary>
/// <remarks>Source: arXiv:2303.15446; outputs of transformers 5.23, modeling_swiftformer.py.</remarks>
internal static class SwiftFormer
{
    public static Architecture Architecture { get; } = new("swiftformer", "MBZUAI/swiftformer-xs",
    [
        new("SwiftFormerModel", ModelTask.ImageFeatureExtraction, Model),
        new("SwiftFormerForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 3, 3, 6, 4);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("batch_norm_eps", 1e-5f);
        public bool LayerScale { get; } = Json.Bool("use_layer_scale", true);
        public int Stride { get; } = Json.Int("down_stride", 2, minimum: 1);
        public int Padding { get; } = Json.Int("down_pad", 1);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("norm", "head", "dist_head");
        return new Outputs { { "last_hidden_state", Map(graph, new Config(json), weights.Body("swiftformer")) } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json);
        var pooled = Map(graph, config, weights.Body("swiftformer")).BatchNorm(weights["norm"], config.Epsilon).MeanOfPlaces();
        return ((pooled.Linear(weights["head"]) + pooled.Linear(weights["dist_head"])) / 2f).AsLogits();
    }

    private static Value Map(GraphBuilder graph, Config config, Weights body)
    {
        var stem = body["patch_embed.patch_embedding"];
        var x = graph.Pixels(config.Json.Channels());
        foreach (var (convolution, norm) in (ReadOnlySpan<(string, string)>)[("0", "1"), ("3", "4")])
            x = x.Convolve(stem[convolution], stride: 2, padding: 1).BatchNorm(stem[norm], config.Epsilon).Relu();
        var part = 0;
        for (var stage = 0; stage < config.Depths.Count; stage++)
        {
            // Between stages there is a convolution unless neither size nor channels change.
            if (stage > 0 && body.Has($"encoder.network.{part}.proj"))
            {
                x = x.Convolve(body[$"encoder.network.{part}.proj"], config.Stride, config.Padding).BatchNorm(body[$"encoder.network.{part}.norm"], config.Epsilon);
                part++;
            }
            for (var i = 0; i < config.Depths[stage]; i++)
            {
                var block = body[$"encoder.network.{part}.blocks.{i}"];
                x = i < config.Depths[stage] - 1 ? ConvolutionBlock(x, block, config) : AttentionBlock(x, block, config);
            }
            part++;
        }
        return x;
    }

    private static Value ConvolutionBlock(Value x, Weights weights, Config config)
    {
        var inner = x.Convolve(weights["depth_wise_conv"]).BatchNorm(weights["norm"], config.Epsilon)
            .Convolve(weights["point_wise_conv1"]).Gelu().Convolve(weights["point_wise_conv2"]);
        return x + weights.Get("layer_scale") * inner;
    }

    private static Value AttentionBlock(Value x, Weights weights, Config config)
    {
        Value Scaled(Value branch, string name) => config.LayerScale ? weights.Get(name) * branch : branch;
        x = ConvolutionBlock(x, weights["local_representation"], config);
        x += Scaled(Attend(x.ToTokens(), weights["attn"]).ToMap(x.Dim(2), x.Dim(3)), "layer_scale_1");
        var linear = weights["linear"];
        var inner = x.BatchNorm(linear["norm1"], config.Epsilon).Convolve(linear["fc1"]).Apply(config.Activation).Convolve(linear["fc2"]);
        return x + Scaled(inner, "layer_scale_2");
    }

    private static Value Attend(Value tokens, Weights weights)
    {
        // The original takes the softmax of one number a token, which is 1: what weighs tokens is without effect.
        weights.Ignore("w_g");
        Value Directions(string name)
        {
            var all = tokens.Linear(weights[name]);
            return all / all.Norm(axis: 2, keep: true).Maximum(all.Graph.Scalar(1e-12, ElementType.Float32));
        }
        var query = Directions("to_query");
        return ((query.Sum(axis: 1, keep: true) * Directions("to_key")).Linear(weights["proj"]) + query).Linear(weights["final"]);
    }
}
