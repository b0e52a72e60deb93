using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>OWL-ViT: to a fixed size; the crop is off unless the file asks for it.</summary>
internal static class OwlViTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(768, 768), ResampleFilter.Bicubic, StandardProcessor.Clip)
    {
        Crop = ProcessorSize.Fixed(768, 768),
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
