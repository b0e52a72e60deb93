using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>RT-DETR: to a fixed size, whatever the shape; not normalised, and padded only where the file says so.</summary>
internal static class RTDetrImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(640, 640), ResampleFilter.Bilinear, StandardProcessor.ImageNet)
    {
        Normalizes = false,
    };

    public static ProcessorSteps Create(ProcessorContext context) => DetectionProcessor.Create(context, Defaults, pads: false);
}
