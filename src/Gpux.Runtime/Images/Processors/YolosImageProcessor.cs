using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>YOLOS: as DETR, then down to multiples of its patches.</summary>
internal static class YolosImageProcessor
{
    private const int Patch = 16;

    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults, resize: Resize);

    private static ImageSize Resize(ImageSize image, ProcessorSize size)
    {
        var resized = size.Resize(image);
        return size.ShortestEdge > 0 ? new ImageSize(resized.Width / Patch * Patch, resized.Height / Patch * Patch) : resized;
    }
}
