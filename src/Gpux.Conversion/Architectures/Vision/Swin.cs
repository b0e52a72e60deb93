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
    internal sealed record Config(ModelConfig Json, IReadOnlyList<int> Depths)
    {
        public Config(ModelConfig json)
            : this(json, json.Depths("depths", 2, 2, 6, 2))
        {
        }

        public bool IsV2 { get; init; } = Json.ModelType == "swinv2";
        public int WindowSize { get; init; } = Json.Int("window_size", 7, minimum: 1) is <= WindowAttention.LargestSize and var size ? size
            : throw Json.Invalid("window_size", $"at most {WindowAttention.LargestSize} was expected");
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 4);
        public IReadOnlyList<int> Heads { get; init; } = Json.PerStage("num_heads", Depths.Count, [3, 6, 12, 24], minimum: 1);
        // 0 stands for the window itself.
        public IReadOnlyList<int> PretrainedWindowSizes { get; init; } = Json.ModelType != "swinv2" ? []
            : Json.PerStage("pretrained_window_sizes", Depths.Count, new int[16]) is var sizes && !sizes.Contains(1) ? sizes
            : throw Json.Invalid("pretrained_window_sizes", "0 or sizes of at least 2 were expected");
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
        var patches = graph.Pixels(config.Json.Channels()).PadToMultiple(config.PatchSize, rowAxis: 2).Project(embeddings["patch_embeddings.projection"]);
        var tokens = patches.ToTokens().LayerNorm(embeddings["norm"], Convolutions.Epsilon).Mask(masked, embeddings);
        if (config.Json.Bool("use_absolute_embeddings", false))
            tokens += Positions(embeddings.Get("position_embeddings"), patches, config);
        var x = tokens.Reshape(patches.Dim(0), patches.Dim(2), patches.Dim(3), patches.Dim(1));
        var maps = new List<Value> { x };
        for (var i = 0; i < config.Depths.Count; i++)
        {
            if (i > 0)
                x = Merge(x, body[$"encoder.layers.{i - 1}.downsample"], config);
            // The second version's windows are no larger than the map of an image of the configured size; smaller ones are never shifted.
            var resolution = config.ImageSize.Height / config.PatchSize.Height >> i;
            var size = config.IsV2 ? Math.Max(1, Math.Min(resolution, config.WindowSize)) : config.WindowSize;
            Value? shift = size < Math.Max(2, config.WindowSize) ? null : graph.Constant([config.WindowSize / 2L]);
            if (shift is not null && !(alwaysShifted && !config.IsV2))
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

    // One for each patch, as version 5 of the library has them: before, there was one more, which no image had a place for.
    private static Value Positions(Value table, Value patches, Config config)
    {
        var grid = (config.ImageSize.Height / config.PatchSize.Height, config.ImageSize.Width / config.PatchSize.Width);
        return table.Rank == 3 && table.Dim(1).Size == (long)grid.Item1 * grid.Item2 ? table.FitPositions(leading: 0, grid, patches)
            : throw new UnsupportedModelException($"The learned positions of this model (use_absolute_embeddings), {table}, are not of its {grid.Item1} by {grid.Item2} patches; the original cannot run it either.",
                "Save the model again with transformers 5, or take one of the family without them.");
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

    // The modules of a layer. A state dict that transformers 5 saved as it is has the names of that version's.
    private sealed record Modules(Weights Query, Weights Key, Weights Value, Weights Output, Weights Up, Weights Down, Weights Positions)
    {
        public static Modules Of(Weights layer) => layer.Has("attention.q_proj")
            ? new(layer["attention.q_proj"], layer["attention.k_proj"], layer["attention.v_proj"], layer["attention.o_proj"], layer["mlp.fc1"], layer["mlp.fc2"],
                layer.Has("attention.relative_position_bias") ? layer["attention.relative_position_bias"] : layer["attention"])
            : new(layer["attention.self.query"], layer["attention.self.key"], layer["attention.self.value"], layer["attention.output.dense"],
                layer["intermediate.dense"], layer["output.dense"], layer["attention.self"]);
    }

    private static Value Layer(Value x, Func<Value, WindowAttention> windows, int size, int stage, Weights weights, Config config)
    {
        var modules = Modules.Of(weights);
        modules.Positions.Ignore("relative_position_index");
        var window = windows(x.LayerNorm(weights["layernorm_before"], config.Epsilon));
        var bias = WindowAttention.BiasOf(modules.Positions.Get("relative_position_bias_table"), size);
        x += window.Attend(window.Places.Linear(modules.Query), window.Places.Linear(modules.Key), window.Places.Linear(modules.Value), bias, config.Heads[stage])
            .Linear(modules.Output);
        return x + x.LayerNorm(weights["layernorm_after"], config.Epsilon).Perceptron(modules.Up, modules.Down, config.Activation);
    }

    internal static Value LayerV2(Value x, Func<Value, WindowAttention> windows, int size, int stage, Weights weights, Config config)
    {
        var (modules, heads) = (Modules.Of(weights), config.Heads[stage]);
        modules.Positions.Ignore("relative_position_index", "relative_coords_table");
        var window = windows(x);
        Value Directions(Weights module) // of length 1 in each head: [B, rows, columns, heads, D]
        {
            var all = window.Places.Linear(module);
            var split = all.Reshape(all.Dim(0), all.Dim(1), all.Dim(2), heads, all.Dim(3).Size!.Value / heads); // projections have known widths
            return split / split.Norm(axis: 4, keep: true).Maximum(all.Graph.Scalar(1e-12, ElementType.Float32));
        }
        Value Join(Value split) => split.Reshape(split.Dim(0), split.Dim(1), split.Dim(2), split.Dim(3) * split.Dim(4));
        var factors = modules.Positions.Get("logit_scale").Clip(null, LargestLogitScale).Exp().Reshape(heads, 1);
        var context = window.Attend(Join(Directions(modules.Query) * factors), Join(Directions(modules.Key)), window.Places.Linear(modules.Value),
            BiasV2(modules.Positions["continuous_position_bias_mlp"], size, config.PretrainedWindowSizes[stage]), heads, scale: 1);
        x += context.Linear(modules.Output).LayerNorm(weights["layernorm_before"], config.Epsilon);
        return x + x.Perceptron(modules.Up, modules.Down, config.Activation).LayerNorm(weights["layernorm_after"], config.Epsilon);
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
