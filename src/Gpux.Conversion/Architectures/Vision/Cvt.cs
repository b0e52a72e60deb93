using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>CvT: a transformer whose queries, keys and values are convolutions of a map, at falling resolution.</summary>
/// <remarks>Source: arXiv:2103.15808; outputs of transformers 5.23, modeling_cvt.py, where all normalisations have the epsilon 1e-5.</remarks>
internal static class Cvt
{
    public static Architecture Architecture { get; } = new("cvt", "microsoft/cvt-13",
    [
        new("CvtModel", ModelTask.ImageFeatureExtraction, Model),
        new("CvtForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depth", 1, 2, 10);
        public IReadOnlyList<int> Heads { get; } = PerStage(Json, "num_heads", [1, 3, 6], 1);
        public IReadOnlyList<int> PatchStrides { get; } = PerStage(Json, "patch_stride", [4, 2, 2], 1);
        public IReadOnlyList<int> PatchPaddings { get; } = PerStage(Json, "patch_padding", [2, 1, 1], 0);
        public IReadOnlyList<int> QueryStrides { get; } = PerStage(Json, "stride_q", [1, 1, 1], 1);
        public IReadOnlyList<int> QueryPaddings { get; } = PerStage(Json, "padding_q", [1, 1, 1], 0);
        public IReadOnlyList<int> KeyStrides { get; } = PerStage(Json, "stride_kv", [2, 2, 2], 1);
        public IReadOnlyList<int> KeyPaddings { get; } = PerStage(Json, "padding_kv", [1, 1, 1], 0);

        private static IReadOnlyList<int> PerStage(ModelConfig json, string name, int[] absent, int minimum) =>
            json.PerStage(name, json.Depths("depth", 1, 2, 10).Count, absent, minimum);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "layernorm");
        var (map, token) = Encode(graph, json, weights.Body("cvt"));
        var outputs = new Outputs { { "last_hidden_state", map } };
        if (token is not null)
            outputs.Add("cls_token_value", token);
        return outputs;
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (map, token) = Encode(graph, json, weights.Body("cvt"));
        return (token ?? map.ToTokens()).LayerNorm(weights["layernorm"], Convolutions.Epsilon).Mean(axis: 1).Linear(weights["classifier"]).AsLogits();
    }

    // The last map, float [B, C, rows, columns], and the last stage's token of the whole image if it has one, [B, 1, C].
    private static (Value Map, Value? Token) Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        foreach (var method in json.Texts("qkv_projection_method"))
            if (method != "dw_bn")
                throw new UnsupportedModelException($"This model projects queries by '{method}' (qkv_projection_method), which the original cannot run either.",
                    "Take a model of the family whose methods are dw_bn.");
        var map = graph.Pixels(json.Channels());
        Value? token = null;
        for (var i = 0; i < config.Depths.Count; i++)
        {
            var stage = body[$"encoder.stages.{i}"];
            var embedding = stage["embedding.convolution_embeddings"];
            map = map.Convolve(embedding["projection"], config.PatchStrides[i], config.PatchPaddings[i]).ChannelNorm(embedding["normalization"], Convolutions.Epsilon);
            var leading = stage.Has("cls_token") ? 1 : 0;
            var x = leading == 0 ? map.ToTokens() : map.ToTokens().Prepend(stage.Get("cls_token"));
            for (var layer = 0; layer < config.Depths[i]; layer++)
                x = Layer(x, map, leading, i, stage[$"layers.{layer}"], config);
            token = leading == 0 ? null : x.Slice(axis: 1, 0, 1);
            map = (leading == 0 ? x : x.Slice(axis: 1, 1)).ToMap(map.Dim(2), map.Dim(3));
        }
        return (map, token);
    }

    private static Value Layer(Value x, Value map, int leading, int stage, Weights weights, Config config)
    {
        var (attention, normed) = (weights["attention.attention"], x.LayerNorm(weights["layernorm_before"], Convolutions.Epsilon));
        var places = (leading == 0 ? normed : normed.Slice(axis: 1, leading)).ToMap(map.Dim(2), map.Dim(3));
        Value Heads(string name, int stride, int padding)
        {
            var convolution = attention[$"convolution_projection_{name}.convolution_projection"];
            var tokens = places.Convolve(convolution["convolution"], stride, padding).BatchNorm(convolution["normalization"]).ToTokens();
            if (leading > 0)
                tokens = ((Value[])[normed.Slice(axis: 1, 0, leading), tokens]).Concat(axis: 1);
            return tokens.Linear(attention[$"projection_{name}"]).SplitHeads(config.Heads[stage]);
        }
        // Scores are scaled by the size of the whole, not of a head.
        var context = Heads("query", config.QueryStrides[stage], config.QueryPaddings[stage]).Attend(
            Heads("key", config.KeyStrides[stage], config.KeyPaddings[stage]), Heads("value", config.KeyStrides[stage], config.KeyPaddings[stage]),
            mask: null, scale: 1 / MathF.Sqrt(map.Dim(1).Size!.Value)); // kernels have known extents
        x = context.Linear(weights["attention.output.dense"]) + x;
        return x.LayerNorm(weights["layernorm_after"], Convolutions.Epsilon).Perceptron(weights["intermediate.dense"], weights["output.dense"], "gelu") + x;
    }
}
