using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>FocalNet: instead of attention, each place is multiplied by what it gathers from ever larger surroundings.</summary>
/// <remarks>Source: arXiv:2203.11926; outputs of transformers 5.23, modeling_focalnet.py. Maps here are [B, rows, columns, C].</remarks>
internal static class FocalNet
{
    public static Architecture Architecture { get; } = new("focalnet", "microsoft/focalnet-tiny",
    [
        new("FocalNetModel", ModelTask.ImageFeatureExtraction, Model),
        new("FocalNetForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("FocalNetForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
        new("FocalNetBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 2, 2, 6, 2);
        public IReadOnlyList<int> Levels { get; } = Json.PerStage("focal_levels", Json.Depths("depths", 2, 2, 6, 2).Count, [2, 2, 2, 2]);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 4);
        public bool ConvolvesPatches { get; } = Json.Bool("use_conv_embed", false);
        public bool LayerScale { get; } = Json.Bool("use_layerscale", false);
        public bool NormalizesLast { get; } = Json.Bool("use_post_layernorm", false);
        public bool NormalizesModulation { get; } = Json.Bool("use_post_layernorm_in_modulation", false);
        public bool NormalizesModulator { get; } = Json.Bool("normalize_modulator", false);
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
        weights.Ignore("classifier");
        var body = weights.Body("focalnet");
        body.Ignore("layernorm");
        var maps = Maps(graph, new Config(json), body, masked: null);
        return json.FeatureMaps(maps.Count, (i, _) => maps[i].ChannelsFirst());
    }

    // The last hidden state, float [B, places, C], and the map that it is of.
    private static Value Hidden(GraphBuilder graph, ModelConfig json, Weights weights, out Value map, Value? masked = null)
    {
        var (config, body) = (new Config(json), weights.Body("focalnet"));
        map = Maps(graph, config, body, masked)[^1];
        return map.Reshape(map.Dim(0), Dim.Rest, map.Dim(3)).LayerNorm(body["layernorm"], config.Epsilon);
    }

    // The patches and what each stage makes of them, at the resolution of the next.
    private static List<Value> Maps(GraphBuilder graph, Config config, Weights body, Value? masked)
    {
        var embeddings = body["embeddings"];
        var pixels = graph.Pixels(config.Json.Channels()).PadToMultiple(config.PatchSize, rowAxis: 2);
        var patches = config.ConvolvesPatches ? pixels.Convolve(embeddings["patch_embeddings.projection"], stride: 4, padding: 2)
            : pixels.Project(embeddings["patch_embeddings.projection"]);
        var x = patches.ToTokens().LayerNorm(embeddings["norm"], config.Epsilon).Mask(masked, embeddings)
            .Reshape(patches.Dim(0), patches.Dim(2), patches.Dim(3), patches.Dim(1));
        var maps = new List<Value> { x };
        for (var i = 0; i < config.Depths.Count; i++)
        {
            var stage = body[$"encoder.stages.{i}"];
            for (var layer = 0; layer < config.Depths[i]; layer++)
                x = Layer(x, stage[$"layers.{layer}"], config.Levels[i], config);
            if (i < config.Depths.Count - 1)
            {
                var (map, projection) = (x.ChannelsFirst().PadToMultiple(2, rowAxis: 2), stage["downsample.projection"]);
                x = (config.ConvolvesPatches ? map.Convolve(projection, stride: 2, padding: 1) : map.Project(projection)).ChannelsLast()
                    .LayerNorm(stage["downsample.norm"], config.Epsilon);
            }
            maps.Add(x);
        }
        return maps;
    }

    private static Value Layer(Value x, Weights weights, int levels, Config config)
    {
        Value Norm(Value map, string name) => map.LayerNorm(weights[name], config.Epsilon);
        Value Scaled(Value branch, string name) => config.LayerScale ? weights.Get(name) * branch : branch;
        Value Mlp(Value map) => map.Perceptron(weights["mlp.fc1"], weights["mlp.fc2"], config.Activation);
        var modulated = config.NormalizesLast ? Norm(Modulate(x, weights["modulation"], levels, config), "norm1")
            : Modulate(Norm(x, "norm1"), weights["modulation"], levels, config);
        x += Scaled(modulated, "gamma_1");
        return x + Scaled(config.NormalizesLast ? Norm(Mlp(x), "norm2") : Mlp(Norm(x, "norm2")), "gamma_2");
    }

    private static Value Modulate(Value x, Weights weights, int levels, Config config)
    {
        var width = x.Dim(3).Size!.Value; // kernels have known extents
        // The place itself, what it gathers from, and how much it takes from each level.
        var parts = x.Linear(weights["projection_in"]).ChannelsFirst().Split(axis: 1, width, width, levels + 1L);
        var (context, gates) = (parts[1], parts[2]);
        Value? gathered = null;
        for (var level = 0; level < levels; level++)
        {
            context = context.Convolve(weights[$"focal_layers.{level}.0"]).Gelu();
            var taken = context * gates.Slice(axis: 1, level, level + 1);
            gathered = gathered is null ? taken : gathered + taken;
        }
        var overall = context.GlobalAveragePool().Gelu() * gates.Slice(axis: 1, levels, levels + 1);
        gathered = gathered is null ? overall : gathered + overall;
        if (config.NormalizesModulator)
            gathered /= levels + 1f;
        var modulated = (parts[0] * gathered.Convolve(weights["projection_context"])).ChannelsLast();
        if (config.NormalizesModulation)
            modulated = modulated.LayerNorm(weights["layernorm"], config.Epsilon);
        return modulated.Linear(weights["projection_out"]);
    }
}
