using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>OWLv2: a black square around the image, blurred as much as it is made smaller, then linear interpolation of floats.</summary>
/// <remarks>Source: transformers 5.23, Owlv2ImageProcessor: torchvision's blur and interpolation, or SciPy's, which differ in the blur's width
/// and at the edges. The filter that the file names has no effect there, nor here.</remarks>
internal sealed class Owlv2ImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(960, 960), ResampleFilter.Bilinear, StandardProcessor.Clip);

    private readonly ImageSize _size = StandardProcessor.Size(context.Config, Defaults) is { IsFixed: true } size
        ? new ImageSize(size.Width, size.Height) : throw context.Config.Invalid("size has not both height and width");

    private readonly bool _resizes = context.Config.Flag("do_resize", true);
    private readonly bool _pads = context.Config.Flag("do_pad", true);
    private readonly float _factor = (float)(StandardProcessor.RescaleFactor(context.Config) ?? 1);
    private readonly Normalization? _normalization = StandardProcessor.NormalizationOf(context.Config, Defaults);

    public IReadOnlyList<string> InputNames => ["pixel_values"];

    public static IProcessorSteps Create(ProcessorContext context) => new Owlv2ImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var sizes = new ImageSize[images.Count];
        var target = _resizes ? _size : Square(images[0].Size);
        if ((long)images.Count * target.Width * target.Height * 3 * sizeof(float) > Array.MaxLength)
            throw new UnfitImagesException($"{images.Count} images of {target} take more than 2 GiB.", "Send fewer at once.");
        var values = Tensor.Uninitialized(ElementType.Float32, new Shape(images.Count, 3, target.Height, target.Width));
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = images[i].Size;
            ResizePlan.Whole(target).Checked(sizes[i], limits);
            if (!_resizes && Square(sizes[i]) != target)
                throw new UnfitImagesException("Images of different sizes make no batch.", "Send one at a time.");
            Write(images[i], target, values.AsSpan<float>().Slice(i * 3 * target.Width * target.Height, 3 * target.Width * target.Height));
        }
        return new ProcessedImages(new Dictionary<string, Tensor> { ["pixel_values"] = values }, sizes, sizes);
    }

    private ImageSize Square(ImageSize image) =>
        _pads ? new ImageSize(Math.Max(image.Width, image.Height), Math.Max(image.Width, image.Height)) : image;

    private void Write(Image image, ImageSize target, Span<float> planes)
    {
        var square = Square(image.Size);
        var isFast = context.Backend == ImageBackend.Fast;
        // torchvision's blur is left out altogether where one direction needs none.
        var blurs = !isFast || (square.Width > target.Width && square.Height > target.Height);
        var columns = BlurredTaps.Compute(square.Width, target.Width, blurs, isFast);
        var rows = BlurredTaps.Compute(square.Height, target.Height, blurs, isFast);
        BlurredTaps.Resize(image, _factor, columns, rows, target, planes);
        var plane = target.Width * target.Height;
        for (var colour = 0; colour < 3 && _normalization is not null; colour++)
        {
            var (mean, deviation) = ((float)_normalization.Mean[colour], (float)_normalization.Std[colour]);
            foreach (ref var value in planes.Slice(colour * plane, plane))
                value = (value - mean) / deviation;
        }
    }
}
