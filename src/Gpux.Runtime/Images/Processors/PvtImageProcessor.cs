using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>PVT: to a fixed size, whatever the shape.</summary>
internal static class PvtImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bicubic, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
