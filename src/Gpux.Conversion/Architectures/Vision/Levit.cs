using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>LeViT: convolutions, then attention that knows how far places are apart, with batch instead of layer normalisation.</summary>
/// <remarks>Source: arXiv:2104.01136; outputs of transformers 5.23, modeling_levit.py. Takes images of the configured size.
/// B = batch, N = places, C = channels, D = size of a key.</remarks>
internal static class Levit
{
    // Between stages: how much wider values are than keys.
    private const int SubsampledRatio = 4;
    private const int SubsampledStride = 2;

    public static Architecture Architecture { get; } = new("levit", "facebook/levit-128S",
    [
        new("LevitModel", ModelTask.ImageFeatureExtraction, Model),
        new("LevitForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("LevitForImageClassificationWithTeacher", ModelTask.ImageClassification, ImageClassificationWithTeacher),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 4, 4, 4);
        public IReadOnlyList<int> Widths { get; } = PerStage(Json, "hidden_sizes", [128, 256, 384], 1);
        public IReadOnlyList<int> Heads { get; } = PerStage(Json, "num_attention_heads", [4, 8, 12], 1);
        public IReadOnlyList<int> KeySizes { get; } = PerStage(Json, "key_dim", [16, 16, 16], 1);
        public IReadOnlyList<int> Ratios { get; } = PerStage(Json, "attention_ratio", [2, 2, 2], 1);
        public IReadOnlyList<int> MlpRatios { get; } = PerStage(Json, "mlp_ratio", [2, 2, 2], 0);

        private static IReadOnlyList<int> PerStage(ModelConfig json, string name, int[] absent, int minimum) =>
            json.PerStage(name, json.Depths("depths", 4, 4, 4).Count, absent, minimum);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "classifier_distill");
        var hidden = Encode(graph, json, weights.Body("levit"));
        return hidden.AsStates(hidden.Mean(axis: 1));
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier_distill");
        return Classify(Encode(graph, json, weights.Body("levit")).Mean(axis: 1), weights["classifier"]).AsLogits();
    }

    private static Outputs ImageClassificationWithTeacher(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var pooled = Encode(graph, json, weights.Body("levit")).Mean(axis: 1);
        return Classify(pooled, weights["classifier"]).AsLogitsWithTeacher(Classify(pooled, weights["classifier_distill"]));
    }

    private static Value Classify(Value pooled, Weights head) => pooled.BatchNorm(head["batch_norm"]).Linear(head["linear"]);

    // float [B, N, C].
    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        var (stride, padding) = (json.Int("stride", 2, minimum: 1), json.Int("padding", 1));
        var map = graph.Pixels(json.Channels(), json.Size("image_size", 224));
        for (var i = 1; i <= 4; i++)
        {
            var layer = body[$"patch_embeddings.embedding_layer_{i}"];
            map = map.Convolve(layer["convolution"], stride, padding).BatchNorm(layer["batch_norm"]);
            map = i < 4 ? map.HardSwish() : map;
        }
        var side = json.Size("image_size", 224).Height / json.Int("patch_size", 16, minimum: 1);
        var x = map.ToTokens();
        for (var i = 0; i < config.Depths.Count; i++)
        {
            var (stage, part) = (body[$"encoder.stages.{i}"], 0);
            Weights Next() => stage[$"layers.{part++}"];
            for (var layer = 0; layer < config.Depths[i]; layer++)
            {
                x += Attend(x, side, Next()["module"], config, i);
                if (config.MlpRatios[i] > 0)
                    x += Perceptron(x, Next()["module"]);
            }
            if (i == config.Depths.Count - 1)
                break;
            x = Subsample(x, side, Next(), config, i);
            side = (side - 1) / SubsampledStride + 1;
            x += Perceptron(x, Next()["module"]);
        }
        return x;
    }

    private static Value Attend(Value x, int side, Weights weights, Config config, int stage)
    {
        var (heads, size, values) = (config.Heads[stage], config.KeySizes[stage], (long)config.Ratios[stage] * config.KeySizes[stage]);
        var all = Project(x, weights["queries_keys_values"]);
        var parts = all.Reshape(Dim.Same, Dim.Same, heads, all.Dim(2).Size!.Value / heads).Transpose(0, 2, 1, 3).Split(axis: 3, size, size, values); // projections have known widths
        var bias = Distances(weights, side, side, stride: 1);
        return Project(parts[0].Attend(parts[1], parts[2], bias).HardSwish(), weights["projection"]);
    }

    // Attention of every other place in rows and columns to all: [B, N, C] to [B, a quarter of N, C of the next stage].
    private static Value Subsample(Value x, int side, Weights weights, Config config, int stage)
    {
        var size = config.KeySizes[0];
        var heads = config.Widths[stage] / size;
        var few = x.Reshape(x.Dim(0), side, side, x.Dim(2)).Slice(axis: 1, 0, step: SubsampledStride).Slice(axis: 2, 0, step: SubsampledStride)
            .Reshape(x.Dim(0), Dim.Rest, x.Dim(2));
        if (heads == 0)
            throw config.Json.Invalid("key_dim", "less than hidden_sizes was expected");
        var both = Project(x, weights["keys_values"]);
        var parts = both.Reshape(Dim.Same, Dim.Same, heads, both.Dim(2).Size!.Value / heads).Transpose(0, 2, 1, 3).Split(axis: 3, size, (long)SubsampledRatio * size); // projections have known widths
        var bias = Distances(weights, (side - 1) / SubsampledStride + 1, side, SubsampledStride);
        return Project(Project(few, weights["queries"]).SplitHeads(heads).Attend(parts[0], parts[1], bias).HardSwish(), weights["projection"]);
    }

    private static Value Perceptron(Value x, Weights weights) => Project(Project(x, weights["linear_up"]).HardSwish(), weights["linear_down"]);

    // A projection and the batch normalisation of its channels: [B, N, C].
    private static Value Project(Value x, Weights weights)
    {
        var all = x.Linear(weights["linear"]);
        return all.Reshape(Dim.Rest, all.Dim(2)).BatchNorm(weights["batch_norm"]).Reshape(all.Dim(0), all.Dim(1), all.Dim(2));
    }

    // What is added to scores for the distance in rows and columns, without its direction: float [1, heads, queries, keys].
    // Distances are numbered in the order in which they first appear.
    private static Value Distances(Weights weights, int querySide, int keySide, int stride)
    {
        weights.Ignore("attention_bias_idxs");
        var numbers = new Dictionary<(int, int), long>();
        var (queries, keys) = (querySide * querySide, keySide * keySide);
        var index = new long[queries * keys];
        for (var i = 0; i < index.Length; i++)
        {
            var (query, key) = (i / keys, i % keys);
            var distance = (Math.Abs(query / querySide * stride - key / keySide), Math.Abs(query % querySide * stride - key % keySide));
            if (!numbers.TryGetValue(distance, out index[i]))
                numbers.Add(distance, index[i] = numbers.Count);
        }
        var biases = weights.Get("attention_biases");
        return biases.Gather(biases.Graph.Constant(index), axis: 1).Reshape(1, biases.Dim(0), queries, keys);
    }
}
