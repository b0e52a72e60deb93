using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>EfficientNet, MobileNet and their kin: stages of inverted residuals that blocks' weights describe but for strides and functions.</summary>
/// <remarks>Source: arXiv:1905.11946, 2104.00298, 1801.04381, 1905.02244, 2404.10518; outputs of timm 1.0, models/efficientnet.py, mobilenetv3.py
/// and _efficientnet_builder.py.</remarks>
internal static class EfficientNet
{
    /// <summary>What the weights of an entry do not tell.</summary>
    /// <param name="Strides">Of the first block of each stage.</param>
    /// <param name="Activation">Of all layers but those of the first <paramref name="ReluStages"/> stages, whose blocks have ReLU.</param>
    /// <param name="Gate">The function that ends attention over channels, and <paramref name="Squeezed"/> that in its middle, if it is not the block's.</param>
    /// <param name="FirstSkips">Whether the first stage's blocks have a shortcut.</param>
    /// <param name="GroupSize">Of normalisation by groups.</param>
    /// <param name="ConvSkips">Whether blocks of one convolution have a shortcut.</param>
    private sealed record Layout(string Entries, string Strides, string Activation, int ReluStages = 0, string Gate = "sigmoid", string? Squeezed = null,
        bool FirstSkips = true, bool IsPlain = false, int GroupSize = 8, Norms Norms = Norms.GroupsOrStatistics, bool ConvSkips = false);

    // How maps are normalised: as the weights tell, by the channels of each place, or by EvoNorm S0 (arXiv:2004.02967), which has its own function.
    private enum Norms { GroupsOrStatistics, Channels, Evolved }

    private static readonly Layout[] Layouts =
    [
        new("""
            efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7
            efficientnet_b8 efficientnet_l2 efficientnet_b1_pruned efficientnet_b2_pruned efficientnet_b3_pruned efficientnet_b0_gn efficientnet_b0_g8_gn
            efficientnet_b0_g16_evos
            tf_efficientnet_b0 tf_efficientnet_b1 tf_efficientnet_b2 tf_efficientnet_b3 tf_efficientnet_b4 tf_efficientnet_b5 tf_efficientnet_b6
            tf_efficientnet_b7 tf_efficientnet_b8 tf_efficientnet_l2 tinynet_a tinynet_b tinynet_c tinynet_d tinynet_e
            """, "1222121", "silu"),
        new("efficientnet_b3_gn efficientnet_b3_g8_gn", "1222121", "silu", GroupSize: 16),
        new("""
            efficientnet_lite0 efficientnet_lite1 efficientnet_lite2 efficientnet_lite3 efficientnet_lite4
            tf_efficientnet_lite0 tf_efficientnet_lite1 tf_efficientnet_lite2 tf_efficientnet_lite3 tf_efficientnet_lite4
            mobilenetv2_035 mobilenetv2_050 mobilenetv2_075 mobilenetv2_100 mobilenetv2_140 mobilenetv2_110d mobilenetv2_120d
            """, "1222121", "relu6"),
        new("""
            efficientnetv2_rw_t efficientnetv2_rw_s efficientnetv2_rw_m efficientnetv2_s efficientnetv2_m efficientnetv2_l efficientnetv2_xl
            tf_efficientnetv2_s tf_efficientnetv2_m tf_efficientnetv2_l tf_efficientnetv2_xl tf_efficientnetv2_b0 tf_efficientnetv2_b1
            tf_efficientnetv2_b2 tf_efficientnetv2_b3
            """, "1222121", "silu", ConvSkips: true),
        new("""
            efficientnet_es efficientnet_es_pruned efficientnet_em efficientnet_el efficientnet_el_pruned
            tf_efficientnet_es tf_efficientnet_em tf_efficientnet_el
            """, "122212", "relu", FirstSkips: false),
        new("test_efficientnet test_efficientnet_gn", "12222", "silu", ConvSkips: true),
        new("test_efficientnet_ln", "12222", "silu", Norms: Norms.Channels, ConvSkips: true),
        new("test_efficientnet_evos", "12222", "silu", Norms: Norms.Evolved, ConvSkips: true),
        new("mobilenetv1_100 mobilenetv1_100h mobilenetv1_125", "12222", "relu6", IsPlain: true),
        new("mnasnet_050 mnasnet_075 mnasnet_100 mnasnet_140 semnasnet_050 semnasnet_075 semnasnet_100 semnasnet_140 spnasnet_100",
            "1222121", "relu", FirstSkips: false),
        new("mnasnet_small fbnetc_100", "1222121", "relu"),
        new("""
            mobilenetv3_large_075 mobilenetv3_large_100 mobilenetv3_large_150d tf_mobilenetv3_large_075 tf_mobilenetv3_large_100
            """, "1222121", "hard_swish", ReluStages: 3, "hard_sigmoid", "relu"),
        new("mobilenetv3_rw", "1222121", "hard_swish", ReluStages: 3, "hard_sigmoid", FirstSkips: false),
        new("mobilenetv3_small_050 mobilenetv3_small_075 mobilenetv3_small_100 tf_mobilenetv3_small_075 tf_mobilenetv3_small_100",
            "222121", "hard_swish", ReluStages: 2, "hard_sigmoid", "relu"),
        new("tf_mobilenetv3_large_minimal_100", "1222121", "relu"),
        new("tf_mobilenetv3_small_minimal_100", "222121", "relu"),
        new("fbnetv3_b fbnetv3_d fbnetv3_g", "1222121", "hard_swish", 0, "hard_sigmoid"),
        new("lcnet_035 lcnet_050 lcnet_075 lcnet_100 lcnet_150", "122212", "hard_swish", 0, "hard_sigmoid", "relu", IsPlain: true),
        new("mobilenetv4_conv_small_035 mobilenetv4_conv_small_050 mobilenetv4_conv_small mobilenetv4_conv_medium mobilenetv4_conv_large", "22221", "relu"),
    ];

