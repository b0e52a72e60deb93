using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Networks without normalisation of activations: kernels are standardised instead, and the variance of sums is kept by constants.</summary>
/// <remarks>Source: arXiv:2101.08692, 2102.06171; outputs of timm 1.0, models/nfnet.py and layers/std_conv.py.</remarks>
internal static class NormFreeNet
{
    public static TimmFamily Family { get; } = new("""
        dm_nfnet_f0 dm_nfnet_f1 dm_nfnet_f2 dm_nfnet_f3 dm_nfnet_f4 dm_nfnet_f5 dm_nfnet_f6 nfnet_f0 nfnet_f1 nfnet_f2 nfnet_f3 nfnet_f4 nfnet_f5
        nfnet_f6 nfnet_f7 nfnet_l0 eca_nfnet_l0 eca_nfnet_l1 eca_nfnet_l2 eca_nfnet_l3 nf_regnet_b0 nf_regnet_b1 nf_regnet_b2 nf_regnet_b3
        nf_regnet_b4 nf_regnet_b5 nf_resnet26 nf_resnet50 nf_resnet101 nf_seresnet26 nf_seresnet50 nf_seresnet101 nf_ecaresnet26 nf_ecaresnet50
        nf_ecaresnet101 test_nfnet
        """, Build);

    /// <param name="Gamma">What makes the activation keep variance: a factor of kernels or, in the first models, of the function itself.</param>
    /// <param name="Epsilon">Of the variance of kernels.</param>
    /// <param name="Alpha">How much of itself a block adds to its input.</param>
    /// <param name="Gain">What attention over channels takes away.</param>
    /// <param name="IsSame">Whether padding is TensorFlow's.</param>
    private sealed record Style(string Activation, float Gamma, bool GammaActs, double Epsilon, float Alpha, float Gain, bool IsSame)
    {
        public Value Activate(Value x) => GammaActs ? x.Activate(Activation) * Gamma : x.Activate(Activation);

        /// <summary>Convolution by a kernel whose every output has mean 0 and a variance that is learned.</summary>
        public Value Convolve(Value x, Weights weights, int stride = 1) =>
            x.ConvolveCentered(Standardized(weights), weights.Find("bias"), stride, IsSame);

        // In float64, and rounded once: activations of such a network grow to thousands, where every digit of a kernel shows.
        private Value Standardized(Weights weights)
        {
            var stored = weights.Get("weight");
            if (stored.Rank != 4 || stored.Dims.Any(dim => dim.Size is null or 0))
                throw new GraphException("conv", $"{stored} is no kernel of a two-dimensional convolution.");
            var (graph, count) = (stored.Graph, stored.Dim(0));
            var rows = stored.Reshape(count, Dim.Rest).Cast(ElementType.Float64);
            var fan = rows.Dim(1).Size!.Value; // checked
            var centred = rows - rows.Mean(axis: 1, keep: true);
            var deviation = ((centred * centred).Mean(axis: 1, keep: true) + graph.Scalar(Epsilon, ElementType.Float64)).Sqrt();
            var gain = weights.Get("gain").Reshape(count, 1).Cast(ElementType.Float64) * graph.Scalar((GammaActs ? 1 : Gamma) / Math.Sqrt(fan), ElementType.Float64);
            return (centred / deviation * gain).Cast(ElementType.Float32).Reshape([.. stored.Dims]);
        }
    }

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var name = arguments.Name;
        bool Is(string prefix) => name.StartsWith(prefix, StringComparison.Ordinal);
        var isFirst = Is("dm_"); // with the weights of the authors
        var isResNet = Is("nf_") && name.Contains("resnet");
        var activation = arguments.Text("act_layer", isResNet ? "relu" : isFirst || Is("nfnet_f") ? "gelu" : "silu");
        var style = new Style(activation, Gamma(activation), arguments.Bool("gamma_in_act", isFirst), arguments.Double("std_conv_eps", 1e-5),
            arguments.Float("alpha", 0.2f), arguments.Float("attn_gain", 2), arguments.Bool("same_padding", isFirst));
        var hasPool = arguments.Text("stem_type", isResNet ? "7x7_pool" : "").EndsWith("_pool", StringComparison.Ordinal);
        arguments.ToldByWeights("depths", "channels", "stem_chs", "group_size", "bottle_ratio", "width_factor", "ch_div", "reg", "extra_conv", "skipinit", "attn_kwargs", "zero_init_fc");
        arguments.Require("attn_layer", arguments.Text("attn_layer", "se") is "se" or "eca");
        arguments.Require("output_stride", arguments.Int("output_stride", 32) == 32);

