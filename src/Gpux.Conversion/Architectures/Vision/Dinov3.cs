using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>DINOv3: a Vision Transformer whose queries and keys turn with the place of their patch.</summary>
/// <remarks>Source: arXiv:2508.10104; outputs of transformers 5.23, modeling_dinov3_vit.py. Takes images of any size.
/// B = batch, N = patches, H = hidden size, D = size of a head.</remarks>
internal static class Dinov3
{
    public static Architecture Architecture { get; } = new("dinov3_vit", "facebook/dinov3-vits16-pretrain-lvd1689m",
    [
        new("DINOv3ViTModel", ModelTask.ImageFeatureExtraction, Model),
        new("DINOv3ViTBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 6, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public float Theta { get; } = Json.RotaryTheta(100);
        public bool GatedMlp { get; } = Json.Bool("use_gated_mlp", false);
        public int Registers { get; } = Json.Int("num_register_tokens", 0);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights.Body("dinov3_vit"));
        var (states, _) = Encode(graph, config, body);
        var hidden = states[^1].LayerNorm(body["norm"], config.Epsilon);
        return hidden.AsStates(hidden.FirstToken());
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights.Body("dinov3_vit"));
        var (states, map) = Encode(graph, config, body);
        body.Ignore("norm");
        var (normalized, asMaps) = (json.Bool("apply_layernorm", true), json.Bool("reshape_hidden_states", true));
        return json.FeatureMaps(states.Count, (i, _) =>
        {
            var state = normalized ? states[i].LayerNorm(body["norm"], config.Epsilon) : states[i];
            return asMaps ? state.Slice(axis: 1, 1 + config.Registers).ToMap(map.Dim(2), map.Dim(3)) : state;
        });
    }

    // What the layers make of an image, one after another, each float [B, 1 + registers + N, H]; and the map of its patches.
    private static (IReadOnlyList<Value> States, Value Map) Encode(GraphBuilder graph, Config config, Weights body)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Json.Channels()).Project(embeddings["patch_embeddings"]);
        var x = map.ToTokens().Mask(null, embeddings);
        x = config.Registers > 0 ? x.Prepend(embeddings.Get("cls_token"), embeddings.Get("register_tokens")) : x.Prepend(embeddings.Get("cls_token"));
        embeddings.Ignore("register_tokens");
        var width = map.Dim(1).Size!.Value; // kernels have known extents
        if (width / config.Heads % 4 != 0 || width % config.Heads != 0)
            throw config.Json.Invalid("num_attention_heads", $"heads whose size is a multiple of four were expected of a width of {width}");
        var rotations = Rotations(map, (int)(width / config.Heads), config);
        var states = new List<Value> { x };
        for (var i = 0; i < config.Layers; i++)
            states.Add(x = Layer(x, rotations, body[body.Has("model.layer") ? $"model.layer.{i}" : $"layer.{i}"], config));
        return (states, map);
    }

    // The middles of patches lie between -1 and 1 along both sides; one half of the angles follows the row, the other the column.
    private static (Value Cosines, Value Sines) Rotations(Value map, int size, Config config)
    {
        var graph = map.Graph;
        var frequencies = new float[size / 4];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = 1 / MathF.Pow(config.Theta, i * (4f / size));
        Value Angles(int axis, params long[] others) // [rows or 1, columns or 1, D / 4]
        {
            var extent = graph.Extent(map.Dim(axis));
            var middles = (extent.Range(map.Dim(axis)).Cast(ElementType.Float32) + 0.5f) / extent.Cast(ElementType.Float32) * 2f - 1f;
            var angles = (middles * (2 * MathF.PI)).Unsqueeze(others) * graph.Constant(frequencies, 1, 1, frequencies.Length);
            return angles.Expand(map.Dim(2), map.Dim(3), frequencies.Length);
        }
        var all = ((Value[])[Angles(2, 1, 2), Angles(3, 0, 2)]).Concat(axis: 2).Reshape(Dim.Rest, size / 2); // [N, D / 2]
        return (all.Cos(), all.Sin());
    }

    private static Value Layer(Value x, (Value, Value) rotations, Weights weights, Config config)
    {
        var normed = x.LayerNorm(weights["norm1"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights["attention"][name]).SplitHeads(config.Heads);
        Value Turned(string name) // patches alone turn
        {
            var heads = Heads(name);
            var leading = 1 + config.Registers;
            return ((Value[])[heads.Slice(axis: 2, 0, leading), heads.Slice(axis: 2, leading).Rotate(rotations)]).Concat(axis: 2, x.Dim(1));
        }
        x = Turned("q_proj").Attend(Turned("k_proj"), Heads("v_proj"), mask: null).Linear(weights["attention.o_proj"]) * weights.Get("layer_scale1.lambda1") + x;
        var (inner, mlp) = (x.LayerNorm(weights["norm2"], config.Epsilon), weights["mlp"]);
        inner = config.GatedMlp ? (inner.Linear(mlp["gate_proj"]).Apply(config.Activation) * inner.Linear(mlp["up_proj"])).Linear(mlp["down_proj"])
            : inner.Perceptron(mlp["up_proj"], mlp["down_proj"], config.Activation);
        return inner * weights.Get("layer_scale2.lambda1") + x;
    }
}
