using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>DPT: states of several layers of a Vision Transformer become maps, from which depth or classes of places are told.</summary>
/// <remarks>Source: arXiv:2103.13413; outputs of transformers 5.23, modeling_dpt.py. B = images, N = patches, H = hidden size.
/// Positions are interpolated to the image's size.</remarks>
internal static class Dpt
{
    public static Architecture Architecture { get; } = new("dpt", "Intel/dpt-large",
    [
        new("DPTForDepthEstimation", ModelTask.DepthEstimation, DepthEstimation),
        new("DPTForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
        new("DPTModel", ModelTask.ImageFeatureExtraction, Model),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public IReadOnlyList<int> OutIndices { get; } = Json.Ints("backbone_out_indices", 2, 5, 8, 11);
        public IReadOnlyList<float> Factors { get; } = Json.Floats("reassemble_factors", 4, 2, 1, 0.5f);
        public string Readout { get; } = Json.Text("readout_type", "project");
        public int HeadIndex { get; } = Json.Int("head_in_index", -1, minimum: int.MinValue);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("neck", "head", "auxiliary_head");
        var (config, body) = (new Config(json), weights.Body("dpt"));
        var states = Encode(graph, config, body);
        return states[^1].LayerNorm(body["layernorm"], config.Epsilon).AsStates(body, new Vision.ViT.Config(json));
    }

    private static Outputs DepthEstimation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("auxiliary_head");
        var (x, head) = (Fused(graph, json, weights), weights["head"]);
        if (json.Bool("add_projection", false))
            x = x.Convolve(head["projection"]).Relu();
        x = x.Convolve(head["head.0"]).Double().Convolve(head["head.2"]).Relu().Convolve(head["head.4"]).Relu();
        return new Outputs { { "predicted_depth", x.Squeeze(1) } };
    }

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("auxiliary_head"); // it acts in training only
        var head = weights["head.head"];
        return Fused(graph, json, weights).Convolve(head["0"]).BatchNorm(head["1"]).Relu().Convolve(head["4"]).Double().AsLogits();
    }

    // The map that the head reads: [B, D, rows, columns].
    private static Value Fused(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json);
        var (states, patch) = Tokens(graph, config, weights);
        var neck = weights["neck"];
        if (states.Count != config.Factors.Count)
            throw json.Invalid("reassemble_factors", $"one for each of {states.Count} stages was expected");
        var maps = new List<Value>();
        for (var i = 0; i < states.Count; i++)
        {
            // A hierarchical backbone gives maps, which need no more than a projection.
            var map = states[i].Rank == 4 ? states[i]
                : Readout(states[i], neck["reassemble_stage"], i, config).ToMapOfPatches(patch).Reassemble(neck[$"reassemble_stage.layers.{i}"], config.Factors[i]);
            maps.Add(map.Convolve(neck[$"convs.{i}"]));
        }
        var fused = new List<Value>();
        for (var i = 0; i < maps.Count; i++)
        {
            var (finer, layer) = (maps[^(i + 1)], neck[$"fusion_stage.layers.{i}"]);
            fused.Add(i == 0 ? finer.Fuse(finer: null, size: null, layer) : fused[^1].Fuse(finer, size: null, layer));
        }
        return config.HeadIndex >= -fused.Count && config.HeadIndex < fused.Count ? fused[(config.HeadIndex + fused.Count) % fused.Count]
            : throw json.Invalid("head_in_index", $"a number below {fused.Count} was expected");
    }

    // The states that become maps, [B, 1 + N, H] each, and the size of the patches that they are of.
    private static (IReadOnlyList<Value> States, (int Height, int Width) Patch) Tokens(GraphBuilder graph, Config config, Weights weights)
    {
        var json = config.Json;
        var isHybrid = json.Bool("is_hybrid", false);
        if (json.Has("backbone_config") && !isHybrid)
            return (Backbone.Maps(graph, json, weights["backbone"]), json.Section("backbone_config").Size("patch_size", 16));
        weights["dpt"].Ignore("layernorm", "pooler");
        var chosen = new List<Value>();
        var states = isHybrid ? EncodeHybrid(graph, config, weights["dpt"], chosen) : Encode(graph, config, weights["dpt"]);
        for (var i = 0; i < config.Layers; i++)
            if (config.OutIndices.Skip(isHybrid ? 2 : 0).Contains(i))
                chosen.Add(states[i + 1]);
        return (chosen, json.Size("patch_size", 16));
    }

    // What goes into the layers and what comes out of each.
    private static List<Value> Encode(GraphBuilder graph, Config config, Weights body) =>
        Encode(graph.Pixels(config.Json.Channels()).Project(body["embeddings.patch_embeddings.projection"]), config, body);

    // The same over the last map of a convolutional backbone, whose first two are kept.
    private static List<Value> EncodeHybrid(GraphBuilder graph, Config config, Weights body, List<Value> kept)
    {
        if (config.Readout != "project")
            throw config.Json.Invalid("readout_type", "project was expected of a hybrid");
        var maps = Backbone.Maps(graph, config.Json, body["embeddings.backbone"]);
        if (maps.Count != 3)
            throw config.Json.Invalid("backbone_config", "maps of three stages were expected");
        kept.AddRange([maps[0], maps[1]]);
        return Encode(maps[2].Convolve(body["embeddings.projection"]), config, body);
    }

    private static List<Value> Encode(Value map, Config config, Weights body)
    {
        var embeddings = body["embeddings"];
        var states = new List<Value> { map.ToTokens().Prepend(embeddings.Get("cls_token")) + Positions(embeddings, map) };
        for (var i = 0; i < config.Layers; i++)
            states.Add(states[^1].ViTLayer(body[$"encoder.layer.{i}"], config.Heads, config.Activation, config.Epsilon));
        return states;
    }

    // Those of patches interpolated, here bilinearly, from a square to the image's rows and columns.
    private static Value Positions(Weights embeddings, Value map)
    {
        var table = embeddings.Get("position_embeddings");
        var side = (long)Math.Sqrt(table.Dim(1).Size!.Value - 1); // weights have known extents
        var patches = table.Slice(axis: 1, 1).ToMap(side, side).ResizeBilinear(map.SizeOf(), map.Dim(2), map.Dim(3));
        return ((Value[])[table.Slice(axis: 1, 0, 1), patches.ToTokens()]).Concat(axis: 1);
    }

    // Patches that know what the class token says: [B, N, H].
    private static Value Readout(Value states, Weights weights, int stage, Config config)
    {
        var (first, patches) = (states.Slice(axis: 1, 0, 1), states.Slice(axis: 1, 1));
        return config.Readout switch
        {
            "project" => ((Value[])[patches, first.Expand(patches.Dim(0), patches.Dim(1), patches.Dim(2))]).Concat(axis: 2)
                .Linear(weights[$"readout_projects.{stage}.0"]).Apply(config.Activation),
            "add" => patches + first,
            "ignore" => patches,
            _ => throw config.Json.Invalid("readout_type", "ignore, add or project was expected"),
        };
    }
}
