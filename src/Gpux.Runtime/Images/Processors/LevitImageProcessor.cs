using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>LeViT: the shorter side to 256/224 of a size, then the middle.</summary>
internal static class LevitImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(224), ResampleFilter.Bicubic, StandardProcessor.ImageNet)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults,
        (image, size) => size.ShortestEdge > 0
            ? ResizeRules.ShortestEdge(image, (int)(256 / 224.0 * size.ShortestEdge))
            : size.Resize(image));
}
