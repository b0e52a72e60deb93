using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>ViT, Swin and many more: to a fixed size, whatever the shape.</summary>
internal static class ViTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bilinear, StandardProcessor.Centered);

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
