using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>MaskFormer: as DETR, then up to multiples of size_divisor. Of images; label maps are not needed to run it.</summary>
internal static class MaskFormerImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        DetectionProcessor.BetweenEdges, ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var divisor = Math.Max(1, context.Config.Integer("size_divisor", context.Config.Integer("size_divisibility", 32)));
        return DetectionProcessor.Create(context, Defaults, resize: (image, size) =>
        {
            var resized = size.Resize(image);
            return new ImageSize(ToMultiple(resized.Width), ToMultiple(resized.Height));
        }) with
        {
            // Whatever do_pad says, as in transformers 5.
            Pad = StandardProcessor.PadOf(context.Config),
            WithPixelMask = true,
        };

        int ToMultiple(int length) => ResizeRules.Truncate(Math.Ceiling(length / (double)divisor) * divisor);
    }
}
