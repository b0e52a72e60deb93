using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>LLaVA: as CLIP, after the image has been set in the middle of a square of the mean colour, if the file asks for that.</summary>
/// <remarks>Source: transformers 5.23, LlavaImageProcessor.</remarks>
internal sealed class LlavaImageProcessor(ProcessorSteps steps, uint background) : IProcessorSteps
{
    internal static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Shortest(224), ResampleFilter.Bicubic, StandardProcessor.Clip)
    {
        Crop = ProcessorSize.Fixed(224, 224),
        Crops = true,
    };

    public IReadOnlyList<string> InputNames => steps.InputNames;

    public static IProcessorSteps Create(ProcessorContext context)
    {
        var steps = StandardProcessor.Create(context, Defaults) with { Pad = null }; // do_pad means the square
        return context.Config.Flag("do_pad", false) ? new LlavaImageProcessor(steps, Background(context.Config)) : steps;
    }

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var squares = new Image[images.Count];
        for (var i = 0; i < squares.Length; i++)
            squares[i] = Square(images[i], limits);
        return steps.Run(squares, limits) with { OriginalSizes = [.. images.Select(image => image.Size)] };
    }

    private Image Square(Image image, ImageLimits limits)
    {
        var side = Math.Max(image.Width, image.Height);
        return image.Width == image.Height ? image
            : image.Part(new Window(-((side - image.Width) / 2), -((side - image.Height) / 2), side, side), limits, background);
    }

    private static uint Background(ProcessorConfig config)
    {
        uint colour = 0;
        var mean = config.Colours("image_mean", Defaults.Normalization.Mean);
        for (var i = 0; i < 3; i++)
            colour |= (uint)Math.Clamp((int)(mean[i] * 255), 0, 255) << 8 * i;
        return colour;
    }
}
