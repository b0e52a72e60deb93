namespace Gpux.Runtime.Images.Processors;

/// <summary>The processors of DETR and its descendants: no crop, but zeros to the size of the batch's largest, and a mask of
/// them.</summary>
/// <remarks>Source: transformers 5.23, DetrImageProcessor. Annotations, which only training has, are not read.</remarks>
internal static class DetectionProcessor
{
    /// <summary>At least 800 pixels, but no more than 1333.</summary>
    public static ProcessorSize BetweenEdges { get; } = new(0, 0, ShortestEdge: 800, LongestEdge: 1333, 0, 0);

    public static ProcessorSteps Create(
        ProcessorContext context, ProcessorDefaults defaults, bool pads = true,
        Func<ImageSize, ProcessorSize, ImageSize>? resize = null)
    {
        var config = context.Config;
        // Files before 2023 give two numbers in place of a size, and another name to padding.
        var longest = config.Integer("max_size", defaults.Size.LongestEdge);
        pads = config.Flag("do_pad", config.Flag("pad_and_return_pixel_mask", pads));
        return StandardProcessor.Create(context, defaults, (image, size) =>
        {
            var bounded = size.ShortestEdge > 0 && size.LongestEdge == 0 ? size with { LongestEdge = longest } : size;
            return resize is null ? bounded.Resize(image) : resize(image, bounded);
        }) with
        {
            Pad = pads ? StandardProcessor.PadOf(config) : null,
            WithPixelMask = pads,
        };
    }
}
