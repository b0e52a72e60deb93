using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>ViT, for images of one size.</summary>
/// <remarks>Source: arXiv:2010.11929; outputs of torchvision 0.29, models/vision_transformer.py.</remarks>
internal static class VisionTransformer
{
    private const float Epsilon = 1e-6f;

    public static TorchvisionFamily Family { get; } = new("vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var heads = entry.Arguments.Int("num_heads", entry.Name.StartsWith("vit_b", StringComparison.Ordinal) ? 12 : 16, minimum: 1);
        var (kernel, positions) = (weights.Get("conv_proj.weight", rank: 4), weights.Get("encoder.pos_embedding", rank: 3));
        // A square of patches, and the class token.
        var side = (long)Math.Sqrt(positions.Dim(1).Size!.Value - 1) * kernel.Dim(2).Size!.Value; // weights have known extents
        var images = graph.Input("pixel_values", ElementType.Float32, "batch_size", 3, side, side);
        var map = images.ConvolvePatches(weights["conv_proj"]);
        var patches = map.Reshape(map.Dim(0), map.Dim(1), Dim.Rest).Transpose(0, 2, 1);
        var x = patches.Behind(weights.Get("class_token", rank: 3)) + positions;
        var layers = weights["encoder.layers"];
        for (var i = 0; layers.Has($"encoder_layer_{i}"); i++)
            x = Layer(x, layers[$"encoder_layer_{i}"], heads);
        return x.LayerNorm(weights["encoder.ln"], Epsilon).At(axis: 1, 0).Linear(weights["heads.head"]);
    }

    private static Value Layer(Value x, Weights weights, int heads)
    {
        var attention = weights["self_attention"];
        var all = x.LayerNorm(weights["ln_1"], Epsilon).Linear(attention.Get("in_proj_weight"), attention.Find("in_proj_bias"));
        var width = all.Dim(2).Size!.Value / 3; // projections have known widths
        if (width % heads != 0)
            throw new GraphException("self_attention", $"A width of {width} is no multiple of {heads} heads.");
        var parts = all.Split(axis: 2, width, width, width);
        x += parts[0].SplitHeads(heads).Attend(parts[1].SplitHeads(heads), parts[2].SplitHeads(heads), mask: null).Linear(attention["out_proj"]);
        // Published files have names of before the projections were a list.
        var (up, down) = weights.Has("mlp.linear_1") ? ("mlp.linear_1", "mlp.linear_2") : ("mlp.0", "mlp.3");
        return x + x.LayerNorm(weights["ln_2"], Epsilon).Linear(weights[up]).Gelu().Linear(weights[down]);
    }
}
