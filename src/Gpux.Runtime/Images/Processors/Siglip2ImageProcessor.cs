using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>SigLIP 2 (NaFlex): in its own shape to as many patches as are allowed, then a row of numbers for each.</summary>
/// <remarks>pixel_values float32 [batch, patches, patch * patch * 3]; pixel_attention_mask int32 [batch, patches]; spatial_shapes int64
/// [batch, 2]: rows and columns of patches. Source: transformers 5.23, Siglip2ImageProcessor.</remarks>
internal sealed class Siglip2ImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(256, 256), ResampleFilter.Bilinear, StandardProcessor.Centered);

    private readonly int _patch = Positive(context.Config, "patch_size", 16);
    private readonly int _most = Positive(context.Config, "max_num_patches", 256);
    private readonly bool _resizes = context.Config.Flag("do_resize", true);
    private readonly ProcessorSteps _scaling = StandardProcessor.Scaling(context, Defaults);

    public IReadOnlyList<string> InputNames => ["pixel_values", "pixel_attention_mask", "spatial_shapes"];

    public static IProcessorSteps Create(ProcessorContext context) => new Siglip2ImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var steps = _resizes ? _scaling with { Plan = image => ResizePlan.Whole(Resized(image)) } : _scaling;
        var length = 3 * _patch * _patch;
        if ((long)images.Count * _most * length * sizeof(float) > Array.MaxLength)
            throw new UnfitImagesException("The images' patches take more than 2 GiB.", "Send fewer at once.");
        var values = Tensor.Zeros(ElementType.Float32, new Shape(images.Count, _most, length));
        var mask = Tensor.Zeros(ElementType.Int32, new Shape(images.Count, _most));
        var (original, grids, content) = (new ImageSize[images.Count], new ImageSize[images.Count], new ImageSize[images.Count]);
        for (var i = 0; i < original.Length; i++)
        {
            original[i] = images[i].Size;
            var planes = steps.Run([images[i]], limits)["pixel_values"];
            content[i] = new ImageSize((int)planes.Shape[3], (int)planes.Shape[2]);
            grids[i] = new ImageSize(content[i].Width / _patch, content[i].Height / _patch);
            var count = (long)grids[i].Width * grids[i].Height;
            if (count == 0 || count > _most || content[i].Width % _patch != 0 || content[i].Height % _patch != 0)
                throw new UnfitImagesException($"An image of {content[i]} does not divide into at most {_most} patches of {_patch} pixels.", "Resize it first.");
            ImagePatches.Write(planes.AsSpan<float>(), content[i], _patch, _patch, values.AsSpan<float>()[(i * _most * length)..], length);
            mask.AsSpan<int>().Slice(i * _most, (int)count).Fill(1);
        }
        return new ProcessedImages(new Dictionary<string, Tensor>
        {
            ["pixel_values"] = values,
            ["pixel_attention_mask"] = mask,
            ["spatial_shapes"] = ImageSizes.ToTensor(grids),
        }, original, content);
    }

    /// <summary>The largest scale that makes no more patches than allowed, to a hundred thousandth, as the original searches it.</summary>
    private ImageSize Resized(ImageSize image)
    {
        const double Precision = 1e-5;
        double least = Precision / 10, most = 100;
        while (most - least >= Precision)
        {
            var scale = (least + most) / 2;
            var size = At(scale);
            if ((double)(size.Height / _patch) * (size.Width / _patch) <= _most)
                least = scale;
            else
                most = scale;
        }
        return At(least);

        ImageSize At(double scale) => new(Scaled(image.Width * scale), Scaled(image.Height * scale));
        int Scaled(double length) => Math.Max(_patch, ResizeRules.Truncate(Math.Ceiling(length / _patch) * _patch));
    }

    private static int Positive(ProcessorConfig config, string name, int absent) =>
        config.Integer(name, absent) is > 0 and <= 1 << 14 and var value ? value : throw config.Invalid($"{name} is not from 1 to {1 << 14}");
}
