using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>What a type's <c>Create</c> is given: the settings, the backend to follow, and the type's name for errors.</summary>
internal sealed record ProcessorContext(string Type, ProcessorConfig Config, ImageBackend Backend);

/// <summary>What a type of processor does where its file says nothing.</summary>
/// <param name="Size">Also decides what a single number in a file means: both sides where this has both, else the shorter
/// one.</param>
internal sealed record ProcessorDefaults(ProcessorSize Size, ResampleFilter Filter, Normalization Normalization)
{
    public ProcessorSize? Crop { get; init; }
    public bool Crops { get; init; }
    public bool Normalizes { get; init; } = true;
}

/// <summary>The processor that most types are, with defaults of their own: resize, crop in the middle, rescale, normalise,
/// pad.</summary>
/// <remarks>Source: transformers 5.23, TorchvisionBackend and PilBackend.</remarks>
internal static class StandardProcessor
{
    /// <summary>The mean and deviation that make -1 to 1 of 0 to 1.</summary>
    public static Normalization Centered { get; } = new([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);

    /// <summary>Of the photos of ImageNet.</summary>
    public static Normalization ImageNet { get; } = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>Of the photos that CLIP was trained on.</summary>
    public static Normalization Clip { get; } =
        new([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]);

    /// <param name="resize">The size that an image is resized to, from its own and the file's; null:
    /// <see cref="ProcessorSize.Resize"/>.</param>
    public static ProcessorSteps Create(
        ProcessorContext context, ProcessorDefaults defaults, Func<ImageSize, ProcessorSize, ImageSize>? resize = null)
    {
        var config = context.Config;
        return new ProcessorSteps
        {
            Plan = Plan(context, defaults, resize ?? ((image, size) => size.Resize(image))),
            Filter = Filter(context, defaults.Filter),
            Arithmetic = Arithmetic(context.Backend),
            Scale = PixelScale.Standard(context.Backend, RescaleFactor(config), NormalizationOf(config, defaults)),
            Pad = config.Flag("do_pad", false) ? PadOf(config) : null,
        };
    }

    /// <summary>Rescaling and normalising alone, as the file sets them; for processors that resize in ways of their own.</summary>
    public static ProcessorSteps Scaling(ProcessorContext context, ProcessorDefaults defaults) => new()
    {
        Plan = ResizePlan.Whole,
        Filter = Filter(context, defaults.Filter),
        Arithmetic = Arithmetic(context.Backend),
        Scale = PixelScale.Standard(context.Backend, RescaleFactor(context.Config), NormalizationOf(context.Config, defaults)),
    };

    /// <summary>The file's size, or the type's.</summary>
    public static ProcessorSize Size(ProcessorConfig config, ProcessorDefaults defaults) =>
        config.Size("size", isSquare: defaults.Size.IsFixed) is not { } size ? defaults.Size
        : size.IsComplete ? size
        : throw config.Invalid("size has neither height and width nor shortest_edge");

    public static ResizeArithmetic Arithmetic(ImageBackend backend) =>
        backend == ImageBackend.Fast ? ResizeArithmetic.Torchvision : ResizeArithmetic.Pillow;

    public static ResampleFilter Filter(ProcessorContext context, ResampleFilter absent)
    {
        var filter = (ResampleFilter)context.Config.Integer("resample", (int)absent);
        if (filter > ResampleFilter.Hamming)
            throw context.Config.Invalid($"resample is {(int)filter}, not 0 to 5");
        // torchvision has them not, so that transformers fails.
        return context.Backend == ImageBackend.Fast && filter is (ResampleFilter.Box or ResampleFilter.Hamming)
            ? throw new UnsupportedImageProcessorException(context.Type, $"the {filter} filter in the fast backend")
            : filter;
    }

    /// <returns>Null where levels are not rescaled.</returns>
    public static double? RescaleFactor(ProcessorConfig config)
    {
        if (!config.Flag("do_rescale", true))
            return null;
        var factor = config.Number("rescale_factor", 1 / 255.0);
        return factor != 0 ? factor : throw config.Invalid("rescale_factor is 0");
    }

    /// <returns>Null where levels are not normalised.</returns>
    public static Normalization? NormalizationOf(ProcessorConfig config, ProcessorDefaults defaults)
    {
        if (!config.Flag("do_normalize", defaults.Normalizes))
            return null;
        return new Normalization(config.Colours("image_mean", defaults.Normalization.Mean), Deviation(config, defaults));
    }

    public static double[] Deviation(ProcessorConfig config, ProcessorDefaults defaults)
    {
        var deviation = config.Colours("image_std", defaults.Normalization.Std);
        return deviation is [not 0, not 0, not 0] ? deviation : throw config.Invalid("image_std has a 0");
    }

    /// <summary>To a fixed size, or to that of the batch's largest image.</summary>
    public static Func<ImageSize, ImageSize> PadOf(ProcessorConfig config) =>
        config.Size("pad_size", isSquare: true) is not { } size ? largest => largest
        : size.IsFixed ? _ => new ImageSize(size.Width, size.Height)
        : throw config.Invalid("pad_size has not both height and width");

    private static Func<ImageSize, ResizePlan> Plan(
        ProcessorContext context, ProcessorDefaults defaults, Func<ImageSize, ProcessorSize, ImageSize> resize)
    {
        var size = context.Config.Flag("do_resize", true) ? Size(context.Config, defaults) : null;
        var crop = Crop(context.Config, defaults);
        return image =>
        {
            var resized = size is null ? image : resize(image, size);
            return crop is null ? ResizePlan.Whole(resized) : ResizePlan.CenterCrop(resized, crop.Value, context.Backend);
        };
    }

    private static ImageSize? Crop(ProcessorConfig config, ProcessorDefaults defaults)
    {
        if (!config.Flag("do_center_crop", defaults.Crops))
            return null;
        return (config.Size("crop_size", isSquare: true) ?? defaults.Crop) is { IsFixed: true } crop
            ? new ImageSize(crop.Width, crop.Height)
            : throw config.Invalid("do_center_crop is set, but crop_size has not both height and width");
    }
}
