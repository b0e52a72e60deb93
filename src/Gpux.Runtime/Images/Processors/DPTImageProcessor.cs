using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>DPT, Depth Anything: to a size whose sides are multiples of a number, with or without the image's shape; then padded
/// around to multiples of another.</summary>
internal static class DPTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(384, 384), ResampleFilter.Bicubic, StandardProcessor.Centered);

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var config = context.Config;
        var multiple = Math.Max(1, config.Integer("ensure_multiple_of", 1));
        var keepsRatio = config.Flag("keep_aspect_ratio", false);
        if (!StandardProcessor.Size(config, Defaults).IsFixed)
            throw config.Invalid("size has not both height and width");
        var steps = StandardProcessor.Create(context, Defaults, (image, size) => Resize(image, size, keepsRatio, multiple));
        var divisor = config.Flag("do_pad", false) ? config.Integer("size_divisor", 0) : 0;
        return steps with
        {
            Pad = null, // unlike other processors' do_pad
            Plan = divisor == 0 ? steps.Plan : image => PadAround(steps.Plan(image), divisor),
        };
    }

    private static ImageSize Resize(ImageSize image, ProcessorSize size, bool keepsRatio, int multiple)
    {
        double height = size.Height / (double)image.Height, width = size.Width / (double)image.Width;
        if (keepsRatio)
            height = width = Math.Abs(1 - width) < Math.Abs(1 - height) ? width : height; // whichever changes less
        return new ImageSize(ToMultiple(width * image.Width), ToMultiple(height * image.Height));

        int ToMultiple(double length) => ResizeRules.Truncate(Math.Round(length / multiple, MidpointRounding.ToEven) * multiple);
    }

    private static ResizePlan PadAround(ResizePlan plan, int divisor)
    {
        var (width, height) = (Missing(plan.Kept.Width), Missing(plan.Kept.Height));
        return plan with
        {
            Kept = new Window(
                plan.Kept.Left - width / 2, plan.Kept.Top - height / 2, plan.Kept.Width + width, plan.Kept.Height + height),
            Fill = null,
        };

        int Missing(int length) => (divisor - length % divisor) % divisor;
    }
}
