using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Pyramid Vision Transformer: attention to a coarser map at falling resolution, with learned positions in each stage.</summary>
/// <remarks>Source: arXiv:2102.12122; outputs of transformers 5.23, modeling_pvt.py. Takes images of the configured size.</remarks>
internal static class Pvt
{
    public static Architecture Architecture { get; } = new("pvt", "Zetatech/pvt-tiny-224",
    [
        new("PvtModel", ModelTask.ImageFeatureExtraction, Model),
        new("PvtForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json, int Stages)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 2, 2, 2, 2);
        public IReadOnlyList<int> Heads { get; } = Json.PerStage("num_attention_heads", Stages, [1, 2, 5, 8], minimum: 1);
        // The original takes the size of patches for the step between them, and the step for the size.
        public IReadOnlyList<int> Steps { get; } = Json.PerStage("patch_sizes", Stages, [4, 2, 2, 2], minimum: 1);
        public IReadOnlyList<int> Reductions { get; } = Json.PerStage("sequence_reduction_ratios", Stages, [8, 4, 2, 1], minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-6f);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        return new Outputs { { "last_hidden_state", Encode(graph, json, weights.Body("pvt")) } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Encode(graph, json, weights.Body("pvt")).FirstToken().Linear(weights["classifier"]).AsLogits();

    // The tokens of the last stage, the first of which is for the whole image: float [B, 1 + places, C].
    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json, json.Int("num_encoder_blocks", 4, minimum: 1));
        if (config.Depths.Count < config.Stages)
            throw json.Invalid("depths", "a number for each stage was expected");
        var map = graph.Pixels(json.Channels(), json.Size("image_size", 224));
        for (var i = 0; ; i++)
        {
            var patches = body[$"encoder.patch_embeddings.{i}"];
            map = map.Convolve(patches["projection"], config.Steps[i], padding: 0);
            var x = map.ToTokens().LayerNorm(patches["layer_norm"], config.Epsilon);
            var isLast = i == config.Stages - 1;
            if (isLast)
                x = x.Prepend(patches.Get("cls_token"));
            x += patches.Get("position_embeddings");
            for (var layer = 0; layer < config.Depths[i]; layer++)
                x = Layer(x, map, i, body[$"encoder.block.{i}.{layer}"], config);
            if (isLast)
                return x.LayerNorm(body["encoder.layer_norm"], config.Epsilon);
            map = x.ToMap(map.Dim(2), map.Dim(3));
        }
    }

    private static Value Layer(Value x, Value map, int stage, Weights weights, Config config)
    {
        var (attention, normed) = (weights["attention.self"], x.LayerNorm(weights["layer_norm_1"], config.Epsilon));
        var seen = normed;
        if (config.Reductions[stage] > 1)
            seen = normed.ToMap(map.Dim(2), map.Dim(3)).Project(attention["sequence_reduction"]).ToTokens().LayerNorm(attention["layer_norm"], config.Epsilon);
        Value Heads(Value tokens, string name) => tokens.Linear(attention[name]).SplitHeads(config.Heads[stage]);
        x += Heads(normed, "query").Attend(Heads(seen, "key"), Heads(seen, "value"), mask: null).Linear(weights["attention.output.dense"]);
        return x + x.LayerNorm(weights["layer_norm_2"], config.Epsilon).Perceptron(weights["mlp.dense1"], weights["mlp.dense2"], config.Activation);
    }
}
