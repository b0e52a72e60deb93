using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>DeiT: to a fixed size, of which the middle is kept.</summary>
internal static class DeiTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(256, 256), ResampleFilter.Bicubic, StandardProcessor.Centered)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
