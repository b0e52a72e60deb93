using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>SegFormer, of images; label maps are not needed to run it.</summary>
internal static class SegformerImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(512, 512), ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context) => StandardProcessor.Create(context, Defaults);
}
