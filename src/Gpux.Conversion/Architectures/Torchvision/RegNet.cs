using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>RegNet X and Y: bottlenecks with groups and, in Y, attention over channels.</summary>
/// <remarks>Source: arXiv:2003.13678; outputs of torchvision 0.29, models/regnet.py.</remarks>
internal static class RegNet
{
    private const float Epsilon = 1e-5f;

    public static TorchvisionFamily Family { get; } = new("""
        regnet_y_400mf regnet_y_800mf regnet_y_1_6gf regnet_y_3_2gf regnet_y_8gf regnet_y_16gf regnet_y_32gf regnet_y_128gf
        regnet_x_400mf regnet_x_800mf regnet_x_1_6gf regnet_x_3_2gf regnet_x_8gf regnet_x_16gf regnet_x_32gf
        """, ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var x = Layer(TorchvisionEntry.Images(graph), weights["stem"], 2).Relu();
        for (var stage = 1; weights.Has($"trunk_output.block{stage}"); stage++)
            for (var i = 0; weights.Has($"trunk_output.block{stage}.block{stage}-{i}"); i++)
                x = Block(x, weights[$"trunk_output.block{stage}.block{stage}-{i}"], i == 0 ? 2 : 1);
        return x.GlobalPool("avg").Linear(weights["fc"]);
    }

    private static Value Block(Value x, Weights weights, int stride)
    {
        var layers = weights["f"];
        var y = Layer(Layer(x, layers["a"]).Relu(), layers["b"], stride).Relu().Attend(layers, "se");
        return (Layer(y, layers["c"]) + (weights.Has("proj") ? Layer(x, weights["proj"], stride) : x)).Relu();
    }

    private static Value Layer(Value x, Weights weights, int stride = 1) => x.ConvolveCentered(weights["0"], stride).Normalize(weights["1"], Epsilon);
}
