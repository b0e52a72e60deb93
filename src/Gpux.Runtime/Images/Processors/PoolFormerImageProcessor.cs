using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>PoolFormer: so large that the crop is crop_pct of it.</summary>
internal static class PoolFormerImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(224), ResampleFilter.Bicubic, StandardProcessor.ImageNet)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var cropped = ConvNextImageProcessor.CropPart(context.Config, 0.9);
        return StandardProcessor.Create(context, Defaults, (image, size) => Resize(image, size, cropped));
    }

    private static ImageSize Resize(ImageSize image, ProcessorSize size, double cropped) =>
        size.ShortestEdge > 0 ? ResizeRules.ShortestEdge(image, (int)(size.ShortestEdge / cropped))
        : size.Height == size.Width ? ResizeRules.ShortestEdge(image, (int)(size.Height / cropped))
        : new ImageSize((int)(size.Width / cropped), (int)(size.Height / cropped));
}
