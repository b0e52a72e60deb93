using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>SAM: the longer side to a size, then zeros on the right and below; with the sizes that masks are brought back by.</summary>
/// <remarks>Source: transformers 5.23, SamImageProcessor.</remarks>
internal sealed class SamImageProcessor(ProcessorSteps steps) : IProcessorSteps
{
    private const int Side = 1024;

    private static readonly ProcessorDefaults Defaults = new(
        new ProcessorSize(0, 0, 0, LongestEdge: Side, 0, 0), ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public IReadOnlyList<string> InputNames => ["pixel_values", "original_sizes", "reshaped_input_sizes"];

    public static IProcessorSteps Create(ProcessorContext context)
    {
        var config = context.Config;
        var longest = config.Size("size", isSquare: false)?.LongestEdge ?? Side;
        if (longest == 0)
            throw config.Invalid("size has no longest_edge");
        var resizes = config.Flag("do_resize", true);
        var padded = PaddedSize(config);
        return new SamImageProcessor(StandardProcessor.Scaling(context, Defaults) with
        {
            Plan = image => ResizePlan.Whole(resizes ? Longest(image, longest) : image),
            Pad = config.Flag("do_pad", true) ? _ => padded : null,
        });
    }

    /// <summary>What images are padded to, and masks are first resized to.</summary>
    public static ImageSize PaddedSize(ProcessorConfig config) => config.Size("pad_size", isSquare: true) is not { } size ? new ImageSize(Side, Side)
        : size.IsFixed ? new ImageSize(size.Width, size.Height) : throw config.Invalid("pad_size has not both height and width");

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var processed = steps.Run(images, limits);
        return processed with
        {
            Tensors = new Dictionary<string, Tensor>(processed.Tensors)
            {
                ["original_sizes"] = ImageSizes.ToTensor(processed.OriginalSizes),
                ["reshaped_input_sizes"] = ImageSizes.ToTensor(processed.ContentSizes),
            },
        };
    }

    private static ImageSize Longest(ImageSize image, int longest)
    {
        var scale = (double)longest / Math.Max(image.Width, image.Height);
        return new ImageSize((int)(image.Width * scale + 0.5), (int)(image.Height * scale + 0.5));
    }
}
