using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>EfficientNet: to a fixed size; rescaled around 0 where rescale_offset says so, divided by the deviation once more for
/// models with their top.</summary>
internal static class EfficientNetImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(346, 346), ResampleFilter.Bicubic, StandardProcessor.Centered)
    {
        Crop = ProcessorSize.Fixed(289, 289),
    };

    public static ProcessorSteps Create(ProcessorContext context)
    {
        var config = context.Config;
        var factor = StandardProcessor.RescaleFactor(config);
        var normalization = StandardProcessor.NormalizationOf(config, Defaults);
        var deviation = StandardProcessor.Deviation(config, Defaults);
        var offset = config.Flag("rescale_offset", false) && factor is not null ? 1f : 0f;
        var hasTop = config.Flag("include_top", true);

        // With an offset the fast backend, too, rescales and normalises one after the other.
        var rescaled = PixelScale.Standard(context.Backend, factor, offset == 0 ? normalization : null);
        return StandardProcessor.Create(context, Defaults) with
        {
            Scale = new PixelScale((level, colour) =>
            {
                var value = rescaled[colour, (byte)level] - offset;
                if (offset != 0 && normalization is not null)
                    value = (value - (float)normalization.Mean[colour]) / (float)normalization.Std[colour];
                return hasTop ? value / (float)deviation[colour] : value;
            }),
        };
    }
}
