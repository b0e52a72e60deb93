using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>GLPN: each side down to a multiple of size_divisor; not normalised.</summary>
internal static class GLPNImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(480, 640), ResampleFilter.Bilinear, StandardProcessor.Centered)
    {
        Normalizes = false,
    };

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var divisor = context.Config.Integer("size_divisor", 32);
        if (divisor == 0)
            throw context.Config.Invalid("size_divisor is 0");
        return StandardProcessor.Create(context, Defaults,
            (image, _) => new ImageSize(image.Width / divisor * divisor, image.Height / divisor * divisor));
    }
}
