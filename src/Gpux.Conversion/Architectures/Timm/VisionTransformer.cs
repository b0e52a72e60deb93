using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>ViT in all of timm's variants: class and register tokens, normalisation before the blocks, layer scale, attention pooling, DeiT's
/// distillation token.</summary>
/// <remarks>Source: arXiv:2010.11929, 2012.12877, 2304.07193, 2303.15343; outputs of timm 1.0, models/vision_transformer.py and deit.py.</remarks>
internal static class VisionTransformer
{
    public static TimmFamily Family { get; } = new("""
        vit_tiny_patch16_224 vit_tiny_patch16_384 vit_small_patch32_224 vit_small_patch32_384 vit_small_patch16_224 vit_small_patch16_384
        vit_small_patch8_224 vit_base_patch32_224 vit_base_patch32_384 vit_base_patch16_224 vit_base_patch16_384 vit_base_patch8_224
        vit_large_patch32_224 vit_large_patch32_384 vit_large_patch16_224 vit_large_patch16_384 vit_large_patch14_224 vit_huge_patch14_224
        vit_giant_patch14_224 vit_gigantic_patch14_224 vit_base_patch16_224_miil vit_medium_patch16_gap_240 vit_medium_patch16_gap_256
        vit_medium_patch16_gap_384 vit_betwixt_patch16_gap_256 vit_base_patch16_gap_224 vit_huge_patch14_gap_224 vit_huge_patch16_gap_448
        vit_giant_patch16_gap_224 vit_xsmall_patch16_clip_224 vit_medium_patch32_clip_224 vit_medium_patch16_clip_224
        vit_betwixt_patch32_clip_224 vit_base_patch32_clip_224 vit_base_patch32_clip_256 vit_base_patch32_clip_384
        vit_base_patch32_clip_448 vit_base_patch16_clip_224 vit_base_patch16_clip_384 vit_base_patch16_plus_clip_240
        vit_large_patch14_clip_224 vit_large_patch14_clip_336 vit_huge_patch14_clip_224 vit_huge_patch14_clip_336
        vit_huge_patch14_clip_378 vit_giant_patch14_clip_224 vit_gigantic_patch14_clip_224 vit_gigantic_patch14_clip_378
        vit_base_patch32_clip_quickgelu_224 vit_base_patch16_clip_quickgelu_224 vit_large_patch14_clip_quickgelu_224
        vit_large_patch14_clip_quickgelu_336 vit_huge_patch14_clip_quickgelu_224 vit_huge_patch14_clip_quickgelu_378
        vit_gigantic_patch14_clip_quickgelu_224 vit_base_patch32_plus_256 vit_base_patch16_plus_240 vit_base_patch16_rpn_224
        vit_small_patch16_36x1_224 eva_large_patch14_196 eva_large_patch14_336 flexivit_small flexivit_base flexivit_large
        vit_small_patch14_dinov2 vit_base_patch14_dinov2 vit_large_patch14_dinov2 vit_giant_patch14_dinov2 vit_small_patch14_reg4_dinov2
        vit_base_patch14_reg4_dinov2 vit_large_patch14_reg4_dinov2 vit_giant_patch14_reg4_dinov2 vit_base_patch14_reg1_tipsv2
        vit_large_patch14_reg1_tipsv2 vit_so400m_patch14_reg1_tipsv2 vit_giant_patch14_reg1_tipsv2 vit_base_patch32_siglip_256
        vit_base_patch16_siglip_224 vit_base_patch16_siglip_256 vit_base_patch16_siglip_384 vit_base_patch16_siglip_512
        vit_large_patch16_siglip_256 vit_large_patch16_siglip_384 vit_large_patch16_siglip_512 vit_so400m_patch14_siglip_224
        vit_so400m_patch14_siglip_378 vit_so400m_patch14_siglip_384 vit_so400m_patch16_siglip_256 vit_so400m_patch16_siglip_384
        vit_so400m_patch16_siglip_512 vit_giantopt_patch16_siglip_256 vit_giantopt_patch16_siglip_384 vit_base_patch32_siglip_gap_256
        vit_base_patch16_siglip_gap_224 vit_base_patch16_siglip_gap_256 vit_base_patch16_siglip_gap_384 vit_base_patch16_siglip_gap_512
        vit_large_patch16_siglip_gap_256 vit_large_patch16_siglip_gap_384 vit_large_patch16_siglip_gap_512
        vit_so400m_patch14_siglip_gap_224 vit_so400m_patch14_siglip_gap_378 vit_so400m_patch14_siglip_gap_384
        vit_so400m_patch14_siglip_gap_448 vit_so400m_patch14_siglip_gap_896 vit_so400m_patch16_siglip_gap_256
        vit_so400m_patch16_siglip_gap_384 vit_so400m_patch16_siglip_gap_512 vit_giantopt_patch16_siglip_gap_256
        vit_giantopt_patch16_siglip_gap_384 vit_wee_patch16_reg1_gap_256 vit_little_patch16_reg1_gap_256 vit_little_patch16_reg4_gap_256
        vit_medium_patch16_reg1_gap_256 vit_medium_patch16_reg4_gap_256 vit_mediumd_patch16_reg4_gap_256 vit_mediumd_patch16_reg4_gap_384
        vit_betwixt_patch16_reg1_gap_256 vit_betwixt_patch16_reg4_gap_256 vit_betwixt_patch16_reg4_gap_384 vit_base_patch16_reg4_gap_256
        vit_so150m_patch16_reg4_map_256 vit_so150m_patch16_reg4_gap_256 vit_so150m_patch16_reg4_gap_384 vit_so150m2_patch16_reg1_gap_256
        vit_so150m2_patch16_reg1_gap_384 vit_so150m2_patch16_reg1_gap_448 vit_intern300m_patch14_448 aimv2_large_patch14_224
        aimv2_huge_patch14_224 aimv2_1b_patch14_224 aimv2_3b_patch14_224 aimv2_large_patch14_336 aimv2_huge_patch14_336
        aimv2_1b_patch14_336 aimv2_3b_patch14_336 aimv2_large_patch14_448 aimv2_huge_patch14_448 aimv2_1b_patch14_448 aimv2_3b_patch14_448
        test_vit test_vit2 test_vit3 test_vit4 beit3_base_patch16_224 beit3_large_patch16_224 beit3_giant_patch14_224
        beit3_giant_patch14_336 deit_tiny_patch16_224 deit_small_patch16_224 deit_base_patch16_224 deit_base_patch16_384
        deit_tiny_distilled_patch16_224 deit_small_distilled_patch16_224 deit_base_distilled_patch16_224 deit_base_distilled_patch16_384
        deit3_small_patch16_224 deit3_small_patch16_384 deit3_medium_patch16_224 deit3_base_patch16_224 deit3_base_patch16_384
        deit3_large_patch16_224 deit3_large_patch16_384 deit3_huge_patch14_224
        """, Build);

