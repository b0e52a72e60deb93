using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>LLaVA-NeXT: the image as a whole, and once more in tiles of the best of several grids.</summary>
/// <remarks>float32 [batch, tiles, 3, height, width]; images with fewer tiles end in zeros. Source: transformers 5.23,
/// LlavaNextImageProcessor.</remarks>
internal sealed class LlavaNextImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private const int MostTiles = 1024;

    private readonly ImageSize[] _grids = Grids(context.Config);
    private readonly ResampleFilter _filter = StandardProcessor.Filter(context, LlavaImageProcessor.Defaults.Filter);
    private readonly ResizeArithmetic _arithmetic = StandardProcessor.Arithmetic(context.Backend);
    private readonly ProcessorSteps _each = StandardProcessor.Create(context, LlavaImageProcessor.Defaults) with { Pad = null };
    private readonly ImageSize _whole = Whole(context.Config);
    private readonly int _tile = Tile(context.Config);

    public IReadOnlyList<string> InputNames => ["pixel_values", "image_sizes"];

    public static IProcessorSteps Create(ProcessorContext context) => new LlavaNextImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var parts = new ImageParts(images.Count);
        foreach (var image in images)
            parts.Add(_each, Tiles(image, limits), limits);
        var sizes = new ImageSize[images.Count];
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = images[i].Size;
        return new ProcessedImages(
            new Dictionary<string, Tensor> { ["pixel_values"] = parts.Stacked(), ["image_sizes"] = ImageSizes.ToTensor(sizes) }, sizes, sizes);
    }

    private List<Image> Tiles(Image image, ImageLimits limits)
    {
        var grid = BestGrid(image.Size);
        var fitted = image.Resized(Fit(image.Size, grid), _filter, _arithmetic, limits);
        var sheet = fitted.Part(
            new Window(-((grid.Width - fitted.Width) / 2), -((grid.Height - fitted.Height) / 2), grid.Width, grid.Height), limits);
        var tiles = new List<Image> { image.Resized(_whole, _filter, _arithmetic, limits) };
        for (var top = 0; top < grid.Height; top += _tile)
            for (var left = 0; left < grid.Width; left += _tile)
                tiles.Add(sheet.Part(new Window(
                    left, top, Math.Min(_tile, grid.Width - left), Math.Min(_tile, grid.Height - top)), limits));
        return tiles;
    }

    /// <summary>The grid in which the image is largest; of several the one that it fills best.</summary>
    private ImageSize BestGrid(ImageSize image)
    {
        var best = _grids[0];
        var (mostShown, leastWasted) = (0L, long.MaxValue);
        foreach (var grid in _grids)
        {
            var scale = Math.Min((double)grid.Width / image.Width, (double)grid.Height / image.Height);
            var shown = Math.Min((long)(image.Width * scale) * (long)(image.Height * scale), (long)image.Width * image.Height);
            var wasted = (long)grid.Width * grid.Height - shown;
            if (shown > mostShown || (shown == mostShown && wasted < leastWasted))
                (best, mostShown, leastWasted) = (grid, shown, wasted);
        }
        return best;
    }

    private static ImageSize Fit(ImageSize image, ImageSize grid)
    {
        double width = (double)grid.Width / image.Width, height = (double)grid.Height / image.Height;
        return width < height
            ? new ImageSize(grid.Width, Math.Min((int)Math.Ceiling(image.Height * width), grid.Height))
            : new ImageSize(Math.Min((int)Math.Ceiling(image.Width * height), grid.Width), grid.Height);
    }

    private static ImageSize Whole(ProcessorConfig config)
    {
        var size = StandardProcessor.Size(config, LlavaImageProcessor.Defaults);
        return size.IsFixed ? new ImageSize(size.Width, size.Height)
            : size.ShortestEdge > 0 ? new ImageSize(size.ShortestEdge, size.ShortestEdge)
            : throw config.Invalid("size has neither height and width nor shortest_edge");
    }

    private static int Tile(ProcessorConfig config) =>
        (config.Size("crop_size", isSquare: true) ?? LlavaImageProcessor.Defaults.Crop) is { IsFixed: true } crop ? crop.Height
            : throw config.Invalid("crop_size has not both height and width");

    private static ImageSize[] Grids(ProcessorConfig config)
    {
        var rows = config.Rows("image_grid_pinpoints", length: 2)
            ?? [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]];
        if (rows.Length == 0)
            throw config.Invalid("image_grid_pinpoints is empty");
        var tile = Tile(config);
        return Array.ConvertAll(rows, row => row is [>= 1 and <= 1 << 16 and var height, >= 1 and <= 1 << 16 and var width]
            && Math.Ceiling(height / tile) * Math.Ceiling(width / tile) <= MostTiles
            ? new ImageSize((int)width, (int)height) : throw config.Invalid("image_grid_pinpoints holds an absurd size"));
    }
}
