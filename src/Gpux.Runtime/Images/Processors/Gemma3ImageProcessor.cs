using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Gemma 3: to a fixed size; with pan and scan also the pieces of a long image, each as an image of its own.</summary>
/// <remarks>float32 [images and pieces, 3, height, width], an image before its pieces; num_crops int64 [images]. Source: transformers 5.23,
/// Gemma3ImageProcessor.</remarks>
internal sealed class Gemma3ImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bilinear, StandardProcessor.Centered);

    private readonly ProcessorSteps _each = StandardProcessor.Create(context, Defaults);
    private readonly PanAndScan? _scan = PanAndScan.Read(context.Config);

    public IReadOnlyList<string> InputNames => ["pixel_values", "num_crops"];

    public static IProcessorSteps Create(ProcessorContext context) => new Gemma3ImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var parts = new ImageParts(images.Count);
        var crops = Tensor.Zeros(ElementType.Int64, new Shape(images.Count));
        var sizes = new ImageSize[images.Count];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = images[i].Size;
            List<Image> all = [images[i]];
            foreach (var window in _scan?.Windows(images[i].Size) ?? [])
                all.Add(images[i].Part(window, limits));
            parts.Add(_each, all, limits);
            crops.AsSpan<long>()[i] = all.Count - 1;
        }
        return new ProcessedImages(new Dictionary<string, Tensor> { ["pixel_values"] = parts.Joined(), ["num_crops"] = crops }, sizes, sizes);
    }

    /// <summary>Cuts an image that is much longer in one direction into equal pieces along it.</summary>
    private sealed record PanAndScan(int LeastSize, int MostCrops, double LeastRatio)
    {
        public static PanAndScan? Read(ProcessorConfig config)
        {
            if (!config.Flag("do_pan_and_scan", false))
                return null;
            var scan = new PanAndScan(config.Integer("pan_and_scan_min_crop_size", 0), config.Integer("pan_and_scan_max_num_crops", 0),
                config.Number("pan_and_scan_min_ratio_to_activate", 0));
            return scan is { LeastSize: > 0, MostCrops: > 0 } ? scan
                : throw config.Invalid("do_pan_and_scan is set without pan_and_scan_min_crop_size and pan_and_scan_max_num_crops");
        }

        public List<Window> Windows(ImageSize image)
        {
            var isWide = image.Width >= image.Height;
            var (length, breadth) = isWide ? (image.Width, image.Height) : (image.Height, image.Width);
            var ratio = (double)length / breadth;
            if (ratio < LeastRatio)
                return [];
            var count = Math.Min(MostCrops, Math.Max(2, Math.Min(length / LeastSize, (int)Math.Floor(ratio + 0.5))));
            var piece = (length + count - 1) / count;
            if (Math.Min(piece, breadth) < LeastSize)
                return [];
            var windows = new List<Window>(count);
            for (var start = 0; start < length && windows.Count < count; start += piece)
            {
                var extent = Math.Min(piece, length - start);
                windows.Add(isWide ? new Window(start, 0, extent, breadth) : new Window(0, start, breadth, extent));
            }
            return windows;
        }
    }
}