    // Heads by the part of a name that states the size.
    private static readonly (string Size, int Heads)[] HeadsBySize =
    [
        ("wee", 4), ("little", 5), ("xsmall", 4), ("tiny", 3), ("small", 6), ("mediumd", 8), ("medium", 8), ("betwixt", 10), ("base", 12),
        ("so150m2", 13), ("so150m", 14), ("so400m", 16), ("large", 16), ("huge", 16), ("giant", 16), ("giantopt", 16), ("gigantic", 16), ("intern300m", 16),
    ];

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        var heads = arguments.Int("num_heads", Heads(name), minimum: 1);
        var activation = arguments.Text("act_layer", Activation(name));
        var isClip = name.Contains("_clip_") || name.StartsWith("beit3", StringComparison.Ordinal) || name.StartsWith("aimv2", StringComparison.Ordinal);
        var norm = arguments.Text("norm_layer", "").Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        arguments.Require("norm_layer", norm is "" or "layernorm" or "layernormfp32" or "rmsnorm" or "rmsnormfp32");
        var epsilon = isClip && norm.Length == 0 ? 1e-5f : 1e-6f; // that of a norm which is named is timm's own
        var pool = arguments.GlobalPool(Pool(name));
        var normsAfter = name.Contains("_rpn_");
        arguments.ToldByWeights("embed_dim", "depth", "patch_size", "mlp_ratio", "qkv_bias", "qk_norm", "proj_bias", "init_values", "class_token", "pos_embed",
            "no_embed_class", "reg_tokens", "pre_norm", "final_norm", "fc_norm", "scale_attn_norm", "scale_mlp_norm");
        arguments.Require("dynamic_img_pad", !arguments.Bool("dynamic_img_pad", false));
        var poolsPrefix = arguments.Bool("pool_include_prefix", name == "test_vit3");
        var isDynamic = arguments.Bool("dynamic_img_size", name is "test_vit" or "test_vit2" or "test_vit4" or "vit_intern300m_patch14_448");

