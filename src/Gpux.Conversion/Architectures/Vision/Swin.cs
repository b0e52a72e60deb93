using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Swin: attention within windows of a map, which every other layer shifts, at falling resolution. The second version compares
/// directions, not products, of queries and keys, and computes what a distance adds to their score.</summary>
/// <remarks>Sources: arXiv:2103.14030, arXiv:2111.09883; outputs of transformers 5.23, modeling_swin.py and modeling_swinv2.py. Takes
/// images of any size. Maps here are [B, rows, columns, C].</remarks>
internal static class Swin
{
    public static Architecture Architecture { get; } = new("swin", "microsoft/swin-tiny-patch4-window7-224",
    [
        new("SwinModel", ModelTask.ImageFeatureExtraction, Model),
        new("SwinForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("SwinForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
        new("SwinBackbone", ModelTask.Backbone, Backbone),
    ]);

    public static Architecture V2 { get; } = new("swinv2", "microsoft/swinv2-tiny-patch4-window8-256",
    [
        new("Swinv2Model", ModelTask.ImageFeatureExtraction, Model),
        new("Swinv2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("Swinv2ForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
        new("Swinv2Backbone", ModelTask.Backbone, Backbone),
    ]);

    // The largest factor of cosines: ln 100.
    private const double LargestLogitScale = 4.605170185988092;

    // Defaults are those of the original class: files leave out what equals them.
    internal sealed record Config(ModelConfig Json)
    {
        public bool IsV2 { get; init; } = Json.ModelType == "swinv2";
        public IReadOnlyList<int> Depths { get; init; } = Json.Depths("depths", 2, 2, 6, 2);
        public int WindowSize { get; init; } = Json.Int("window_size", 7, minimum: 1) is <= 64 and var size ? size : throw Json.Invalid("window_size", "at most 64 was expected");
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 4);

        public IReadOnlyList<int> Heads { get; init; } = Json.PerStage("num_heads", Json.Depths("depths", 2, 2, 6, 2).Count, [3, 6, 12, 24], minimum: 1);
        public IReadOnlyList<int> PretrainedWindowSizes { get; init; } = Json.PerStage("pretrained_window_sizes", Json.ModelType == "swinv2" ? Json.Depths("depths", 2, 2, 6, 2).Count : 0, new int[16]);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "decoder");
        var hidden = Hidden(graph, json, weights, out _);
        return hidden.AsStates(hidden.Mean(axis: 1));
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Hidden(graph, json, weights, out _).Mean(axis: 1).Linear(weights["classifier"]).AsLogits();

    private static Outputs MaskedImageModeling(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var hidden = Hidden(graph, json, weights, out var map, graph.MaskedPatches());
        return hidden.ToMap(map.Dim(1), map.Dim(2)).AsReconstruction(weights["decoder.0"], json.Int("encoder_stride", 32, minimum: 1));
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        // Inside of other models the embeddings and layers may stand beside the module that only normalises.
        var (config, body) = (new Config(json), weights.Has("embeddings") ? weights : weights.Body("swin", "swinv2"));
        weights.Ignore("classifier", "layernorm", "swin.layernorm", "swinv2.layernorm");
        var maps = Stages(graph, config, body, masked: null, alwaysShifted: true);
        return json.FeatureMaps(maps.Count, (i, name) => (config.IsV2 ? maps[i]
            : maps[i].LayerNorm(weights["hidden_states_norms"][name], Convolutions.Epsilon)).ChannelsFirst());
    }

    /// <summary>The backbone as MaskFormer's checkpoints hold it, with numbered normalisations and always all stages.</summary>
    internal static Outputs MaskFormerBackbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var body = weights["model"];
        body.Ignore("layernorm");
        var maps = Stages(graph, new Config(json), body, masked: null, alwaysShifted: true);
        var outputs = new Outputs();
        for (var i = 1; i < maps.Count; i++)
            outputs.Add($"feature_maps.{i - 1}", maps[i].LayerNorm(weights[$"hidden_states_norms.{i - 1}"], Convolutions.Epsilon).ChannelsFirst());
        return outputs;
    }

    // The last hidden state, float [B, places, C], and the map that it is of.
    private static Value Hidden(GraphBuilder graph, ModelConfig json, Weights weights, out Value map, Value? masked = null)
    {
        var (config, body) = (new Config(json), weights.Body("swin", "swinv2"));
        map = Stages(graph, config, body, masked, alwaysShifted: false)[^1];
        return map.Reshape(map.Dim(0), Dim.Rest, map.Dim(3)).LayerNorm(body["layernorm"], config.Epsilon);
    }

