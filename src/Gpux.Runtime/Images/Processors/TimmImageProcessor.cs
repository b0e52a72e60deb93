using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>timm's evaluation transform, from the pretrained_cfg of config.json. timm resizes with Pillow.</summary>
/// <remarks>Source: timm 1.0, data/config.py, transforms_factory.py and transforms.py.</remarks>
internal static class TimmImageProcessor
{
    public const string Type = "timm";

    public static ProcessorSteps Create(ProcessorConfig config)
    {
        var normalization = new Normalization(config.Colours("mean", StandardProcessor.ImageNet.Mean), Deviation(config));
        return new ProcessorSteps
        {
            Plan = Plan(config, normalization),
            Filter = Filter(config),
            Arithmetic = ResizeArithmetic.Pillow,
            Scale = new PixelScale((level, colour) =>
                (level / 255f - (float)normalization.Mean[colour]) / (float)normalization.Std[colour]),
        };
    }

    private static Func<ImageSize, ResizePlan> Plan(ProcessorConfig config, Normalization normalization)
    {
        var input = config.Integers("input_size") ?? [3, 224, 224];
        if (input is not [3, > 0, > 0])
            throw config.Invalid("input_size is not 3 channels, height and width");
        var part = config.Number("crop_pct", 0) == 0 ? 0.875 : ConvNextImageProcessor.CropPart(config, 0.875);
        var crop = new ImageSize(input[2], input[1]);
        var scaled = new ImageSize((int)Math.Floor(crop.Width / part), (int)Math.Floor(crop.Height / part));
        var mode = Given(config, "crop_mode", "center");
        return mode switch
        {
            "squash" => _ => Crop(scaled, crop),
            "border" => image => Crop(KeepRatio(image, scaled, covers: false), crop, Colour(normalization.Mean)),
            "center" when scaled.Width == scaled.Height => image => Crop(ResizeRules.ShortestEdge(image, scaled.Width), crop),
            "center" => image => Crop(KeepRatio(image, scaled, covers: true), crop),
            _ => throw config.Invalid($"crop_mode is {mode}"),
        };
    }

    /// <summary>As large as covers a size, or as large as fits into it.</summary>
    private static ImageSize KeepRatio(ImageSize image, ImageSize size, bool covers)
    {
        double width = (double)image.Width / size.Width, height = (double)image.Height / size.Height;
        var ratio = covers ? Math.Min(width, height) : Math.Max(width, height);
        return new ImageSize(Round(image.Width / ratio), Round(image.Height / ratio));
    }

    /// <summary>The middle of an image, as torchvision rounds it; where the crop is larger, the image in the middle of the crop.</summary>
    internal static ResizePlan Crop(ImageSize resized, ImageSize crop, uint fill = 0)
    {
        var window = new Window(Start(resized.Width, crop.Width), Start(resized.Height, crop.Height), crop.Width, crop.Height);
        return new ResizePlan(resized, window, fill);

        static int Start(int length, int cropped) =>
            length < cropped ? -((cropped - length) / 2) : Round((length - cropped) / 2.0);
    }

    private static int Round(double value) => ResizeRules.Truncate(Math.Round(value, MidpointRounding.ToEven));

    private static uint Colour(double[] mean)
    {
        uint colour = 0;
        for (var i = 0; i < 3; i++)
            colour |= (uint)(byte)Math.Clamp(Round(255 * mean[i]), 0, 255) << 8 * i;
        return colour;
    }

    private static ResampleFilter Filter(ProcessorConfig config) => Given(config, "interpolation", "bicubic") switch
    {
        "nearest" => ResampleFilter.Nearest,
        "bilinear" => ResampleFilter.Bilinear,
        "bicubic" => ResampleFilter.Bicubic,
        "box" => ResampleFilter.Box,
        "hamming" => ResampleFilter.Hamming,
        "lanczos" => ResampleFilter.Lanczos,
        var other => throw config.Invalid($"interpolation is {other}"),
    };

    /// <summary>A setting, or timm's own where it is absent or empty.</summary>
    private static string Given(ProcessorConfig config, string name, string absent) =>
        config.Text(name) is { Length: > 0 } given ? given : absent;

    private static double[] Deviation(ProcessorConfig config)
    {
        var deviation = config.Colours("std", StandardProcessor.ImageNet.Std);
        return deviation is [not 0, not 0, not 0] ? deviation : throw config.Invalid("std has a 0");
    }
}
