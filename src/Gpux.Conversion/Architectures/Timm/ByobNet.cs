using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Networks of timm's kit of residual blocks, which their layers' names tell apart.</summary>
/// <remarks>Source: outputs of timm 1.0, models/byobnet.py.</remarks>
internal static class ByobNet
{
    private const float Epsilon = 1e-5f;

    public static TimmFamily Family { get; } = new("gernet_l gernet_m gernet_s test_byobnet", Build);

    private static TimmOutputs Build(GraphBuilder graph, TimmArguments arguments, Weights weights)
    {
        var activation = arguments.Text("act_layer", "relu");
        arguments.ToldByWeights("width_factor", "stem_chs", "attn_layer", "attn_kwargs", "downsample");
        arguments.Require("output_stride", arguments.Int("output_stride", 32) == 32);
        var x = Layer(arguments.Images(graph), weights["stem"], 2).Activate(activation);
        var stages = weights.Count("stages");
        for (var stage = 0; stage < stages; stage++)
        {
            var depth = weights.Count($"stages.{stage}");
            for (var i = 0; i < depth; i++)
                x = Block(x, weights[$"stages.{stage}.{i}"], i == 0 ? 2 : 1, activation);
        }
        if (weights.Has("final_conv"))
            x = Layer(x, weights["final_conv"]).Activate(activation);
        return new TimmOutputs(x, x.GlobalPool(arguments.GlobalPool()), "head.fc");
    }

    private static Value Block(Value x, Weights weights, int stride, string activation)
    {
        Value Inner(Value value, string name, int by = 1) => Layer(value, weights[name], by).Activate(activation);
        Value Attend(Value value) => value.Attend(weights, "attn");
        var y = (weights.Has("conv1_kxk"), weights.Has("conv2_1x1"), weights.Has("conv3_1x1")) switch
        {
            (true, false, _) => Layer(Attend(Inner(x, "conv1_kxk", stride)), weights["conv2_kxk"]), // basic
            (true, true, _) => Layer(Attend(Inner(x, "conv1_kxk", stride)), weights["conv2_1x1"]), // edge
            (false, _, true) => Layer(Attend(Middle(Inner(x, "conv1_1x1"))), weights["conv3_1x1"]), // bottleneck
            (false, _, false) => Layer(Attend(Inner(x, "conv1_1x1")), weights["conv2_kxk"], stride), // dark
        };
        y = y.Attend(weights, "attn_last");
        var shortcut = weights["shortcut"];
        if (shortcut.Has("conv.conv"))
            y += Layer(stride > 1 ? x.AveragePool2D(2, stride, ceil: true) : x, shortcut["conv"]);
        else if (shortcut.Has("conv"))
            y += Layer(x, shortcut, stride);
        else if (stride == 1 && x.Dim(1) == y.Dim(1))
            y += x;
        return y.Activate(activation);

        Value Middle(Value value) => Inner(value, "conv2_kxk", stride) is var middle && weights.Has("conv2b_kxk") ? Inner(middle, "conv2b_kxk") : middle;
    }

    private static Value Layer(Value x, Weights weights, int stride = 1) => x.ConvolveCentered(weights["conv"], stride).Normalize(weights["bn"], Epsilon);
}
