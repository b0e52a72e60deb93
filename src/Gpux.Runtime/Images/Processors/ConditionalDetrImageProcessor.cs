using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Conditional DETR: as DETR.</summary>
internal static class ConditionalDetrImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults);
}