    public static TimmFamily Family { get; } = new(string.Join('\n', Layouts.Select(layout => layout.Entries)), Build);

    // What all blocks of a model share.
    private sealed record Style(Layout Layout, string Activation, float Epsilon, bool Same)
    {
        /// <summary>A convolution, its normalisation and, unless null, a function.</summary>
        public Value Convolve(Value x, Weights weights, string name, string norm, int stride = 1, string? activation = null) =>
            Normalize(x.ConvolveCentered(weights[name], stride, Same), weights[norm], activation);

        public Value Normalize(Value x, Weights weights, string? activation)
        {
            var groups = (int)(x.Dim(1).Size!.Value / Layout.GroupSize); // of a convolution
            if (Layout.Norms == Norms.Evolved)
                return Evolve(x, weights, groups);
            var normed = Layout.Norms == Norms.Channels ? x.ChannelNorm(weights, Epsilon) : x.Normalize(weights, Epsilon, groups);
            return activation is null ? normed : normed.Activate(activation);
        }

        // Where no function follows, nothing is normalised either.
        private Value Evolve(Value x, Weights weights, int groups)
        {
            Value PerChannel(string name) => weights.Get(name).Reshape(1, x.Dim(1), 1, 1);
            if (!weights.Has("v"))
                return x * PerChannel("weight") + PerChannel("bias");
            var grouped = x.Reshape(x.Dim(0), groups, Dim.Rest);
            var variance = (grouped - grouped.Mean(axis: 2, keep: true)).Power(2).Mean(axis: 2, keep: true);
            var gated = (x * (x * PerChannel("v")).Sigmoid()).Reshape(x.Dim(0), groups, Dim.Rest) / (variance + Epsilon).Sqrt();
            return gated.Reshape([.. x.Dims]) * PerChannel("weight") + PerChannel("bias");
        }
    }

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var layout = Array.Find(Layouts, layout => layout.Entries.Split((char[])[' ', '\n']).Contains(arguments.Name))!; // one of the family's names
        // TensorFlow's models keep its padding and epsilon.
        var isTensorFlow = arguments.Name.StartsWith("tf_", StringComparison.Ordinal) || arguments.Name is "efficientnet_b1_pruned" or "efficientnet_b2_pruned" or "efficientnet_b3_pruned";
        var epsilon = arguments.Float("bn_eps", isTensorFlow || arguments.Name is "mobilenetv3_rw" or "fbnetc_100" ? 1e-3f : 1e-5f);
        var same = arguments.Text("pad_type", isTensorFlow ? "same" : "").ToLowerInvariant() switch
        {
            "same" => true,
            "" => false,
            _ => Refuse(arguments, "pad_type"),
        };
        arguments.ToldByWeights("stem_size", "fix_stem", "head_bias", "channel_multiplier", "depth_multiplier", "head_conv", "head_norm", "group_size", "se_from_exp");
        arguments.Require("output_stride", arguments.Int("output_stride", 32) == 32);
        var style = new Style(layout, arguments.Text("act_layer", layout.Activation), epsilon, same);

