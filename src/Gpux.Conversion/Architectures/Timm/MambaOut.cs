using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>MambaOut: gated convolutions of a part of the channels.</summary>
/// <remarks>Source: arXiv:2405.07992; outputs of timm 1.0, models/mambaout.py. Maps are [B, height, width, channels].</remarks>
internal static class MambaOut
{
    private const float Epsilon = 1e-6f;

    public static TimmFamily Family { get; } = new("""
        mambaout_femto mambaout_kobe mambaout_tiny mambaout_small mambaout_base mambaout_small_rw mambaout_base_short_rw mambaout_base_tall_rw
        mambaout_base_wide_rw mambaout_base_plus_rw test_mambaout
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var activation = arguments.Text("act_layer", arguments.Name is "mambaout_base_wide_rw" or "mambaout_base_plus_rw" or "test_mambaout" ? "silu" : "gelu");
        var normsFirst = arguments.Text("downsample", arguments.Name.EndsWith("_rw", StringComparison.Ordinal) || arguments.Name == "test_mambaout" ? "conv_nf" : "conv") == "conv_nf";
        arguments.ToldByWeights("depths", "dims", "conv_ratio", "expansion_ratio", "kernel_size", "stem_mid_norm", "ls_init_value", "head_fn");
        var stem = weights["stem"];
        var first = arguments.Images(graph).ConvolveCentered(stem["conv1"], stride: 2);
        if (stem.Has("norm1"))
            first = first.ChannelNorm(stem["norm1"], Epsilon);
        var x = first.Activate(activation).ConvolveCentered(stem["conv2"], stride: 2).Transpose(0, 2, 3, 1).LayerNorm(stem["norm2"], Epsilon);

        var stages = weights.Count("stages");
        for (var stage = 0; stage < stages; stage++)
        {
            var layer = weights[$"stages.{stage}"];
            if (layer.Has("downsample"))
                x = Downsample(x, layer["downsample"], normsFirst);
            var depth = layer.Count("blocks");
            for (var i = 0; i < depth; i++)
                x = Block(x, layer[$"blocks.{i}"], activation);
        }
        var head = weights["head"];
        var pooled = x.PoolPlaces(arguments.GlobalPool()).LayerNorm(head["norm"], Epsilon);
        if (head.Has("pre_logits"))
            pooled = pooled.Linear(head["pre_logits.fc"]).Activate("gelu").NormIfAny(head, "pre_logits.norm", Epsilon);
        return new TimmOutputs(x, pooled, "head.fc");
    }

    private static Value Downsample(Value x, Weights weights, bool normsFirst)
    {
        Value Convolve(Value map) => map.Transpose(0, 3, 1, 2).ConvolveCentered(weights["conv"], stride: 2).Transpose(0, 2, 3, 1);
        return normsFirst ? Convolve(x.LayerNorm(weights["norm"], Epsilon)) : Convolve(x).LayerNorm(weights["norm"], Epsilon);
    }

    private static Value Block(Value x, Weights weights, string activation)
    {
        var (hidden, channels) = (weights.Size("fc2.weight", 1), weights.Get("conv.weight", rank: 4).Dim(0).Size!.Value); // weights have known extents
        var parts = x.LayerNorm(weights["norm"], Epsilon).Linear(weights["fc1"]).Split(axis: 3, hidden, hidden - channels, channels);
        var mixed = parts[2].Transpose(0, 3, 1, 2).ConvolveCentered(weights["conv"]).Transpose(0, 2, 3, 1);
        var y = (parts[0].Activate(activation) * ((Value[])[parts[1], mixed]).Concat(3)).Linear(weights["fc2"]);
        return y.Scaled(weights, "ls.gamma") + x;
    }
}
