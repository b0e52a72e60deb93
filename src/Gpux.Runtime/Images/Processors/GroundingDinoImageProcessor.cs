using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Grounding DINO: as DETR.</summary>
internal static class GroundingDinoImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults);
}
