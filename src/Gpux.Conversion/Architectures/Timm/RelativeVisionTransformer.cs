using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>ViT with biases for relative positions instead of absolute ones: of a small network over logarithmic offsets, or of a table.</summary>
/// <remarks>Source: outputs of timm 1.0, models/vision_transformer_relpos.py and layers/pos_embed_rel.py.</remarks>
internal static class RelativeVisionTransformer
{
    private const float Epsilon = 1e-6f;

    public static TimmFamily Family { get; } = new("""
        vit_relpos_base_patch32_plus_rpn_256 vit_relpos_base_patch16_plus_240 vit_relpos_small_patch16_224 vit_relpos_medium_patch16_224
        vit_relpos_base_patch16_224 vit_srelpos_small_patch16_224 vit_srelpos_medium_patch16_224 vit_relpos_medium_patch16_cls_224
        vit_relpos_base_patch16_cls_224 vit_relpos_base_patch16_clsgap_224 vit_relpos_small_patch16_rpn_224 vit_relpos_medium_patch16_rpn_224
        vit_relpos_base_patch16_rpn_224 test_vit_relpos
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        var heads = arguments.Int("num_heads", name == "test_vit_relpos" ? 2 : name.Contains("_plus_") ? 14 : name.Contains("small") ? 6 : name.Contains("medium") ? 8 : 12, minimum: 1);
        var activation = arguments.Text("act_layer", "gelu");
        var isScaled = arguments.Text("rel_pos_type", "mlp").Contains("swin");
        var pool = arguments.GlobalPool(name.Contains("_cls_") ? "token" : "avg");
        arguments.ToldByWeights("embed_dim", "depth", "patch_size", "mlp_ratio", "qkv_bias", "qk_norm", "init_values", "class_token", "fc_norm", "rel_pos_dim", "shared_rel_pos");

        var size = arguments.ImageSize(224);
        var grid = TransformerLayers.Grid(weights["patch_embed"], size);
        var x = arguments.Images(graph, size).EmbedPatches(weights["patch_embed"], Epsilon);
        var prefix = 0;
        if (weights.Find("cls_token", rank: 3) is { } token)
        {
            x = x.Behind(token);
            prefix = 1;
        }
        var shared = weights.Has("shared_rel_pos") ? Bias(graph, weights["shared_rel_pos"], grid, prefix, isScaled) : null;
        var depth = weights.Count("blocks");
        for (var i = 0; i < depth; i++)
        {
            var block = weights[$"blocks.{i}"];
            var bias = shared ?? Bias(graph, block["attn.rel_pos"], grid, prefix, isScaled);
            Value Attend(Value y) => y.AttendSelf(block["attn"], heads, Epsilon, bias);
            Value Feed(Value y) => y.FeedForward(block["mlp"], activation, Epsilon);
            var normsAfter = name.Contains("_rpn_");
            x += normsAfter ? Attend(x).Norm(block["norm1"], Epsilon) : Attend(x.Norm(block["norm1"], Epsilon)).Scaled(block, "ls1.gamma");
            x += normsAfter ? Feed(x).Norm(block["norm2"], Epsilon) : Feed(x.Norm(block["norm2"], Epsilon)).Scaled(block, "ls2.gamma");
        }
        x = x.NormIfAny(weights, "norm", Epsilon);
        return new TimmOutputs(x, x.PoolTokens(pool, prefix).NormIfAny(weights, "fc_norm", Epsilon), "head");
    }

    // [1, heads, prefix + N, prefix + N]
    private static Value Bias(GraphBuilder graph, Weights weights, (int Rows, int Columns) grid, int prefix, bool isScaled)
    {
        if (weights.Find("relative_position_bias_table") is { } table)
            return table.RelativeBias(grid.Rows, grid.Columns, hasClassToken: prefix > 0);
        var bias = graph.LogarithmicOffsets(grid.Rows, grid.Columns, isScaled).Linear(weights["mlp.fc1"]).Relu().Linear(weights["mlp.fc2"])
            .RelativeBias(grid.Rows, grid.Columns);
        if (isScaled)
            bias = bias.Sigmoid() * 16f;
        // The class token is as near to all.
        return prefix > 0 ? bias.Pad2D(prefix, prefix, 0, 0) : bias;
    }
}
