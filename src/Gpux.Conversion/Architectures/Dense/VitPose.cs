using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>ViTPose: a Vision Transformer whose patches become one map of likelihood for each joint of a body.</summary>
/// <remarks>Sources: arXiv:2204.12484, arXiv:2212.04246 (experts for several data sets); outputs of transformers 5.23,
/// modeling_vitpose.py and modeling_vitpose_backbone.py. B = images, N = patches, H = hidden size.</remarks>
internal static class VitPose
{
    // The patches overlap the border by so many pixels.
    private const int Margin = 2;

    public static Architecture Architecture { get; } = new("vitpose", "usyd-community/vitpose-base-simple",
        [new("VitPoseForPoseEstimation", ModelTask.KeypointDetection, PoseEstimation)]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public (int Height, int Width) ImageSize { get; } = Json.Has("image_size") ? Json.Size("image_size", 256) : (256, 192);
        public int Experts { get; } = Json.LayerCount("num_experts", 1);
    }

    private static Outputs PoseEstimation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var map = Encode(graph, json.Section("backbone_config"), weights["backbone"]);
        var head = weights["head"];
        if (json.Bool("use_simple_decoder", true))
            return new Outputs { { "heatmaps", map.Relu().Enlarge(json.Int("scale_factor", 4, minimum: 1), alignCorners: false).Convolve(head["conv"]) } };
        map = Deconvolve(map, head, 1);
        map = Deconvolve(map, head, 2);
        return new Outputs { { "heatmaps", map.Convolve(head["conv"]) } };
    }

    private static Value Deconvolve(Value map, Weights head, int number) =>
        map.Deconv2D(head[$"deconv{number}"].Kernel(), bias: null, stride: 2, padding: 1).BatchNorm(head[$"batchnorm{number}"]).Relu();

    // [B, H, rows, columns]
    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var (config, embeddings) = (new Config(json), body["embeddings"]);
        var projection = embeddings["patch_embeddings.projection"];
        var map = graph.Pixels(json.Channels(), config.ImageSize).Conv2D(projection.Kernel(), projection.Find("bias"), json.Size("patch_size", 16), (Margin, Margin));
        var positions = embeddings.Get("position_embeddings");
        var dataset = config.Experts > 1 ? graph.Input("dataset_index", ElementType.Int64, "batch_size").Reshape(map.Dim(0), 1, 1) : null;
        var states = new List<Value> { map.ToTokens() + positions.Slice(axis: 1, 1) + positions.Slice(axis: 1, 0, 1) };
        for (var i = 0; i < config.Layers; i++)
            states.Add(Layer(states[^1], dataset, body[$"encoder.layer.{i}"], config));
        var chosen = json.FeatureMaps(states.Count, (i, _) => states[i].LayerNorm(body["layernorm"], config.Epsilon));
        return chosen[^1].Value.ToMap(map.Dim(2), map.Dim(3));
    }

    private static Value Layer(Value x, Value? dataset, Weights weights, Config config)
    {
        var normed = x.LayerNorm(weights["layernorm_before"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights["attention.attention"][name]).SplitHeads(config.Heads);
        x += Heads("query").Attend(Heads("key"), Heads("value"), mask: null).Linear(weights["attention.output.dense"]);
        var (inner, mlp) = (x.LayerNorm(weights["layernorm_after"], config.Epsilon), weights["mlp"]);
        inner = inner.Linear(mlp["fc1"]).Apply(config.Activation);
        var common = inner.Linear(mlp["fc2"]);
        return x + (dataset is null ? common : ((Value[])[common, Expert(inner, dataset, mlp["experts"], config.Experts)]).Concat(axis: 2));
    }

    // The last channels are those of the expert for the image's data set.
    private static Value Expert(Value inner, Value dataset, Weights weights, int count)
    {
        var experts = weights.Has("experts") ? weights["experts"] : weights;
        Value? sum = null;
        for (var i = 0; i < count; i++)
        {
            var part = inner.Linear(experts[$"{i}"]) * dataset.EqualTo(i).Cast(ElementType.Float32);
            sum = sum is null ? part : sum + part;
        }
        return sum!; // there are several experts
    }
}
