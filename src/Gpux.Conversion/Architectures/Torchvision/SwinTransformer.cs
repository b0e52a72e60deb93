using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>Swin and its second version, whose attention is by cosines and whose biases come from a small network; for images of any size.</summary>
/// <remarks>Source: arXiv:2103.14030, 2111.09883; outputs of torchvision 0.29, models/swin_transformer.py.</remarks>
internal static class SwinTransformer
{
    private const float Epsilon = 1e-5f;

    // Of the second version: the least that norms are divided by, and the largest factor of cosines.
    private const float LeastNorm = 1e-12f;
    private const double LargestScale = 4.605170185988092; // log 100

    public static TorchvisionFamily Family { get; } = new("swin_t swin_s swin_b swin_v2_t swin_v2_s swin_v2_b", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var features = weights["features"];
        var x = TorchvisionEntry.Images(graph).ConvolvePatches(features["0.0"]).Transpose(0, 2, 3, 1).LayerNorm(features["0.2"], Epsilon);
        for (var i = 1; features.Has($"{i}"); i++)
        {
            // Stages and what makes the map coarser take turns.
            if (i % 2 == 0)
                x = Merge(x, features[$"{i}"]);
            else
                for (var block = 0; features.Has($"{i}.{block}"); block++)
                    x = Block(x, features[$"{i}.{block}"], isShifted: block % 2 == 1);
        }
        return x.LayerNorm(weights["norm"], Epsilon).Transpose(0, 3, 1, 2).GlobalPool("avg").Linear(weights["head"]);
    }

    // The first version normalises what is joined, the second what is projected.
    private static Value Merge(Value x, Weights weights)
    {
        var normsFirst = weights.Get("norm.weight", rank: 1).Dim(0).Size == weights.Size("reduction.weight", 1);
        return x.MergePatches(joined => normsFirst ? joined.LayerNorm(weights["norm"], Epsilon).Linear(weights["reduction"])
            : joined.Linear(weights["reduction"]).LayerNorm(weights["norm"], Epsilon));
    }

    private static Value Block(Value x, Weights weights, bool isShifted)
    {
        var attention = weights["attn"];
        attention.Ignore("relative_position_index", "relative_coords_table");
        Value Feed(Value y) => y.Linear(weights["mlp.0"]).Gelu().Linear(weights["mlp.3"]);
        if (!attention.Has("logit_scale"))
        {
            var table = attention.Get("relative_position_bias_table", rank: 2);
            var (heads, side) = ((int)table.Dim(1).Size!.Value, Side(table.Dim(0))); // weights have known extents
            x += x.LayerNorm(weights["norm1"], Epsilon).AttendInWindows((side, side), Shift(isShifted, side), table.RelativeBias(side, side), padsFirst: true,
                (windows, bias) => windows.AttendSelf(attention, heads, Epsilon, bias));
            return x + Feed(x.LayerNorm(weights["norm2"], Epsilon));
        }
        var y = AttendByCosine(x, attention, isShifted);
        x += y.LayerNorm(weights["norm1"], Epsilon);
        return x + Feed(x).LayerNorm(weights["norm2"], Epsilon);
    }

    private static Value AttendByCosine(Value x, Weights weights, bool isShifted)
    {
        var offsets = weights.Get("relative_coords_table", rank: 4); // [1, 2 side - 1, 2 side - 1, 2]
        var scale = weights.Get("logit_scale", rank: 3); // [heads, 1, 1]
        var (heads, side) = ((int)scale.Dim(0).Size!.Value, (int)(offsets.Dim(1).Size!.Value + 1) / 2); // weights have known extents
        var table = offsets.Reshape(Dim.Rest, 2).Linear(weights["cpb_mlp.0"]).Relu().Linear(weights["cpb_mlp.2"]);
        var bias = table.RelativeBias(side, side).Sigmoid() * 16f;
        var factor = scale.Clip(null, LargestScale).Exp();
        return x.AttendInWindows((side, side), Shift(isShifted, side), bias, padsFirst: true, (windows, scores) =>
        {
            var width = weights.Size("qkv.weight", 0) / 3;
            var all = windows.Linear(weights.Get("qkv.weight"), bias: null).Split(axis: 2, width, width, width);
            // Keys have no bias, whatever the file holds for them.
            if (weights.Find("qkv.bias") is { } shifts)
            {
                var parts = shifts.Split(axis: 0, width, width, width);
                (all[0], all[2]) = (all[0] + parts[0], all[2] + parts[2]);
            }
            Value Split(Value part) => width % Math.Max(heads, 1) == 0 ? part.SplitHeads(heads) : throw new GraphException("attn", $"A width of {width} is no multiple of {heads} heads.");
            Value Unit(Value part) => Split(part) is var split ? split / split.Norm(axis: -1, keep: true).Clip(LeastNorm, null) : part;
            return (Unit(all[0]) * factor).Attend(Unit(all[1]), Split(all[2]), scores, scale: 1).Linear(weights["proj"]);
        });
    }

    private static (int, int) Shift(bool isShifted, int side) => isShifted ? (side / 2, side / 2) : default;

    // A table has a row for each offset within a square.
    private static int Side(Dim rows) => (int)(Math.Sqrt(rows.Size!.Value) + 1) / 2; // weights have known extents
}