        var size = arguments.ImageSize(224);
        var images = arguments.Images(graph, isDynamic ? null : size);
        var (x, prefix) = Embed(images, weights, TransformerLayers.Grid(weights["patch_embed"], size), epsilon);
        x = x.NormIfAny(weights, "norm_pre", epsilon);
        var depth = weights.Count("blocks");
        for (var i = 0; i < depth; i++)
        {
            var block = weights[$"blocks.{i}"];
            Value Attend(Value y) => y.AttendSelf(block["attn"], heads, epsilon);
            Value Feed(Value y) => y.FeedForward(block["mlp"], activation, epsilon);
            x += normsAfter ? Attend(x).Norm(block["norm1"], epsilon) : Attend(x.Norm(block["norm1"], epsilon)).Scaled(block, "ls1.gamma");
            x += normsAfter ? Feed(x).Norm(block["norm2"], epsilon) : Feed(x.Norm(block["norm2"], epsilon)).Scaled(block, "ls2.gamma");
        }
        x = x.NormIfAny(weights, "norm", epsilon);

        if (weights.Has("dist_token"))
            return new TimmOutputs(x, (x.At(axis: 1, 0) + x.At(axis: 1, 1)) * 0.5f, "head",
                () => (x.At(axis: 1, 0).Linear(weights["head"]) + x.At(axis: 1, 1).Linear(weights["head_dist"])) * 0.5f);
        var pooled = pool == "map" ? PoolByAttention(poolsPrefix || prefix == 0 ? x : x.Slice(axis: 1, prefix), weights["attn_pool"], heads, activation, epsilon)
            : x.PoolTokens(pool, poolsPrefix ? 0 : prefix);
        return new TimmOutputs(x, pooled.NormIfAny(weights, "fc_norm", epsilon), "head");
    }

    // Tokens [B, prefix + N, D] with their positions.
    private static (Value Tokens, int Prefix) Embed(Value images, Weights weights, (int Rows, int Columns) grid, float epsilon)
    {
        var map = images.ConvolvePatches(weights["patch_embed.proj"]);
        var patches = images.EmbedPatches(weights["patch_embed"], epsilon);
        var first = new List<Value>();
        foreach (var name in (ReadOnlySpan<string>)["cls_token", "reg_token", "dist_token"])
            if (weights.Find(name, rank: 3) is { } token)
                first.Add(token.Expand("batch_size", token.Dim(1), token.Dim(2)));
        var prefix = (int)first.Sum(token => token.Dim(1).Size!.Value); // weights have known extents
        Value Join(Value tokens) => first.Count == 0 ? tokens : ((Value[])[.. first, tokens]).Concat(axis: 1);
        if (weights.Find("pos_embed", rank: 3) is not { } table)
            return (Join(patches), prefix);

        // A table of as many rows as there are patches says nothing of the tokens before them.
        var (places, rows) = ((long)grid.Rows * grid.Columns, table.Dim(1).Size!.Value); // weights have known extents
        if (rows != places && rows != places + prefix)
            throw new GraphException("pos_embed", $"{table} does not fit {grid.Rows} by {grid.Columns} patches and {prefix} tokens before them.");
        var positions = patches.Dim(1).Size is null ? Resize(table, (int)(rows - places), grid, map) : table;
        return (rows == places ? Join(patches + positions) : Join(patches) + positions, prefix);
    }

    // Positions for an image of another size.
    private static Value Resize(Value table, int prefix, (int Rows, int Columns) grid, Value map)
    {
        var width = table.Dim(2);
        var trained = (prefix > 0 ? table.Slice(axis: 1, prefix) : table).Transpose(0, 2, 1).Reshape(1, width, grid.Rows, grid.Columns);
        var resized = trained.ResizeBicubicAntialiased(map.Shape().Slice(axis: 0, 2, 4), map.Dim(2), map.Dim(3)).Reshape(1, width, Dim.Rest).Transpose(0, 2, 1);
        return prefix > 0 ? ((Value[])[table.Slice(axis: 1, 0, prefix), resized]).Concat(axis: 1) : resized;
    }

    // A learned query asks all tokens: [B, D].
    private static Value PoolByAttention(Value x, Weights weights, int heads, string activation, float epsilon)
    {
        var width = x.Dim(2).Size!.Value; // projections have known widths
        var query = weights.Get("latent", rank: 3).Linear(weights["q"]).SplitHeads(heads).NormIfAny(weights, "q_norm", epsilon);
        var both = x.Linear(weights["kv"]).Split(axis: 2, width, width);
        var key = both[0].SplitHeads(heads).NormIfAny(weights, "k_norm", epsilon);
        query = query.Expand(x.Dim(0), query.Dim(1), query.Dim(2), query.Dim(3));
        var pooled = query.Attend(key, both[1].SplitHeads(heads), mask: null).Linear(weights["proj"]);
        return (pooled + pooled.NormIfAny(weights, "norm", epsilon).FeedForward(weights["mlp"], activation, epsilon)).At(axis: 1, 0);
    }

    private static int Heads(string name) => name switch
    {
        "test_vit" or "test_vit2" => 2,
        "test_vit3" or "test_vit4" => 3,
        "vit_base_patch16_gap_224" => 16,
        _ when name.Contains("_plus_") => 14,
        _ when name.StartsWith("vit_giant_patch14", StringComparison.Ordinal) && (name.Contains("dinov2") || name.Contains("tipsv2")) => 24,
        _ when name.StartsWith("aimv2", StringComparison.Ordinal) => name.Contains("large") ? 8 : name.Contains("huge") ? 12 : name.Contains("1b") ? 16 : 24,
        _ => Array.Find(HeadsBySize, size => name.Split('_').Contains(size.Size)).Heads,
    };

    private static string Activation(string name) =>
        name.Contains("quickgelu") ? "quickgelu"
        : name.StartsWith("aimv2", StringComparison.Ordinal) || name.StartsWith("vit_giant_patch14_", StringComparison.Ordinal) && (name.Contains("dinov2") || name.Contains("tipsv2")) ? "silu"
        : name.StartsWith("vit_base_patch32_siglip", StringComparison.Ordinal) || name.StartsWith("vit_so400m_patch16_siglip", StringComparison.Ordinal)
            || name.StartsWith("vit_giantopt_patch16_siglip", StringComparison.Ordinal)
            || name is "vit_large_patch16_siglip_512" or "vit_large_patch16_siglip_gap_512" ? "gelu_tanh"
        : "gelu";

    private static string Pool(string name) =>
        name is "test_vit3" || name.Contains("_map_") || name.Contains("_siglip_") && !name.Contains("_gap_") ? "map"
        : name is "test_vit2" or "test_vit4" || name.Contains("_gap_") || name.Contains("_rpn_")
            || name.StartsWith("eva_", StringComparison.Ordinal) || name.StartsWith("aimv2", StringComparison.Ordinal) || name.StartsWith("beit3", StringComparison.Ordinal) ? "avg"
        : "token";
}