        var x = style.Convolve(arguments.Images(graph), weights, "conv_stem", "bn1", stride: 2, style.Activation);
        var blocks = weights["blocks"];
        for (var stage = 0; blocks.Has($"{stage}"); stage++)
        {
            var activation = stage < layout.ReluStages ? "relu" : style.Activation;
            var stride = stage < layout.Strides.Length ? layout.Strides[stage] - '0' : 1;
            for (var i = 0; blocks.Has($"{stage}.{i}"); i++)
                x = Block(x, blocks[$"{stage}.{i}"], style, activation, i == 0 ? stride : 1, skips: stage > 0 || layout.FirstSkips);
        }
        var pool = arguments.GlobalPool();
        if (weights.Has("bn2"))
        {
            x = style.Convolve(x, weights, "conv_head", "bn2", activation: style.Activation);
            return new TimmOutputs(x, x.GlobalPool(pool), "classifier");
        }
        var pooled = x.GlobalPool(pool);
        if (weights.Has("conv_head"))
        {
            // From MobileNetV3 on the last convolution is of what was pooled.
            var isMap = pooled.Rank == 4;
            pooled = (isMap ? pooled : pooled.Unsqueeze(2, 3)).ConvolveCentered(weights["conv_head"]);
            pooled = weights.Has("norm_head") ? style.Normalize(pooled, weights["norm_head"], style.Activation) : pooled.Activate(style.Activation);
            pooled = isMap ? pooled : pooled.Squeeze(2, 3);
        }
        return new TimmOutputs(x, pooled, "classifier");
    }

    private static Value Block(Value x, Weights weights, Style style, string activation, int stride, bool skips)
    {
        var y = weights.Has("conv_pwl") && weights.Has("conv_pw") ? Inverted(x, weights, style, activation, stride)
            : weights.Has("conv_exp") ? Edge(x, weights, style, activation, stride)
            : weights.Has("pw_exp") ? Universal(x, weights, style, activation, stride)
            : weights.Has("conv_dw") ? Separable(x, weights, style, activation, stride)
            : style.Convolve(x, weights, "conv", "bn1", stride, activation);
        // Separable blocks with a function at their end have no shortcut.
        skips &= stride == 1 && x.Dim(1) == y.Dim(1) && !style.Layout.IsPlain && (style.Layout.ConvSkips || !weights.Has("conv"));
        return skips ? y + x : y;
    }

    private static Value Inverted(Value x, Weights weights, Style style, string activation, int stride)
    {
        x = style.Convolve(x, weights, "conv_pw", "bn1", activation: activation);
        x = style.Convolve(x, weights, "conv_dw", "bn2", stride, activation);
        return style.Convolve(Excite(x, weights, style, activation), weights, "conv_pwl", "bn3");
    }

    private static Value Edge(Value x, Weights weights, Style style, string activation, int stride)
    {
        x = style.Convolve(x, weights, "conv_exp", "bn1", stride, activation);
        return style.Convolve(Excite(x, weights, style, activation), weights, "conv_pwl", "bn2");
    }

    private static Value Separable(Value x, Weights weights, Style style, string activation, int stride)
    {
        x = style.Convolve(x, weights, "conv_dw", "bn1", stride, activation);
        return style.Convolve(Excite(x, weights, style, activation), weights, "conv_pw", "bn2", activation: style.Layout.IsPlain ? activation : null);
    }

    private static Value Universal(Value x, Weights weights, Style style, string activation, int stride)
    {
        Value Layer(Value value, string name, int by = 1, string? activation = null) => style.Convolve(value, weights[name], "conv", "bn", by, activation);
        var (start, middle) = (weights.Has("dw_start"), weights.Has("dw_mid"));
        // The middle strides; where there is none, what comes first.
        if (start)
            x = Layer(x, "dw_start", middle ? 1 : stride);
        x = Layer(x, "pw_exp", activation: activation);
        if (middle)
            x = Layer(x, "dw_mid", stride, activation);
        x = Layer(Excite(x, weights, style, activation), "pw_proj");
        if (weights.Has("dw_end"))
            x = Layer(x, "dw_end", start || middle ? 1 : stride);
        return weights.Has("layer_scale") ? x * weights.Get("layer_scale.gamma").Reshape(1, x.Dim(1), 1, 1) : x;
    }

    private static Value Excite(Value x, Weights weights, Style style, string activation) => !weights.Has("se") ? x
        : x.SqueezeExcite(weights["se.conv_reduce"], weights["se.conv_expand"], y => y.Activate(style.Layout.Squeezed ?? activation), y => y.Activate(style.Layout.Gate));

    private static bool Refuse(TimmArguments arguments, string name)
    {
        arguments.Require(name, isBuilt: false);
        return false;
    }
}
