using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>DINOv2: a Vision Transformer with scaled layers that learned without labels, with or without registers, which are learned
/// tokens of no patch.</summary>
/// <remarks>Sources: arXiv:2304.07193, arXiv:2309.16588; outputs of transformers 5.23, modeling_dinov2.py and
/// modeling_dinov2_with_registers.py. Positions are interpolated to the size of the image. B = batch, N = patches, H = hidden size.</remarks>
internal static class Dinov2
{
    public static Architecture Architecture { get; } = new("dinov2", "facebook/dinov2-base",
    [
        new("Dinov2Model", ModelTask.ImageFeatureExtraction, Model),
        new("Dinov2ForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("Dinov2Backbone", ModelTask.Backbone, Backbone),
    ]);

    public static Architecture WithRegisters { get; } = new("dinov2_with_registers", "facebook/dinov2-with-registers-base",
    [
        new("Dinov2WithRegistersModel", ModelTask.ImageFeatureExtraction, Model),
        new("Dinov2WithRegistersForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("Dinov2WithRegistersBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-6f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public bool SwiGlu { get; } = Json.Bool("use_swiglu_ffn", false);
        public int Registers { get; } = Json.ModelType == "dinov2_with_registers" ? Json.Int("num_register_tokens", 4) : 0;
        public (int Rows, int Columns) Grid => (ImageSize.Height / PatchSize.Height, ImageSize.Width / PatchSize.Width);
    }

    // What the layers make of an image, one after another; the first are the embeddings. Each float [B, 1 + registers + N, H].
    private sealed record Encoded(Config Config, Weights Body, Value Map, IReadOnlyList<Value> States)
    {
        public Value Hidden => Normalize(States[^1]);
        public Value Normalize(Value state) => state.LayerNorm(Body["layernorm"], Config.Epsilon);
        public Value Patches(Value state) => state.Slice(axis: 1, 1 + Config.Registers);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var hidden = Encode(graph, json, weights).Hidden;
        return hidden.AsStates(hidden.FirstToken());
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var encoded = Encode(graph, json, weights);
        var hidden = encoded.Hidden;
        return ((Value[])[hidden.FirstToken(), encoded.Patches(hidden).Mean(axis: 1)]).Concat(axis: 1).Linear(weights["classifier"]).AsLogits();
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var encoded = Encode(graph, json, weights);
        encoded.Body.Ignore("layernorm");
        var (normalized, asMaps) = (json.Bool("apply_layernorm", true), json.Bool("reshape_hidden_states", true));
        return json.FeatureMaps(encoded.States.Count, (i, _) =>
        {
            var state = normalized ? encoded.Normalize(encoded.States[i]) : encoded.States[i];
            return asMaps ? encoded.Patches(state).ToMap(encoded.Map.Dim(2), encoded.Map.Dim(3)) : state;
        });
    }

    private static Encoded Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights.Body("dinov2", "dinov2_with_registers"));
        var embeddings = body["embeddings"];
        var map = graph.Pixels(json.Channels()).Project(embeddings["patch_embeddings.projection"]);
        var positions = embeddings.Get("position_embeddings");
        var x = map.ToTokens().Mask(null, embeddings).Prepend(embeddings.Get("cls_token")) + (json.ModelType == "dinov2_with_registers"
            ? positions.FitPositions(leading: 1, config.Grid, patches => patches.ResizeBicubicAntialiased(map.SizeOf(), map.Dim(2), map.Dim(3)))
            : positions.FitPositions(leading: 1, config.Grid, map));
        if (config.Registers > 0)
        {
            var registers = embeddings.Get("register_tokens");
            x = ((Value[])[x.Slice(axis: 1, 0, 1), registers.Expand(x.Dim(0), registers.Dim(1), x.Dim(2)), x.Slice(axis: 1, 1)]).Concat(axis: 1);
        }
        var states = new List<Value> { x };
        for (var i = 0; i < config.Layers; i++)
            states.Add(x = Layer(x, body[body.Has("layers") ? $"layers.{i}" : $"encoder.layer.{i}"], config));
        return new Encoded(config, body, map, states);
    }

    private static Value Layer(Value x, Weights weights, Config config)
    {
        var (query, key, value, output) = weights.Has("attention.q_proj")
            ? ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj")
            : ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense");
        var normed = x.LayerNorm(weights["norm1"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights[name]).SplitHeads(config.Heads);
        x = Heads(query).Attend(Heads(key), Heads(value), mask: null).Linear(weights[output]) * weights.Get("layer_scale1.lambda1") + x;
        var (inner, mlp) = (x.LayerNorm(weights["norm2"], config.Epsilon), weights["mlp"]);
        inner = config.SwiGlu ? SwiGlu(inner, mlp) : inner.Perceptron(mlp["fc1"], mlp["fc2"], config.Activation);
        return inner * weights.Get("layer_scale2.lambda1") + x;
    }

    // Both halves of one projection, the first as the gate of the second (arXiv:2002.05202).
    private static Value SwiGlu(Value x, Weights weights)
    {
        var both = x.Linear(weights["weights_in"]);
        var width = both.Dim(2).Size!.Value / 2; // projections have known widths
        var halves = both.Split(axis: 2, width, width);
        return (halves[0].Silu() * halves[1]).Linear(weights["weights_out"]);
    }
}
