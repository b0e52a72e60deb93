using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>DETR, Table Transformer: the shorter side to a size, unless the longer one gets too long.</summary>
internal static class DetrImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults);
}
