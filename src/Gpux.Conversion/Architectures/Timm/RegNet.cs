using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>RegNet: bottlenecks with groups and, in Y and Z, attention over channels.</summary>
/// <remarks>Source: arXiv:2003.13678; outputs of timm 1.0, models/regnet.py.</remarks>
internal static class RegNet
{
    private const float Epsilon = 1e-5f;

    public static TimmFamily Family { get; } = new("""
        regnetx_002 regnetx_004 regnetx_004_tv regnetx_006 regnetx_008 regnetx_016 regnetx_032 regnetx_040 regnetx_064 regnetx_080 regnetx_120
        regnetx_160 regnetx_320 regnety_002 regnety_004 regnety_006 regnety_008 regnety_008_tv regnety_016 regnety_032 regnety_040 regnety_064
        regnety_080 regnety_080_tv regnety_120 regnety_160 regnety_320 regnety_640 regnety_1280 regnety_2560 regnetz_005 regnetz_040 regnetz_040_h
        """, Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var isZ = arguments.Name.StartsWith("regnetz", StringComparison.Ordinal);
        var activation = arguments.Text("act_layer", isZ ? "silu" : "relu");
        var isLinear = arguments.Bool("linear_out", isZ);
        arguments.ToldByWeights("depth", "w0", "wa", "wm", "group_size", "group_min_ratio", "bottle_ratio", "se_ratio", "stem_width", "downsample");
        arguments.Require("output_stride", arguments.Int("output_stride", 32) == 32);

        var x = Layer(arguments.Images(graph), weights["stem"], 2).Activate(activation);
        for (var stage = 1; weights.Has($"s{stage}"); stage++)
            for (var i = 1; weights.Has($"s{stage}.b{i}"); i++)
                x = Block(x, weights[$"s{stage}.b{i}"], i == 1 ? 2 : 1, activation, isLinear);
        if (weights.Has("final_conv"))
            x = Layer(x, weights["final_conv"]).Activate(activation);
        else if (isLinear)
            x = x.Activate(activation);
        return new TimmOutputs(x, x.GlobalPool(arguments.GlobalPool()), "head.fc");
    }

    private static Value Block(Value x, Weights weights, int stride, string activation, bool isLinear)
    {
        var y = Layer(x, weights["conv1"]).Activate(activation);
        y = Layer(y, weights["conv2"], stride).Activate(activation);
        y = Layer(y.Attend(weights, "se", activation), weights["conv3"]);
        var shortcut = weights["downsample"];
        if (shortcut.Has("1"))
            y += Layer(stride > 1 ? x.AveragePool2D(2, stride, ceil: true) : x, shortcut["1"]);
        else if (shortcut.Has("conv"))
            y += Layer(x, shortcut, stride);
        else if (stride == 1 && x.Dim(1) == y.Dim(1))
            y += x;
        return isLinear ? y : y.Activate(activation);
    }

    private static Value Layer(Value x, Weights weights, int stride = 1) => x.ConvolveCentered(weights["conv"], stride).Normalize(weights["bn"], Epsilon);
}
