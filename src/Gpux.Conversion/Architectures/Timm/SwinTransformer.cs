using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Swin: attention within windows, shifted in every second layer, over maps that get coarser.</summary>
/// <remarks>Source: arXiv:2103.14030; outputs of timm 1.0, models/swin_transformer.py.</remarks>
internal static class SwinTransformer
{
    private const float Epsilon = 1e-5f;

    public static TimmFamily Family { get; } = new("""
        swin_tiny_patch4_window7_224 swin_small_patch4_window7_224 swin_base_patch4_window7_224 swin_base_patch4_window12_384
        swin_large_patch4_window7_224 swin_large_patch4_window12_384 swin_s3_tiny_224 swin_s3_small_224 swin_s3_base_224
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        var stages = weights.Count("layers");
        int[] window = name.Contains("window12") ? [12] : name switch { "swin_s3_small_224" => [14, 14, 14, 7], _ when name.Contains("_s3_") => [7, 7, 14, 7], _ => [7] };
        var windows = arguments.Ints("window_size", stages, window);
        arguments.ToldByWeights("embed_dim", "depths", "num_heads", "head_dim", "patch_size", "mlp_ratio", "qkv_bias", "strict_img_size");
        arguments.Require("always_partition", !arguments.Bool("always_partition", false));
        var size = arguments.ImageSize(name.EndsWith("384", StringComparison.Ordinal) ? 384 : 224);
        var (rows, columns) = TransformerLayers.Grid(weights["patch_embed"], size);

        var map = arguments.Images(graph, size).ConvolvePatches(weights["patch_embed.proj"]);
        var x = map.Transpose(0, 2, 3, 1).NormIfAny(weights, "patch_embed.norm", Epsilon);
        for (var stage = 0; stage < stages; stage++)
        {
            var layer = weights[$"layers.{stage}"];
            if (layer.Has("downsample"))
            {
                x = x.MergePatches(joined => joined.LayerNorm(layer["downsample.norm"], Epsilon).Linear(layer["downsample.reduction"]));
                (rows, columns) = (rows / 2, columns / 2);
            }
            // One number for all stages, two for their heights and widths, or one for each stage.
            var (high, wide) = windows.Count == 2 ? (windows[0], windows[1]) : windows[Math.Min(stage, windows.Count - 1)] is var side ? (side, side) : default;
            var depth = layer.Count("blocks");
            for (var i = 0; i < depth; i++)
                x = Block(x, layer[$"blocks.{i}"], (rows, columns), (high, wide), isShifted: i % 2 == 1);
        }
        x = x.LayerNorm(weights["norm"], Epsilon);
        return new TimmOutputs(x, x.PoolPlaces(arguments.GlobalPool()), "head.fc");
    }

    private static Value Block(Value x, Weights weights, (int Rows, int Columns) map, (int Height, int Width) window, bool isShifted)
    {
        // A window is no larger than the map, and not shifted where it covers it.
        var (height, width) = (Math.Min(map.Rows, window.Height), Math.Min(map.Columns, window.Width));
        var shift = isShifted ? (map.Rows <= height ? 0 : window.Height / 2, map.Columns <= width ? 0 : window.Width / 2) : default;
        var attention = weights["attn"];
        attention.Ignore("relative_position_index");
        weights.Ignore("attn_mask");
        var table = attention.Get("relative_position_bias_table", rank: 2);
        var bias = table.RelativeBias(height, width);
        x += x.LayerNorm(weights["norm1"], Epsilon).AttendInWindows((height, width), shift, bias, padsFirst: false,
            (windows, scores) => windows.AttendSelf(attention, (int)table.Dim(1).Size!.Value, Epsilon, scores)); // weights have known extents
        return x + x.LayerNorm(weights["norm2"], Epsilon).FeedForward(weights["mlp"], "gelu", Epsilon);
    }
}
