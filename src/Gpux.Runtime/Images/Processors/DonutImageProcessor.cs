using Gpux.Runtime.Images.Decoding;
using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Donut: a page turned to the size's longer side if the file asks for it, resized twice, and set in the middle of a black sheet.</summary>
/// <remarks>Source: transformers 5.23, DonutImageProcessor. The slow backend's second resize reduces images of more than four times the
/// target by whole factors first; here it does not, which changes single levels of pages that are so long.</remarks>
internal sealed class DonutImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(2560, 1920), ResampleFilter.Bilinear, StandardProcessor.Centered);

    private readonly ImageSize _size = Size(context.Config);
    private readonly ResampleFilter _filter = StandardProcessor.Filter(context, Defaults.Filter);
    private readonly ResizeArithmetic _arithmetic = StandardProcessor.Arithmetic(context.Backend);
    private readonly bool _aligns = context.Config.Flag("do_align_long_axis", false);
    private readonly bool _resizes = context.Config.Flag("do_resize", true);
    private readonly bool _thumbnails = context.Config.Flag("do_thumbnail", true);
    private readonly bool _pads = context.Config.Flag("do_pad", true);
    private readonly ProcessorSteps _scaling = StandardProcessor.Scaling(context, Defaults);

    public IReadOnlyList<string> InputNames => _scaling.InputNames;

    public static IProcessorSteps Create(ProcessorContext context) => new DonutImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var sheets = new Image[images.Count];
        var contents = new ImageSize[images.Count];
        for (var i = 0; i < sheets.Length; i++)
        {
            var page = Page(images[i], limits);
            contents[i] = page.Size;
            sheets[i] = _pads ? page.Part(Middle(page.Size), limits) : page;
        }
        return _scaling.Run(sheets, limits) with { OriginalSizes = [.. images.Select(image => image.Size)], ContentSizes = contents };
    }

    private Image Page(Image image, ImageLimits limits)
    {
        if (_aligns && ((_size.Width < _size.Height && image.Width > image.Height) || (_size.Width > _size.Height && image.Width < image.Height)))
            image = Orientations.Apply(image, Orientation.Rotated90Clockwise);
        if (_resizes)
            image = image.Resized(ResizeRules.ShortestEdge(image.Size, Math.Min(_size.Width, _size.Height)), _filter, _arithmetic, limits);
        return _thumbnails ? image.Resized(Thumbnail(image.Size), _filter, _arithmetic, limits) : image;
    }

    private ImageSize Thumbnail(ImageSize image)
    {
        var (width, height) = (Math.Min(image.Width, _size.Width), Math.Min(image.Height, _size.Height));
        if (width == image.Width && height == image.Height)
            return image;
        return image.Height > image.Width ? new ImageSize((int)((long)image.Width * height / image.Height), height)
            : image.Width > image.Height ? new ImageSize(width, (int)((long)image.Height * width / image.Width))
            : new ImageSize(width, height);
    }

    // Half of what is missing goes to the left and above, rounded down, also where it is a cut.
    private Window Middle(ImageSize page) =>
        new(-((_size.Width - page.Width) >> 1), -((_size.Height - page.Height) >> 1), _size.Width, _size.Height);

    private static ImageSize Size(ProcessorConfig config)
    {
        // Files before 2023 give width and height, in this order.
        if (config.IsList("size") && config.Integers("size") is [> 0 and var width, > 0 and var height])
            return new ImageSize(width, height);
        var size = StandardProcessor.Size(config, Defaults);
        return size.IsFixed ? new ImageSize(size.Width, size.Height) : throw config.Invalid("size has not both height and width");
    }
}
