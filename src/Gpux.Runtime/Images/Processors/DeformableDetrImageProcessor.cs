using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Deformable DETR: as DETR.</summary>
internal static class DeformableDetrImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults);
}
