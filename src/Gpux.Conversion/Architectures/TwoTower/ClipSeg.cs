using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>CLIPSeg: CLIP with a decoder that marks what a text says in an image.</summary>
/// <remarks>Source: arXiv:2112.10003; outputs of transformers 5.23, modeling_clipseg.py. B = pairs of an image and a text, N = patches.</remarks>
internal static class ClipSeg
{
    private static readonly ImageTextPair Towers = new("CLIPSeg", Clip.Text, Clip.ClipImage, Clip.ProjectText, Clip.ProjectImage) { Beneath = ("clip", ["decoder"]) };

    public static Architecture Architecture { get; } = new("clipseg", "CIDAS/clipseg-rd64-refined",
    [
        .. Towers.Joint, Towers.TextModel, Towers.VisionModel,
        new("CLIPSegForImageSegmentation", ModelTask.ImageSegmentation, Segmentation),
    ]);

    public static Architecture[] Alone { get; } = Towers.Alone("clipseg", "CIDAS/clipseg-rd64-refined");

    private static Outputs Segmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (clip, ofImages) = (weights["clip"], json.Section("vision_config"));
        clip.Ignore("visual_projection", "logit_scale", "vision_model.post_layernorm");
        var condition = Clip.ProjectText(Clip.Text(graph, json.Section("text_config"), clip["text_model"], "batch_size").RequirePooled(), clip); // [B, P]
        var (tower, shape) = (clip["vision_model"], TowerShape.Of(ofImages));
        var map = graph.ClipMap(ofImages, tower, "batch_size");
        var states = map.ClipImageStates(ofImages, tower, shape);
        return new Outputs
        {
            { "logits", Decode(states, condition, map, json, weights["decoder"], shape) },
            { "conditional_embeddings", condition },
        };
    }

    private static Value Decode(IReadOnlyList<Value> states, Value condition, Value map, ModelConfig json, Weights weights, TowerShape tower)
    {
        // Other activations than ReLU are stated in files, and not used.
        var shape = tower with { Heads = json.Int("decoder_num_attention_heads", 4, minimum: 1), Activation = "relu" };
        var layers = json.Ints("extract_layers", 3, 6, 9);
        var conditional = json.Int("conditional_layer", 0);
        weights.Ignore("film_mul", "film_add");
        Value? x = null;
        for (var i = 0; i < layers.Count; i++)
        {
            var number = layers[^(i + 1)]; // the deepest comes first
            if (number < 0 || number >= tower.Layers)
                throw json.Invalid("extract_layers", $"numbers below {tower.Layers} were expected");
            var reduced = states[number + 1].Linear(weights[$"reduces.{i}"]);
            x = x is null ? reduced : reduced + x;
            if (i == conditional)
                x = condition.Linear(weights["film_mul"]).Unsqueeze(1) * x + condition.Linear(weights["film_add"]).Unsqueeze(1);
            var layer = weights[$"layers.{i}"];
            x = (x + x.ClipAttention(mask: null, layer["self_attn"], shape.Heads)).LayerNorm(layer["layer_norm1"], shape.Epsilon);
            x = (x + x.ClipPerceptron(layer["mlp"], shape.Activation)).LayerNorm(layer["layer_norm2"], shape.Epsilon);
        }
        if (x is null)
            throw json.Invalid("extract_layers", "at least one layer was expected");
        var places = x.Slice(axis: 1, 1).ToMap(map.Dim(2), map.Dim(3));
        var enlarge = weights["transposed_convolution"];
        Value Enlarge(Value of, Weights by) => of.Deconv2D(by.Kernel(), by.Find("bias"));
        var mask = enlarge.Has("0") ? Enlarge(Enlarge(places.Convolve(enlarge["0"]).Relu(), enlarge["2"]).Relu(), enlarge["4"]) : Enlarge(places, enlarge);
        return mask.Squeeze(1);
    }
}