        var (x, stemStride) = Stem(arguments.Images(graph), weights["stem"], style, hasPool);
        var variance = 1f;
        var stages = weights.Count("stages");
        for (var stage = 0; stage < stages; stage++)
        {
            var depth = weights.Count($"stages.{stage}");
            for (var i = 0; i < depth; i++)
            {
                var stride = i == 0 && (stage > 0 || stemStride == 2) ? 2 : 1;
                x = Block(x, weights[$"stages.{stage}.{i}"], style, stride, 1 / MathF.Sqrt(variance));
                // A stage begins with a projection, which resets the variance.
                variance = (i == 0 ? 1 : variance) + style.Alpha * style.Alpha;
            }
        }
        if (weights.Has("final_conv"))
            x = style.Convolve(x, weights["final_conv"]);
        x = style.Activate(x);
        return new TimmOutputs(x, x.GlobalPool(arguments.GlobalPool()), "head.fc");
    }

    // One convolution, or several of which the first strides, and the fourth.
    private static (Value Map, int Stride) Stem(Value x, Weights weights, Style style, bool hasPool)
    {
        if (weights.Has("conv"))
            x = style.Convolve(x, weights["conv"], stride: 2);
        for (var i = 1; weights.Has($"conv{i}"); i++)
            x = style.Convolve(i > 1 ? style.Activate(x) : x, weights[$"conv{i}"], i is 1 or 4 ? 2 : 1);
        return hasPool ? (x.MaxPool2D(3, stride: 2, padding: 1), 4) : (x, weights.Has("conv4") ? 4 : 2);
    }

    private static Value Block(Value x, Weights weights, Style style, int stride, float beta)
    {
        var y = style.Activate(x) * beta;
        var shortcut = weights.Has("downsample") ? style.Convolve(stride > 1 ? y.AveragePool2D(2, stride, ceil: true) : y, weights["downsample.conv"]) : x;
        y = style.Convolve(y, weights["conv1"]);
        y = style.Convolve(style.Activate(y), weights["conv2"], stride);
        if (weights.Has("conv2b"))
            y = style.Convolve(style.Activate(y), weights["conv2b"]);
        if (weights.Has("attn"))
            y = y.Attend(weights, "attn") * style.Gain;
        y = style.Convolve(style.Activate(y), weights["conv3"]);
        if (weights.Has("attn_last"))
            y = y.Attend(weights, "attn_last") * style.Gain;
        if (weights.Find("skipinit_gain") is { } gain)
            y *= gain;
        return y * style.Alpha + shortcut;
    }

    // Of the original's table, those that its models use.
    private static float Gamma(string activation) => activation switch
    {
        "gelu" => 1.7015043497085571f,
        "relu" => 1.7139588594436646f,
        "relu6" => 1.7131484746932983f,
        "silu" => 1.7881293296813965f,
        "leaky_relu" => 1.70590341091156f,
        "sigmoid" => 4.803835391998291f,
        "tanh" => 1.5939117670059204f,
        "identity" => 1,
        _ => throw new UnsupportedModelException($"Networks without normalisation are not built with the activation function '{activation}'.",
            "Take a model with gelu, relu or silu."),
    };
}
