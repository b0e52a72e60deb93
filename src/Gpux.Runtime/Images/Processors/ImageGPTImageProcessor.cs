using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>ImageGPT: a small image as the numbers of its pixels' nearest colours of a palette.</summary>
/// <remarks>input_ids int64 [batch, height * width], or without a palette pixel_values. Source: transformers 5.23, ImageGPTImageProcessor.</remarks>
internal sealed class ImageGPTImageProcessor(ProcessorSteps steps, double[][] clusters, ImageBackend backend) : IProcessorSteps
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(256, 256), ResampleFilter.Bilinear, StandardProcessor.Centered);

    public IReadOnlyList<string> InputNames => ["input_ids"];

    public static IProcessorSteps Create(ProcessorContext context)
    {
        var config = context.Config;
        var steps = StandardProcessor.Create(context, Defaults);
        if (context.Backend == ImageBackend.Slow)
            steps = steps with { Scale = new PixelScale((level, _) => config.Flag("do_normalize", true) ? (float)(level * (1 / 127.5)) - 1 : level) };
        if (!config.Flag("do_color_quantize", true))
            return steps;
        return config.Rows("clusters", length: 3) is { Length: > 0 } clusters ? new ImageGPTImageProcessor(steps, clusters, context.Backend)
            : throw config.Invalid("do_color_quantize is set, but there are no clusters");
    }

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var processed = steps.Run(images, limits);
        var values = processed["pixel_values"];
        var count = (int)(values.Shape[2] * values.Shape[3]);
        var ids = Tensor.Uninitialized(ElementType.Int64, new Shape(images.Count, count));
        for (var i = 0; i < images.Count; i++)
        {
            var planes = values.AsSpan<float>().Slice(3 * i * count, 3 * count);
            var numbers = ids.AsSpan<long>().Slice(i * count, count);
            for (var pixel = 0; pixel < count; pixel++)
                numbers[pixel] = Nearest(planes[pixel], planes[count + pixel], planes[2 * count + pixel]);
        }
        return processed with { Tensors = new Dictionary<string, Tensor> { ["input_ids"] = ids } };
    }

    // Squares and products are added up in the original's order, so that equal distances stay equal; in its precision, too.
    private int Nearest(float red, float green, float blue)
    {
        var (best, least) = (0, double.PositiveInfinity);
        for (var i = 0; i < clusters.Length; i++)
        {
            var distance = backend == ImageBackend.Slow ? Distance(red, green, blue, clusters[i]) : DistanceInFloat(red, green, blue, clusters[i]);
            if (distance < least)
                (best, least) = (i, distance);
        }
        return best;
    }

    private static double Distance(float red, float green, float blue, double[] colour) =>
        red * red + green * green + blue * blue - 2 * (red * colour[0] + green * colour[1] + blue * colour[2])
        + (colour[0] * colour[0] + colour[1] * colour[1] + colour[2] * colour[2]);

    private static float DistanceInFloat(float red, float green, float blue, double[] colour)
    {
        float r = (float)colour[0], g = (float)colour[1], b = (float)colour[2];
        return red * red + green * green + blue * blue - 2 * (red * r + green * g + blue * b) + (r * r + g * g + b * b);
    }
}
