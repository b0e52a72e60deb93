using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>BEiT: a ViT with a table of relative positions in each layer.</summary>
/// <remarks>Source: arXiv:2106.08254; outputs of timm 1.0, models/beit.py.</remarks>
internal static class Beit
{
    private const float Epsilon = 1e-6f;

    public static TimmFamily Family { get; } = new("""
        beit_base_patch16_224 beit_base_patch16_384 beit_large_patch16_224 beit_large_patch16_384 beit_large_patch16_512
        beitv2_base_patch16_224 beitv2_large_patch16_224
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var heads = arguments.Int("num_heads", arguments.Name.Contains("large") ? 16 : 12, minimum: 1);
        arguments.ToldByWeights("embed_dim", "depth", "patch_size", "mlp_ratio", "qkv_bias", "swiglu_mlp", "scale_mlp", "init_values",
            "use_abs_pos_emb", "use_rel_pos_bias", "use_shared_rel_pos_bias");
        var size = arguments.ImageSize(arguments.Name switch { ['b', .., '3', '8', '4'] => 384, ['b', .., '5', '1', '2'] => 512, _ => 224 });
        var (rows, columns) = TransformerLayers.Grid(weights["patch_embed"], size);

        var patches = arguments.Images(graph, size).EmbedPatches(weights["patch_embed"], Epsilon);
        var x = patches.Behind(weights.Get("cls_token", rank: 3));
        if (weights.Find("pos_embed") is { } positions)
            x += positions;
        var shared = weights.Find("rel_pos_bias.relative_position_bias_table")?.RelativeBias(rows, columns, hasClassToken: true);
        weights.Ignore("rel_pos_bias.relative_position_index");
        var depth = weights.Count("blocks");
        for (var i = 0; i < depth; i++)
        {
            var block = weights[$"blocks.{i}"];
            block.Ignore("attn.relative_position_index");
            var own = block.Find("attn.relative_position_bias_table")?.RelativeBias(rows, columns, hasClassToken: true);
            var bias = own is null ? shared : shared is null ? own : own + shared;
            x += x.Norm(block["norm1"], Epsilon).AttendSelf(block["attn"], heads, Epsilon, bias).Scaled(block, "gamma_1");
            x += x.Norm(block["norm2"], Epsilon).FeedForward(block["mlp"], block.Has("mlp.fc1_g") ? "silu" : "gelu", Epsilon).Scaled(block, "gamma_2");
        }
        x = x.NormIfAny(weights, "norm", Epsilon);
        return new TimmOutputs(x, x.PoolTokens(arguments.GlobalPool(), prefix: 1).NormIfAny(weights, "fc_norm", Epsilon), "head");
    }
}
