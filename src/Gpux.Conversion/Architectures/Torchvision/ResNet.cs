using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <summary>ResNet, ResNeXt and wide ResNet, whose weights have timm's names.</summary>
/// <remarks>Source: arXiv:1512.03385, 1611.05431; outputs of torchvision 0.29, models/resnet.py.</remarks>
internal static class ResNet
{
    public static TorchvisionFamily Family { get; } = new(
        "resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d wide_resnet50_2 wide_resnet101_2",
        ModelTask.ImageClassification,
        (graph, _, weights) => Timm.ResNet.Features(TorchvisionEntry.Images(graph), weights).GlobalPool("avg").Linear(weights["fc"]));
}
