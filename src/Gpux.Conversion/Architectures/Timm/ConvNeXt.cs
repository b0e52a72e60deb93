using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>ConvNeXt and its second version: blocks of a depthwise convolution and two projections.</summary>
/// <remarks>Source: arXiv:2201.03545, 2301.00808; outputs of timm 1.0, models/convnext.py.</remarks>
internal static class ConvNeXt
{
    public static TimmFamily Family { get; } = new("""
        convnext_zepto_rms convnext_zepto_rms_ols convnext_atto convnext_atto_ols convnext_atto_rms convnext_femto convnext_femto_ols convnext_pico
        convnext_pico_ols convnext_nano convnext_nano_ols convnext_tiny_hnf convnext_tiny convnext_small convnext_base convnext_large
        convnext_large_mlp convnext_xlarge convnext_xxlarge convnextv2_atto convnextv2_femto convnextv2_pico convnextv2_nano convnextv2_tiny
        convnextv2_small convnextv2_base convnextv2_large convnextv2_huge test_convnext test_convnext2 test_convnext3
        """, Build);

    /// <param name="Norm">"layernorm" or, without mean or shift, "rmsnorm" and "simplenorm".</param>
    private sealed record Style(string Activation, float Epsilon, string Norm)
    {
        /// <summary>Normalises the last axis.</summary>
        public Value Normalize(Value x, Weights weights) => Norm switch
        {
            "rmsnorm" or "rmsnorm2d" => x.RmsNorm(weights, Epsilon),
            "simplenorm" or "simplenorm2d" => x / (Variance(x) + Epsilon).Sqrt() * weights.Get("weight"),
            _ => x.LayerNorm(weights, Epsilon),
        };

        /// <summary>Normalises channels of a map.</summary>
        public Value NormalizeMap(Value x, Weights weights) => Normalize(x.Transpose(0, 2, 3, 1), weights).Transpose(0, 3, 1, 2);

        // As of a sample: of n elements the sum is divided by n - 1.
        private static Value Variance(Value x)
        {
            var count = x.Dim(-1).Size!.Value; // of channels, which are known
            return (x - x.Mean(axis: -1, keep: true)).Power(2).Sum(axis: -1, keep: true) / Math.Max(count - 1, 1);
        }
    }

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        var style = new Style(
            arguments.Text("act_layer", name is "test_convnext" or "test_convnext2" ? "gelu_tanh" : name == "test_convnext3" ? "silu" : "gelu"),
            arguments.Float("norm_eps", name is "convnext_xxlarge" || name.StartsWith("test_", StringComparison.Ordinal) ? 1e-5f : 1e-6f),
            arguments.Text("norm_layer", name.Contains("zepto_rms") ? "simplenorm" : name.EndsWith("_rms", StringComparison.Ordinal) ? "rmsnorm2d" : "layernorm"));
        arguments.Require("norm_layer", style.Norm is "layernorm" or "layernorm2d" or "rmsnorm" or "rmsnorm2d" or "simplenorm" or "simplenorm2d");
        arguments.Require("output_stride", arguments.Int("output_stride", 32) == 32);
        // Behind a larger patch the original spreads the windows of the last stages.
        arguments.Require("patch_size", arguments.Int("patch_size", 4) <= 4);
        arguments.ToldByWeights("depths", "dims", "kernel_sizes", "ls_init_value", "stem_type", "head_norm_first", "head_hidden_size", "conv_mlp", "conv_bias", "use_grn");

        var x = Stem(arguments.Images(graph), weights["stem"], style);
        var stages = weights.Count("stages");
        for (var stage = 0; stage < stages; stage++)
        {
            var layer = weights[$"stages.{stage}"];
            if (layer.Has("downsample"))
                x = style.NormalizeMap(x, layer["downsample.0"]).ConvolvePatches(layer["downsample.1"]);
            var depth = layer.Count("blocks");
            for (var i = 0; i < depth; i++)
                x = Block(x, layer[$"blocks.{i}"], style);
        }
        if (weights.Has("norm_pre"))
            x = style.NormalizeMap(x, weights["norm_pre"]);
        var pooled = x.GlobalPool(arguments.GlobalPool());
        var head = weights["head"];
        if (head.Has("norm"))
            pooled = pooled.Rank == 4 ? style.NormalizeMap(pooled, head["norm"]) : style.Normalize(pooled, head["norm"]);
        if (head.Has("pre_logits"))
            pooled = (pooled.Rank == 4 ? pooled.ConvolveCentered(head["pre_logits.fc"]) : pooled.Linear(head["pre_logits.fc"])).Activate("gelu");
        return new TimmOutputs(x, pooled, "head.fc");
    }

    // One convolution of patches, or two that overlap.
    private static Value Stem(Value x, Weights weights, Style style)
    {
        if (weights.Get("1.weight").Rank == 1)
            return style.NormalizeMap(x.ConvolvePatches(weights["0"]), weights["1"]);
        x = x.ConvolveCentered(weights["0"], stride: 2);
        return weights.Has("3") ? style.NormalizeMap(x.Activate(style.Activation).ConvolveCentered(weights["2"], stride: 2), weights["3"])
            : style.NormalizeMap(x.ConvolveCentered(weights["1"], stride: 2), weights["2"]);
    }

    private static Value Block(Value x, Weights weights, Style style)
    {
        var y = x.ConvolveCentered(weights["conv_dw"]);
        var (mlp, scale) = (weights["mlp"], weights.Find("gamma"));
        // Small models keep projections as convolutions.
        if (mlp.Get("fc1.weight").Rank == 4)
        {
            y = style.NormalizeMap(y, weights["norm"]).ConvolveCentered(mlp["fc1"]).Activate(style.Activation);
            y = NormalizeResponses(y, mlp, spatial: (2, 3), channels: 1).ConvolveCentered(mlp["fc2"]);
        }
        else
        {
            y = style.Normalize(y.ChannelsLast(), weights["norm"]);
            if (!mlp.Has("grn"))
                return x.AddChannelPerceptron(y, mlp["fc1"], mlp["fc2"], z => z.Activate(style.Activation), scale);
            y = y.Linear(mlp["fc1"]).Activate(style.Activation);
            y = NormalizeResponses(y, mlp, spatial: (1, 2), channels: 3).Linear(mlp["fc2"]).ChannelsFirst();
        }
        return (scale is not null ? y * scale.Reshape(1, y.Dim(1), 1, 1) : y) + x;
    }

    // The second version lets channels compete: x + bias + weight * x * (norm over places / mean norm over channels).
    private static Value NormalizeResponses(Value x, Weights weights, (int Y, int X) spatial, int channels)
    {
        if (!weights.Has("grn"))
            return x;
        var norm = x.Norm(spatial.X, keep: true).Norm(spatial.Y, keep: true);
        var relative = norm / (norm.Mean(channels, keep: true) + 1e-6f);
        Value Shaped(string name) => weights.Get(name) is var vector && channels == 1 ? vector.Reshape(1, x.Dim(1), 1, 1) : vector;
        return x * (Shaped("grn.weight") * relative + 1f) + Shaped("grn.bias"); // x comes back in the factor: each pass over it costs
    }
}
