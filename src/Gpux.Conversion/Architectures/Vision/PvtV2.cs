using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Pyramid Vision Transformer v2: overlapping patches, attention to a coarser map or to a pooled one, convolutions in the perceptron.</summary>
/// <remarks>Source: arXiv:2106.13797; outputs of transformers 5.23, modeling_pvt_v2.py.</remarks>
internal static class PvtV2
{
    // What linear attention pools every map to.
    private const int PooledSize = 7;

    public static Architecture Architecture { get; } = new("pvt_v2", "OpenGVLab/pvt_v2_b0",
    [
        new("PvtV2Model", ModelTask.ImageFeatureExtraction, Model),
        new("PvtV2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("PvtV2Backbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json, int Stages)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 2, 2, 2, 2);
        public IReadOnlyList<int> Heads { get; } = Json.PerStage("num_attention_heads", Stages, [1, 2, 5, 8], minimum: 1);
        public IReadOnlyList<int> Strides { get; } = Json.PerStage("strides", Stages, [4, 2, 2, 2], minimum: 1);
        public IReadOnlyList<int> Reductions { get; } = Json.PerStage("sr_ratios", Stages, [8, 4, 2, 1], minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-6f);
        public bool LinearAttention { get; } = Json.Bool("linear_attention", false);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        return new Outputs { { "last_hidden_state", Maps(graph, json, weights.Body("pvt_v2"))[^1] } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Maps(graph, json, weights.Body("pvt_v2"))[^1].MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var maps = Maps(graph, json, weights.Body("pvt_v2"));
        return json.FeatureMaps(maps.Count, (i, _) => maps[i], first: "stage1");
    }

    // What each stage makes of the image: float [B, channels, rows, columns].
    private static List<Value> Maps(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json, json.Int("num_encoder_blocks", 4, minimum: 1));
        var map = graph.Pixels(json.Channels());
        var maps = new List<Value>();
        for (var i = 0; i < config.Stages; i++)
        {
            var stage = body[$"encoder.layers.{i}"];
            map = map.Convolve(stage["patch_embedding.proj"], config.Strides[i],
                padding: (int)stage["patch_embedding.proj"].Kernel().Dim(2).Size!.Value / 2); // weights have known extents
            var x = map.ToTokens().LayerNorm(stage["patch_embedding.layer_norm"], config.Epsilon);
            for (var layer = 0; layer < (i < config.Depths.Count ? config.Depths[i] : throw json.Invalid("depths", "a number for each stage was expected")); layer++)
                x = Layer(x, map, i, stage[$"blocks.{layer}"], config);
            maps.Add(map = x.LayerNorm(stage["layer_norm"], config.Epsilon).ToMap(map.Dim(2), map.Dim(3)));
        }
        return maps;
    }

    private static Value Layer(Value x, Value map, int stage, Weights weights, Config config)
    {
        var (attention, normed) = (weights["attention"], x.LayerNorm(weights["layer_norm_1"], config.Epsilon));
        var seen = normed;
        if (config.LinearAttention)
            seen = normed.ToMap(map.Dim(2), map.Dim(3)).AdaptiveAveragePool(PooledSize).Convolve(attention["spatial_reduction"]).ToTokens()
                .LayerNorm(attention["layer_norm"], config.Epsilon).Gelu();
        else if (config.Reductions[stage] > 1)
            seen = normed.ToMap(map.Dim(2), map.Dim(3)).Project(attention["spatial_reduction"]).ToTokens().LayerNorm(attention["layer_norm"], config.Epsilon);
        Value Heads(Value tokens, string name) => tokens.Linear(attention[name]).SplitHeads(config.Heads[stage]);
        x += Heads(normed, "query").Attend(Heads(seen, "key"), Heads(seen, "value"), mask: null).Linear(attention["proj"]);
        var (inner, mlp) = (x.LayerNorm(weights["layer_norm_2"], config.Epsilon).Linear(weights["mlp.dense1"]), weights["mlp"]);
        if (config.LinearAttention)
            inner = inner.Relu();
        inner = inner.ToMap(map.Dim(2), map.Dim(3)).Convolve(mlp["dwconv.dwconv"]).ToTokens();
        return x + inner.Apply(config.Activation).Linear(mlp["dense2"]);
    }
}
