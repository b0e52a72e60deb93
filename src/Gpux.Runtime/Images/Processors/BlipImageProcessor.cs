using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>BLIP: to a fixed size, whatever the shape.</summary>
internal static class BlipImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(384, 384), ResampleFilter.Bicubic, StandardProcessor.Clip);

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
