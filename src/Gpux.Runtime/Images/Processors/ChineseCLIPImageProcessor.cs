using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Chinese CLIP: as CLIP.</summary>
internal static class ChineseCLIPImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(224), ResampleFilter.Bicubic, StandardProcessor.Clip)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
