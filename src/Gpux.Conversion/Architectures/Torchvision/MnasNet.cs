using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>MNASNet: inverted residuals with ReLU.</summary>
/// <remarks>Source: arXiv:1807.11626; outputs of torchvision 0.29, models/mnasnet.py.</remarks>
internal static class MnasNet
{
    private const float Epsilon = 1e-5f;

    // Of the stacks that are the layers 8 to 13.
    private static readonly int[] Strides = [2, 2, 2, 1, 2, 1];

    public static TorchvisionFamily Family { get; } = new("mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3", ModelTask.ImageClassification, Build);

    private static Value Build(GraphBuilder graph, TorchvisionEntry entry, Weights weights)
    {
        var layers = weights["layers"];
        var x = Layer(TorchvisionEntry.Images(graph), layers, 0, stride: 2).Relu();
        x = Layer(Layer(x, layers, 3).Relu(), layers, 6);
        for (var stack = 0; stack < Strides.Length; stack++)
            for (var i = 0; layers.Has($"{stack + 8}.{i}"); i++)
                x = Block(x, layers[$"{stack + 8}.{i}.layers"], i == 0 ? Strides[stack] : 1);
        return Layer(x, layers, 14).Relu().GlobalPool("avg").Linear(weights["classifier.1"]);
    }

    private static Value Block(Value x, Weights weights, int stride)
    {
        var y = Layer(Layer(Layer(x, weights, 0).Relu(), weights, 3, stride).Relu(), weights, 6);
        return stride == 1 && x.Dim(1) == y.Dim(1) ? y + x : y;
    }

    // The convolution of a number, and the normalisation of the next.
    private static Value Layer(Value x, Weights weights, int number, int stride = 1) =>
        x.ConvolveCentered(weights[$"{number}"], stride).Normalize(weights[$"{number + 1}"], Epsilon);
}
