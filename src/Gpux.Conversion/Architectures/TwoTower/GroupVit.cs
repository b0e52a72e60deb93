using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>GroupViT: CLIP whose image tower gathers patches in groups.</summary>
/// <remarks>Source: arXiv:2202.11094; outputs of transformers 5.23, modeling_groupvit.py. B = images, N = patches or groups of the stage
/// before, G = groups, H = hidden size.</remarks>
internal static class GroupVit
{
    private static readonly ImageTextPair Towers = new("GroupViT", Text, Image, (pooled, weights) => Project(pooled, weights["text_projection"]),
        (pooled, weights) => Project(pooled, weights["visual_projection"]));

    public static Architecture Architecture { get; } = new("groupvit", "nvidia/groupvit-gcc-yfcc", [.. Towers.Joint, Towers.TextModel, Towers.VisionModel]);

    public static Architecture[] Alone { get; } = Towers.Alone("groupvit", "nvidia/groupvit-gcc-yfcc");

    private static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows) =>
        TextInputs.Rows(graph, rows).ClipText(weights, TowerShape.Of(json, heads: 4), json.EndOfText());

    private static Value Project(Value x, Weights weights)
    {
        x = x.Linear(weights["0"]).Unsqueeze(2, 3).BatchNorm(weights["1"]);
        return x.Reshape(x.Dim(0), x.Dim(1)).Relu().Linear(weights["3"]);
    }

    private static Tower Image(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var shape = TowerShape.Of(json, heads: 6, activation: "gelu");
        var (size, patch) = (json.Size("image_size", 224), json.Size("patch_size", 16));
        var embeddings = weights["embeddings"];
        var map = graph.Pixels(json.Channels(), rows).Project(embeddings["patch_embeddings.projection"]);
        var x = map.ToTokens().LayerNorm(embeddings["layernorm"], shape.Epsilon)
            + embeddings.Get("position_embeddings").FitPositions(leading: 0, (size.Height / patch.Height, size.Width / patch.Width), map);
        var depths = json.Depths("depths", 6, 3, 3);
        var counts = json.PerStage("num_group_tokens", depths.Count, [64, 8, 0]);
        Value? groups = null;
        for (var i = 0; i < depths.Count; i++)
        {
            var stage = weights[$"encoder.stages.{i}"];
            var before = groups;
            groups = null;
            if (counts[i] > 0)
            {
                groups = stage.Get("group_token").Expand(x.Dim(0), counts[i], x.Dim(2));
                if (before is not null)
                    groups += Mix(before.LayerNorm(stage["group_projector.0"], shape.Epsilon), stage["group_projector.1"], shape);
                x = ((Value[])[x, groups]).Concat(axis: 1);
            }
            for (var layer = 0; layer < depths[i]; layer++)
                x = x.ClipLayer(mask: null, stage[$"layers.{layer}"], shape);
            if (groups is not null)
            {
                groups = x.Slice(axis: 1, -counts[i]);
                x = Assign(x.Slice(axis: 1, 0, -counts[i]), groups, stage["downsample"], shape, json.Float("assign_eps", 1));
            }
        }
        var hidden = x.LayerNorm(weights["layernorm"], shape.Epsilon);
        return new Tower(hidden, hidden.Mean(axis: 1));
    }

    // A perceptron over tokens instead of channels.
    private static Value Mix(Value x, Weights weights, TowerShape shape) => x.Transpose(0, 2, 1).ClipPerceptron(weights, shape.Activation).Transpose(0, 2, 1);

    // Every patch goes to the group that it fits best: [B, G, H].
    private static Value Assign(Value patches, Value groups, Weights weights, TowerShape shape, float epsilon)
    {
        patches = patches.LayerNorm(weights["norm_x"], shape.Epsilon);
        groups = Mix(groups.LayerNorm(weights["norm_tokens"], shape.Epsilon), weights["mlp_inter"], shape).LayerNorm(weights["norm_post_tokens"], shape.Epsilon);
        var look = weights["pre_assign_attn"];
        groups += groups.CrossAttention(patches, patches, mask: null, look["attn"], shape.Heads);
        groups = (groups + groups.LayerNorm(look["norm2"], shape.Epsilon).ClipPerceptron(look["mlp"], shape.Activation)).LayerNorm(look["norm_post"], shape.Epsilon);

        var assign = weights["assign"];
        var scores = groups.Linear(assign["q_proj"]).MatMul(patches.Linear(assign["k_proj"]).Transpose(0, 2, 1)); // [B, G, N]
        var graph = patches.Graph;
        var numbers = graph.Extent(scores.Dim(1)).Range(scores.Dim(1)).Unsqueeze(0, 2);
        var own = scores.ArgMax(axis: 1, keep: true).EqualTo(numbers).Cast(ElementType.Float32);
        var means = (own / (own.Sum(axis: 2, keep: true) + epsilon)).MatMul(patches.Linear(assign["v_proj"]));
        var x = means.Linear(assign["proj"]) + groups;
        return x + x.LayerNorm(weights["norm_new_x"], shape.Epsilon).ClipPerceptron(weights["mlp_channels"], shape.Activation);
    }
}
