using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>SegFormer: attention to a coarser map at falling resolution, and a decoder that joins the maps of all stages.</summary>
/// <remarks>Source: arXiv:2105.15203; outputs of transformers 5.23, modeling_segformer.py.</remarks>
internal static class Segformer
{
    public static Architecture Architecture { get; } = new("segformer", "nvidia/segformer-b0-finetuned-ade-512-512",
    [
        new("SegformerModel", ModelTask.ImageFeatureExtraction, Model),
        new("SegformerForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("SegformerForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them. layer_norm_eps is without effect there.
    private sealed record Config(ModelConfig Json, int Stages)
    {
        public Config(ModelConfig json)
            : this(json, json.Int("num_encoder_blocks", 4, minimum: 1))
        {
        }

        public IReadOnlyList<int> Depths { get; } = Json.PerStage("depths", Stages, [2, 2, 2, 2]);
        public IReadOnlyList<int> Heads { get; } = Json.PerStage("num_attention_heads", Stages, [1, 2, 5, 8], minimum: 1);
        public IReadOnlyList<int> Strides { get; } = Json.PerStage("strides", Stages, [4, 2, 2, 2], minimum: 1);
        public IReadOnlyList<int> Reductions { get; } = Json.PerStage("sr_ratios", Stages, [8, 4, 2, 1], minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "decode_head");
        var last = Maps(graph, json, weights)[^1];
        return new Outputs { { "last_hidden_state", json.Bool("reshape_last_stage", true) ? last : last.ToTokens() } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Maps(graph, json, weights)[^1].MeanOfPlaces().Linear(weights["classifier"]).AsLogits();

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        // The original takes the channels of a last stage that is not a map for its places.
        if (!json.Bool("reshape_last_stage", true))
            throw json.Invalid("reshape_last_stage", "true was expected of a model that segments");
        var (maps, head) = (Maps(graph, json, weights), weights["decode_head"]);
        var largest = maps[0];
        var parts = new List<Value>();
        for (var i = maps.Count - 1; i >= 0; i--) // the smallest comes first
            parts.Add(maps[i].ToTokens().Linear(head[$"linear_c.{i}.proj"]).ToMap(maps[i].Dim(2), maps[i].Dim(3))
                .ResizeBilinear(largest.SizeOf(), largest.Dim(2), largest.Dim(3)));
        return parts.Concat(axis: 1).Convolve(head["linear_fuse"]).BatchNorm(head["batch_norm"]).Relu().Convolve(head["classifier"]).AsLogits();
    }

    // What each stage makes of the image: float [B, channels, rows, columns].
    internal static List<Value> Maps(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, encoder) = (new Config(json), weights.Body("segformer")["encoder"]);
        var map = graph.Pixels(json.Channels());
        var maps = new List<Value>();
        for (var i = 0; i < config.Stages; i++)
        {
            var patches = encoder[$"patch_embeddings.{i}"];
            var kernel = patches["proj"].Kernel();
            map = map.Convolve(patches["proj"], config.Strides[i], padding: (int)kernel.Dim(2).Size!.Value / 2); // weights have known extents
            var x = map.ToTokens().LayerNorm(patches["layer_norm"], Convolutions.Epsilon);
            for (var layer = 0; layer < config.Depths[i]; layer++)
                x = Layer(x, map, i, encoder[$"block.{i}.{layer}"], config);
            maps.Add(map = x.LayerNorm(encoder[$"layer_norm.{i}"], Convolutions.Epsilon).ToMap(map.Dim(2), map.Dim(3)));
        }
        return maps;
    }

    private static Value Layer(Value x, Value map, int stage, Weights weights, Config config)
    {
        var normed = x.LayerNorm(weights["layer_norm_1"], Convolutions.Epsilon);
        var attention = weights["attention.self"];
        var seen = normed;
        if (config.Reductions[stage] > 1)
            seen = normed.ToMap(map.Dim(2), map.Dim(3)).Project(attention["sr"]).ToTokens().LayerNorm(attention["layer_norm"], Convolutions.Epsilon);
        Value Heads(Value tokens, string name) => tokens.Linear(attention[name]).SplitHeads(config.Heads[stage]);
        x += Heads(normed, "query").Attend(Heads(seen, "key"), Heads(seen, "value"), mask: null).Linear(weights["attention.output.dense"]);
        var (inner, mlp) = (x.LayerNorm(weights["layer_norm_2"], Convolutions.Epsilon), weights["mlp"]);
        inner = inner.Linear(mlp["dense1"]).ToMap(map.Dim(2), map.Dim(3)).Convolve(mlp["dwconv.dwconv"]).ToTokens();
        return x + inner.Apply(config.Activation).Linear(mlp["dense2"]);
    }
}