    // The patches and what each stage makes of them, before it halves the resolution.
    private static List<Value> Stages(GraphBuilder graph, Config config, Weights body, Value? masked, bool alwaysShifted)
    {
        var embeddings = body["embeddings"];
        if (config.Json.Bool("use_absolute_embeddings", false))
            throw new UnsupportedModelException("This model adds learned positions to its patches (use_absolute_embeddings), which the original cannot run either.",
                "Take a model of the family without them.");
        var patches = graph.Pixels(config.Json.Channels()).PadToMultiple(config.PatchSize, rowAxis: 2).Project(embeddings["patch_embeddings.projection"]);
        var x = patches.ToTokens().LayerNorm(embeddings["norm"], Convolutions.Epsilon).Mask(masked, embeddings)
            .Reshape(patches.Dim(0), patches.Dim(2), patches.Dim(3), patches.Dim(1));
        var maps = new List<Value> { x };
        for (var i = 0; i < config.Depths.Count; i++)
        {
            if (i > 0)
                x = Merge(x, body[$"encoder.layers.{i - 1}.downsample"], config);
            // The second version fits windows to the configured size of images, the first to those at hand.
            var resolution = config.ImageSize.Height / config.PatchSize.Height >> i;
            var size = config.IsV2 ? Math.Max(1, Math.Min(resolution, config.WindowSize)) : config.WindowSize;
            Value? shift = size < 2 || config.IsV2 && resolution <= size ? null : graph.Constant([config.WindowSize / 2L]);
            if (shift is not null && !config.IsV2 && !alwaysShifted)
                shift *= (graph.Extent(x.Dim(1)).Minimum(graph.Extent(x.Dim(2))) > graph.Constant([(long)size])).Cast(ElementType.Int64);
            for (var layer = 0; layer < config.Depths[i]; layer++)
            {
                var windows = (Value map) => new WindowAttention(map, size, layer % 2 == 0 ? null : shift);
                var block = body[$"encoder.layers.{i}.blocks.{layer}"];
                x = config.IsV2 ? LayerV2(x, windows, size, i, block, config) : Layer(x, windows, size, i, block, config);
            }
            maps.Add(x);
        }
        return maps;
    }

    // Four neighbours become one place of twice the channels.
    private static Value Merge(Value x, Weights weights, Config config)
    {
        x = x.PadToMultiple(2, rowAxis: 1);
        Value Corner(int row, int column) => x.Slice(axis: 1, row, step: 2).Slice(axis: 2, column, step: 2);
        var joined = ((Value[])[Corner(0, 0), Corner(1, 0), Corner(0, 1), Corner(1, 1)]).Concat(axis: 3);
        return config.IsV2 ? joined.Linear(weights["reduction"]).LayerNorm(weights["norm"], Convolutions.Epsilon)
            : joined.LayerNorm(weights["norm"], Convolutions.Epsilon).Linear(weights["reduction"]);
    }

    private static Value Layer(Value x, Func<Value, WindowAttention> windows, int size, int stage, Weights weights, Config config)
    {
        var attention = weights["attention.self"];
        attention.Ignore("relative_position_index");
        var window = windows(x.LayerNorm(weights["layernorm_before"], config.Epsilon));
        Value Project(string name) => window.Places.Linear(attention[name]);
        var bias = WindowAttention.BiasOf(attention.Get("relative_position_bias_table"), size);
        x += window.Attend(Project("query"), Project("key"), Project("value"), bias, config.Heads[stage]).Linear(weights["attention.output.dense"]);
        return x + x.LayerNorm(weights["layernorm_after"], config.Epsilon).Perceptron(weights["intermediate.dense"], weights["output.dense"], config.Activation);
    }

    internal static Value LayerV2(Value x, Func<Value, WindowAttention> windows, int size, int stage, Weights weights, Config config)
    {
        var (attention, heads) = (weights["attention.self"], config.Heads[stage]);
        attention.Ignore("relative_position_index", "relative_coords_table");
        var window = windows(x);
        Value Directions(string name) // of length 1 in each head: [B, rows, columns, heads, D]
        {
            var all = window.Places.Linear(attention[name]);
            var split = all.Reshape(all.Dim(0), all.Dim(1), all.Dim(2), heads, all.Dim(3).Size!.Value / heads); // projections have known widths
            return split / split.Norm(axis: 4, keep: true).Maximum(all.Graph.Scalar(1e-12, ElementType.Float32));
        }
        Value Join(Value split) => split.Reshape(split.Dim(0), split.Dim(1), split.Dim(2), split.Dim(3) * split.Dim(4));
        var factors = attention.Get("logit_scale").Clip(null, LargestLogitScale).Exp().Reshape(heads, 1);
        var context = window.Attend(Join(Directions("query") * factors), Join(Directions("key")), window.Places.Linear(attention["value"]),
            BiasV2(attention["continuous_position_bias_mlp"], size, config.PretrainedWindowSizes[stage]), heads, scale: 1);
        x += context.Linear(weights["attention.output.dense"]).LayerNorm(weights["layernorm_before"], config.Epsilon);
        return x + x.Perceptron(weights["intermediate.dense"], weights["output.dense"], config.Activation).LayerNorm(weights["layernorm_after"], config.Epsilon);
    }

    // What each two places of a window add to scores, computed of the logarithms of their distances: float [heads, S, S].
    private static Value BiasV2(Weights weights, int size, int pretrainedSize)
    {
        var count = 2 * size - 1;
        var reach = pretrainedSize > 0 ? pretrainedSize - 1f : Math.Max(1f, size - 1f);
        var coordinates = new float[count * count * 2];
        for (var i = 0; i < coordinates.Length; i++)
        {
            var steps = ((i & 1) == 0 ? i / 2 / count : i / 2 % count) - (size - 1);
            coordinates[i] = MathF.Sign(steps) * MathF.Log2(MathF.Abs(steps / reach * 8) + 1) / 3;
        }
        var hidden = weights.Get("0.weight").Graph.Constant(coordinates, count * count, 2).Perceptron(weights["0"], weights["2"], "relu");
        return WindowAttention.BiasOf(hidden, size).Sigmoid() * 16f;
    }
}
