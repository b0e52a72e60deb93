using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Swin2SR: mirrored on the right and below up to the next multiple of a size, even if it is one already; not normalised.</summary>
/// <remarks>Source: transformers 5.23, Swin2SRImageProcessor.</remarks>
internal sealed class Swin2SRImageProcessor(ProcessorSteps steps, int multiple) : IProcessorSteps
{
    public IReadOnlyList<string> InputNames => steps.InputNames;

    public static IProcessorSteps Create(ProcessorContext context)
    {
        var config = context.Config;
        var multiple = config.Integer("size_divisor", config.Integer("pad_size", 8));
        if (multiple == 0)
            throw config.Invalid("size_divisor is 0");
        var steps = new ProcessorSteps
        {
            Plan = ResizePlan.Whole,
            Filter = ResampleFilter.Bilinear,
            Arithmetic = StandardProcessor.Arithmetic(context.Backend),
            Scale = PixelScale.Standard(context.Backend, StandardProcessor.RescaleFactor(config), normalization: null),
        };
        return config.Flag("do_pad", true) ? new Swin2SRImageProcessor(steps, multiple) : steps;
    }

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var padded = new Image[images.Count];
        var sizes = new ImageSize[images.Count];
        for (var i = 0; i < padded.Length; i++)
        {
            sizes[i] = images[i].Size;
            padded[i] = Mirrored(images[i], limits);
        }
        return steps.Run(padded, limits) with { OriginalSizes = sizes, ContentSizes = sizes };
    }

    private Image Mirrored(Image image, ImageLimits limits)
    {
        var size = new ImageSize((image.Width / multiple + 1) * multiple, (image.Height / multiple + 1) * multiple);
        var mirrored = image.Part(Window.Whole(size), limits);
        var pixels = Image.Allocate(size);
        for (var y = 0; y < size.Height; y++)
        {
            var from = mirrored.Pixels.Slice(Inside(y, image.Height) * size.Width * 3, size.Width * 3);
            var to = pixels.AsSpan(y * size.Width * 3, size.Width * 3);
            from.CopyTo(to);
            for (var x = image.Width; x < size.Width; x++)
                from.Slice(Inside(x, image.Width) * 3, 3).CopyTo(to[(x * 3)..]);
        }
        return new Image(size, pixels);
    }

    // The edge pixel is repeated; an image that is shorter than its padding is mirrored again and again.
    private static int Inside(int at, int length)
    {
        at %= 2 * length;
        return at < length ? at : 2 * length - 1 - at;
    }
}
