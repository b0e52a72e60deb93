using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>EVA: a ViT whose second version turns queries and keys by the places of their patches, and gates its layers.</summary>
/// <remarks>Source: arXiv:2211.07636, 2303.11331; outputs of timm 1.0, models/eva.py and layers/pos_embed_sincos.py.</remarks>
internal static class Eva
{
    private const float Epsilon = 1e-6f;

    // The grid that turns were learned on; others are stretched to it.
    private const int TrainedGrid = 16;

    public static TimmFamily Family { get; } = new("""
        eva_giant_patch14_224 eva_giant_patch14_336 eva_giant_patch14_560 eva_giant_patch14_clip_224
        eva02_tiny_patch14_224 eva02_small_patch14_224 eva02_base_patch14_224 eva02_large_patch14_224 eva02_tiny_patch14_336 eva02_small_patch14_336
        eva02_base_patch14_448 eva02_large_patch14_448 eva02_base_patch16_clip_224 eva02_large_patch14_clip_224 eva02_large_patch14_clip_336
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        var heads = arguments.Int("num_heads", name.Contains("tiny") ? 3 : name.Contains("small") ? 6 : name.Contains("base") ? 12 : 16, minimum: 1);
        var pool = arguments.GlobalPool(name.Contains("_clip_") ? "token" : "avg");
        arguments.ToldByWeights("embed_dim", "depth", "patch_size", "mlp_ratio", "qkv_bias", "qkv_fused", "swiglu_mlp", "scale_mlp", "scale_attn_inner",
            "init_values", "use_abs_pos_emb", "class_token");
        var turns = arguments.Bool("use_rot_pos_emb", name.StartsWith("eva02", StringComparison.Ordinal));
        var trained = arguments.Ints("ref_feat_shape", 2, TrainedGrid, TrainedGrid);
        var size = arguments.ImageSize(name switch { [.., '3', '3', '6'] => 336, [.., '4', '4', '8'] => 448, [.., '5', '6', '0'] => 560, _ => 224 });
        var grid = TransformerLayers.Grid(weights["patch_embed"], size);

        var patches = arguments.Images(graph, size).EmbedPatches(weights["patch_embed"], Epsilon);
        var x = patches.Behind(weights.Get("cls_token", rank: 3));
        if (weights.Find("pos_embed") is { } positions)
            x += positions;
        var headSize = (int)(x.Dim(2).Size!.Value / heads); // projections have known widths
        Func<Value, Value>? rotate = turns ? Rotation(graph, grid, (trained[0], trained[^1]), headSize) : null;
        weights.Ignore("rope");
        var depth = weights.Count("blocks");
        for (var i = 0; i < depth; i++)
        {
            var block = weights[$"blocks.{i}"];
            x += x.Norm(block["norm1"], Epsilon).AttendSelf(block["attn"], heads, Epsilon, rotate: rotate).Scaled(block, "gamma_1");
            var isGated = block.Has("mlp.fc1_g") || block.Size("mlp.fc1.weight", 0) != block.Size("mlp.fc2.weight", 1);
            x += x.Norm(block["norm2"], Epsilon).FeedForward(block["mlp"], isGated ? "silu" : "gelu", Epsilon).Scaled(block, "gamma_2");
        }
        x = x.NormIfAny(weights, "norm", Epsilon);
        return new TimmOutputs(x, x.PoolTokens(pool, prefix: 1).NormIfAny(weights, "fc_norm", Epsilon), "head");
    }

    // Turns neighbouring elements of [B, heads, 1 + N, size]: the first half by rows, the second by columns, the class token not at all.
    private static Func<Value, Value> Rotation(GraphBuilder graph, (int Rows, int Columns) grid, (int Rows, int Columns) trained, int size)
    {
        if (size < 4 || size % 4 != 0)
            throw new GraphException("rope", $"Heads of {size} elements cannot be turned by rows and columns.");
        var (bands, tokens) = (size / 4, 1 + grid.Rows * grid.Columns);
        var (cosines, sines, swapped) = (new float[tokens * size], new float[tokens * size], new long[size]);
        for (var i = 0; i < size; i++)
        {
            cosines[i] = 1;
            swapped[i] = i ^ 1;
        }
        for (var place = 0; place < tokens - 1; place++)
        {
            var row = (float)(place / grid.Columns) / grid.Rows * trained.Rows;
            var column = (float)(place % grid.Columns) / grid.Columns * trained.Columns;
            for (var i = 0; i < size; i++)
            {
                var band = i / 2 % bands;
                var angle = (i < size / 2 ? row : column) * (1f / MathF.Pow(10000f, (float)band / bands));
                var at = (place + 1) * size + i;
                cosines[at] = MathF.Cos(angle);
                // Of a pair (a, b) the turned one is (a cos - b sin, b cos + a sin).
                sines[at] = i % 2 == 0 ? -MathF.Sin(angle) : MathF.Sin(angle);
            }
        }
        var (cosine, sine, swap) = (graph.Constant(cosines, tokens, size), graph.Constant(sines, tokens, size), graph.Constant(swapped));
        return x => x * cosine + x.Gather(swap, axis: 3) * sine;
    }
}
