using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>ResNet by timm's names of modules, as the first checkpoints of DETR and its kin hold it.</summary>
/// <remarks>Source: arXiv:1512.03385; timm 1.0, resnet.py: stride and dilation are in the 3 x 3 convolution.</remarks>
internal static class TimmResNet
{
    /// <summary>What the four stages make of the image: [B, channels, height, width] each.</summary>
    /// <param name="isDilated">Whether the last stage spreads its kernels instead of making the map smaller.</param>
    public static IReadOnlyList<Value> Maps(GraphBuilder graph, Weights weights, int channels, bool isDilated)
    {
        weights.Ignore("fc");
        var x = graph.Pixels(channels).Convolve(weights["conv1"], stride: 2).BatchNorm(weights["bn1"]).Relu().MaxPool2D(size: 3, stride: 2, padding: 1);
        var maps = new List<Value>();
        for (var stage = 1; stage <= 4; stage++)
        {
            var blocks = weights[$"layer{stage}"];
            var isSpread = isDilated && stage == 4;
            for (var i = 0; i == 0 || blocks.Has($"{i}"); i++)
                x = Block(x, blocks[$"{i}"], stride: i == 0 && stage > 1 && !isSpread ? 2 : 1, dilation: i > 0 && isSpread ? 2 : 1);
            maps.Add(x);
        }
        return maps;
    }

    private static Value Block(Value x, Weights weights, int stride, int dilation)
    {
        var shortcut = weights.Has("downsample") ? x.Convolve(weights["downsample.0"], stride).BatchNorm(weights["downsample.1"]) : x;
        if (weights.Has("conv3"))
        {
            x = x.Convolve(weights["conv1"]).BatchNorm(weights["bn1"]).Relu()
                .Convolve(weights["conv2"], stride, dilation: dilation).BatchNorm(weights["bn2"]).Relu()
                .Convolve(weights["conv3"]).BatchNorm(weights["bn3"]);
        }
        else
        {
            x = x.Convolve(weights["conv1"], stride, dilation: dilation).BatchNorm(weights["bn1"]).Relu()
                .Convolve(weights["conv2"], dilation: dilation).BatchNorm(weights["bn2"]);
        }
        return (x + shortcut).Relu();
    }
}
