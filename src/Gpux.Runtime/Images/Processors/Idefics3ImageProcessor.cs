using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Idefics 3, SmolVLM: square tiles of a large version of the image, then the whole image as a tile.</summary>
/// <remarks>float32 [batch, tiles, 3, side, side]; with padding also pixel_attention_mask, int64 without the colours: 0 for the tiles that an image
/// has fewer than another. Source: transformers 5.23, Idefics3ImageProcessor and SmolVLMImageProcessor.</remarks>
internal sealed class Idefics3ImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private const int Side = 364;

    private const int MostTiles = 1024;

    // What the original takes for the largest that an image is resized to, whatever its file says.
    private const int LongestSide = 4096;

    private static readonly ProcessorDefaults Defaults = new(
        new ProcessorSize(0, 0, 0, LongestEdge: 4 * Side, 0, 0), ResampleFilter.Lanczos, StandardProcessor.Centered);

    private readonly int _longest = Edge(context.Config, "size", 4 * Side);
    private readonly int _side = Edge(context.Config, "max_image_size", Side);
    private readonly bool _resizes = context.Config.Flag("do_resize", true);
    private readonly bool _splits = context.Config.Flag("do_image_splitting", true);
    private readonly bool _pads = context.Config.Flag("do_pad", true);
    private readonly ResampleFilter _filter = StandardProcessor.Filter(context, Defaults.Filter);
    private readonly ResizeArithmetic _arithmetic = StandardProcessor.Arithmetic(context.Backend);
    private readonly ProcessorSteps _scaling = StandardProcessor.Scaling(context, Defaults);

    public IReadOnlyList<string> InputNames => _pads ? ["pixel_values", "pixel_attention_mask"] : ["pixel_values"];

    public static IProcessorSteps Create(ProcessorContext context) => new Idefics3ImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var parts = new ImageParts(images.Count);
        var sizes = new ImageSize[images.Count];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = images[i].Size;
            parts.Add(_scaling, Tiles(images[i], limits), limits);
        }
        var values = parts.Stacked();
        var tensors = new Dictionary<string, Tensor> { ["pixel_values"] = values };
        if (_pads)
            tensors["pixel_attention_mask"] = Mask(values.Shape, parts);
        return new ProcessedImages(tensors, sizes, sizes);
    }

    private List<Image> Tiles(Image image, ImageLimits limits)
    {
        if (_resizes)
            image = image.Resized(ToLongest(image.Size), _filter, _arithmetic, limits);
        var tile = new ImageSize(_side, _side);
        if (!_splits)
            return [image.Resized(tile, _filter, _arithmetic, limits)];
        var size = ToTiles(image.Size);
        if ((long)(size.Width / _side) * (size.Height / _side) > MostTiles)
            throw new UnfitImagesException($"An image of {image.Size} makes more than {MostTiles} tiles of {_side} pixels.", "Use an image that is less narrow.");
        image = image.Resized(size, _filter, _arithmetic, limits);
        if (image.Size == tile)
            return [image];
        var tiles = new List<Image>();
        for (var top = 0; top < image.Height; top += _side)
            for (var left = 0; left < image.Width; left += _side)
                tiles.Add(image.Part(new Window(left, top, _side, _side), limits));
        tiles.Add(image.Resized(tile, _filter, _arithmetic, limits));
        return tiles;
    }

    private ImageSize ToLongest(ImageSize image)
    {
        var ratio = (double)image.Width / image.Height;
        var size = image.Width >= image.Height ? new ImageSize(_longest, Even((int)(_longest / ratio)))
            : new ImageSize(Even((int)(_longest * ratio)), _longest);
        size = new ImageSize(Math.Max(1, size.Width), Math.Max(1, size.Height));
        ratio = (double)size.Width / size.Height;
        if (size.Width >= size.Height && size.Width > LongestSide)
            size = new ImageSize(LongestSide, (int)(LongestSide / ratio));
        else if (size.Height > size.Width && size.Height > LongestSide)
            size = new ImageSize((int)(LongestSide * ratio), LongestSide);
        return new ImageSize(Math.Max(1, size.Width), Math.Max(1, size.Height));

        static int Even(int length) => length + length % 2;
    }

    private ImageSize ToTiles(ImageSize image)
    {
        var ratio = (double)image.Width / image.Height;
        if (image.Width >= image.Height)
        {
            var width = UpToTile(image.Width);
            return new ImageSize(width, Math.Max(_side, UpToTile((int)(width / ratio))));
        }
        var height = UpToTile(image.Height);
        return new ImageSize(Math.Max(_side, UpToTile((int)(height * ratio))), height);
    }

    private int UpToTile(int length) => (length + _side - 1) / _side * _side;

    private static Tensor Mask(Shape values, ImageParts parts)
    {
        var mask = Tensor.Zeros(ElementType.Int64, new Shape(values[0], values[1], values[3], values[4]));
        var elements = mask.AsSpan<long>();
        var tile = (int)(values[3] * values[4]);
        for (var i = 0; i < parts.OfEach.Count; i++)
            elements.Slice((int)(i * values[1]) * tile, (int)parts.OfEach[i].Shape[0] * tile).Fill(1);
        return mask;
    }

    private static int Edge(ProcessorConfig config, string name, int absent) => config.Size(name, isSquare: false) is not { } size ? absent
        : size.LongestEdge > 0 ? size.LongestEdge : throw config.Invalid($"{name} has no longest_edge");
}
