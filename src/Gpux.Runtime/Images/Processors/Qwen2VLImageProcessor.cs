using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Qwen2-VL and its descendants: to sides that whole groups of patches fill, then a row of numbers for each patch, group by group.</summary>
/// <remarks>pixel_values float32 [patches of all images, 3 * frames * patch * patch]; image_grid_thw int64 [images, 3]: frames, rows, columns of
/// patches. Source: transformers 5.23, Qwen2VLImageProcessor.</remarks>
internal sealed class Qwen2VLImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private const double LongestRatio = 200;

    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(56, 56), ResampleFilter.Bicubic, StandardProcessor.Clip);

    private readonly int _patch = Positive(context.Config, "patch_size", 14);
    private readonly int _merge = Positive(context.Config, "merge_size", 2);
    private readonly int _frames = Positive(context.Config, "temporal_patch_size", 2);
    private readonly int _least = Bound(context.Config, "shortest_edge", "min_pixels", 56 * 56);
    private readonly int _most = Bound(context.Config, "longest_edge", "max_pixels", 28 * 28 * 1280);
    private readonly bool _resizes = context.Config.Flag("do_resize", true);
    private readonly ProcessorSteps _scaling = StandardProcessor.Scaling(context, Defaults);

    public IReadOnlyList<string> InputNames => ["pixel_values", "image_grid_thw"];

    public static IProcessorSteps Create(ProcessorContext context) => new Qwen2VLImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var steps = _resizes ? _scaling with { Plan = image => ResizePlan.Whole(Resized(image)) } : _scaling;
        var grids = Tensor.Uninitialized(ElementType.Int64, new Shape(images.Count, 3));
        var each = new Tensor[images.Count];
        var (original, content) = (new ImageSize[images.Count], new ImageSize[images.Count]);
        var patches = 0L;
        for (var i = 0; i < each.Length; i++)
        {
            original[i] = images[i].Size;
            each[i] = steps.Run([images[i]], limits)["pixel_values"];
            content[i] = new ImageSize((int)each[i].Shape[3], (int)each[i].Shape[2]);
            var (rows, columns) = (content[i].Height / _patch, content[i].Width / _patch);
            if (rows % _merge != 0 || columns % _merge != 0 || content[i].Height % _patch != 0 || content[i].Width % _patch != 0)
                throw new UnfitImagesException(
                    $"An image of {content[i]} does not divide into groups of {_merge}x{_merge} patches of {_patch} pixels.", "Resize it first.");
            (grids.AsSpan<long>()[3 * i], grids.AsSpan<long>()[3 * i + 1], grids.AsSpan<long>()[3 * i + 2]) = (1, rows, columns);
            patches += (long)rows * columns;
        }
        var length = 3 * _frames * _patch * _patch;
        if (patches * length * sizeof(float) > Array.MaxLength)
            throw new UnfitImagesException("The images' patches take more than 2 GiB.", "Send fewer at once, or smaller ones.");
        var values = Tensor.Uninitialized(ElementType.Float32, new Shape(patches, length));
        var rest = values.AsSpan<float>();
        for (var i = 0; i < each.Length; i++)
            rest = rest[Write(each[i].AsSpan<float>(), content[i], rest)..];
        return new ProcessedImages(new Dictionary<string, Tensor> { ["pixel_values"] = values, ["image_grid_thw"] = grids }, original, content);
    }

    /// <returns>How many numbers were written.</returns>
    private int Write(ReadOnlySpan<float> planes, ImageSize size, Span<float> patches)
    {
        var at = 0;
        var group = _patch * _merge;
        for (var top = 0; top < size.Height; top += group)
            for (var left = 0; left < size.Width; left += group)
                for (var inGroup = 0; inGroup < _merge * _merge; inGroup++)
                {
                    var (y, x) = (top + inGroup / _merge * _patch, left + inGroup % _merge * _patch);
                    for (var colour = 0; colour < 3; colour++)
                        for (var frame = 0; frame < _frames; frame++) // a picture is a film of equal frames
                            for (var row = 0; row < _patch; row++, at += _patch)
                                planes.Slice((colour * size.Height + y + row) * size.Width + x, _patch).CopyTo(patches[at..]);
                }
        return at;
    }

    private ImageSize Resized(ImageSize image)
    {
        if ((double)Math.Max(image.Width, image.Height) / Math.Min(image.Width, image.Height) > LongestRatio)
            throw new UnfitImagesException(
                $"An image of {image} is more than {LongestRatio} times as long as it is wide.", "Cut it, or use another image.");
        var factor = _patch * _merge;
        var (width, height) = (Near(image.Width), Near(image.Height));
        var pixels = (double)image.Width * image.Height;
        if ((double)width * height > _most)
        {
            var scale = Math.Sqrt(pixels / _most);
            (width, height) = (Below(image.Width / scale), Below(image.Height / scale));
        }
        else if ((double)width * height < _least)
        {
            var scale = Math.Sqrt(_least / pixels);
            (width, height) = (Above(image.Width * scale), Above(image.Height * scale));
        }
        return new ImageSize(width, height);

        int Near(double length) => ResizeRules.Truncate(Math.Round(length / factor, MidpointRounding.ToEven) * factor);
        int Below(double length) => Math.Max(factor, ResizeRules.Truncate(Math.Floor(length / factor) * factor));
        int Above(double length) => ResizeRules.Truncate(Math.Ceiling(length / factor) * factor);
    }

    // Files of different ages bound the pixels by names of their own, or as if they were edges.
    private static int Bound(ProcessorConfig config, string edge, string pixels, int absent) =>
        config.Pixels(pixels, config.Nested("size") is { } size ? size.Pixels(edge, size.Pixels(pixels, absent)) : absent);

    private static int Positive(ProcessorConfig config, string name, int absent) =>
        config.Integer(name, absent) is > 0 and <= 256 and var value ? value : throw config.Invalid($"{name} is not from 1 to 256");
}
