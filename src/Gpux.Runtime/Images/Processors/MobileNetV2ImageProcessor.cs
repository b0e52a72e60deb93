using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>MobileNet V2: the shorter side to a size, then the middle.</summary>
internal static class MobileNetV2ImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(256), ResampleFilter.Bilinear, StandardProcessor.Centered)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
