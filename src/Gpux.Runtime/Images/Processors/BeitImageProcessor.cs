using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>BEiT: to a fixed size; the crop is off unless the file asks for it.</summary>
internal static class BeitImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bicubic, StandardProcessor.Centered)
    {
        Crop = ProcessorSize.Fixed(224, 224),
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
