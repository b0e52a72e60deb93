using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>MobileViT: the shorter side to a size, then the middle; blue first, and not normalised.</summary>
internal static class MobileViTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(224), ResampleFilter.Bicubic, StandardProcessor.Centered)
    {
        Crop = ProcessorSize.Fixed(256, 256),
        Crops = true,
        Normalizes = false,
    };

    public static ProcessorSteps Create(ProcessorContext context) =>
        // It does not normalise, even where its file says do_normalize.
        StandardProcessor.Create(context, Defaults) with
        {
            Scale = PixelScale.Standard(context.Backend, StandardProcessor.RescaleFactor(context.Config), normalization: null),
            IsBgr = context.Config.Flag("do_flip_channel_order", true),
        };
}
