using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>ConvNeXT, ResNet, RegNet: from 384 on to a square; below, so large that the square is crop_pct of it, then the
/// middle.</summary>
internal static class ConvNextImageProcessor
{
    private const int LeastThatIsNotCropped = 384;

    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(384), ResampleFilter.Bicubic, StandardProcessor.Centered);

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var edge = StandardProcessor.Size(context.Config, Defaults).ShortestEdge;
        var cropped = CropPart(context.Config, 224 / 256.0);
        var steps = StandardProcessor.Create(context, Defaults);
        if (!context.Config.Flag("do_resize", true))
            return steps;
        if (edge == 0)
            throw context.Config.Invalid("size has no shortest_edge");
        if (context.Config.Flag("do_center_crop", false))
            throw new UnsupportedImageProcessorException(context.Type, "a second crop");
        return steps with
        {
            Plan = image => edge >= LeastThatIsNotCropped
                ? ResizePlan.Whole(new ImageSize(edge, edge))
                : ResizePlan.CenterCrop(
                    ResizeRules.ShortestEdge(image, (int)(edge / cropped)), new ImageSize(edge, edge), context.Backend),
        };
    }

    /// <summary>crop_pct: the part of the resized image that the crop keeps, more than 0.</summary>
    public static double CropPart(ProcessorConfig config, double absent) =>
        config.Number("crop_pct", absent) is > 0.01 and var part ? part : throw config.Invalid("crop_pct is not more than 0.01");
}
