using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Pix2Struct: normalised by its own mean and deviation, in its own shape to as many patches as are allowed; a row of numbers for each,
/// which begins with the patch's row and column, from 1.</summary>
/// <remarks>flattened_patches float32 [batch, patches, 2 + patch * patch * 3]; attention_mask float32 [batch, patches]. Source: transformers 5.23,
/// Pix2StructImageProcessor.</remarks>
internal sealed class Pix2StructImageProcessor(ProcessorContext context) : IProcessorSteps
{
    private readonly ImageSize _patch = Patch(context.Config);
    private readonly int _most = context.Config.Integer("max_patches", 2048) is > 0 and var most ? most : throw context.Config.Invalid("max_patches is 0");
    private readonly bool _normalizes = context.Config.Flag("do_normalize", true);

    public IReadOnlyList<string> InputNames => ["flattened_patches", "attention_mask"];

    public static IProcessorSteps Create(ProcessorContext context) => context.Config.Flag("is_vqa", false)
        ? throw new UnsupportedImageProcessorException(context.Type, "the question that is drawn above the image (is_vqa)")
        : new Pix2StructImageProcessor(context);

    public ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var length = 2 + 3 * _patch.Width * _patch.Height;
        if ((long)images.Count * _most * length * sizeof(float) > Array.MaxLength)
            throw new UnfitImagesException("The images' patches take more than 2 GiB.", "Send fewer at once.");
        var patches = Tensor.Zeros(ElementType.Float32, new Shape(images.Count, _most, length));
        var mask = Tensor.Zeros(ElementType.Float32, new Shape(images.Count, _most));
        var (original, content) = (new ImageSize[images.Count], new ImageSize[images.Count]);
        for (var i = 0; i < original.Length; i++)
        {
            original[i] = images[i].Size;
            content[i] = Resized(images[i].Size);
            ResizePlan.Whole(content[i]).Checked(images[i].Size, limits);
            var rows = patches.AsSpan<float>().Slice(i * _most * length, _most * length);
            Write(images[i], content[i], rows, length);
            for (var row = 0; row < _most; row++)
                mask.AsSpan<float>()[i * _most + row] = rows[row * length] != 0 ? 1 : 0; // rows and columns count from 1
        }
        return new ProcessedImages(
            new Dictionary<string, Tensor> { ["flattened_patches"] = patches, ["attention_mask"] = mask }, original, content);
    }

    private void Write(Image image, ImageSize size, Span<float> rows, int length)
    {
        Span<float> levels = stackalloc float[256];
        var (mean, deviation) = _normalizes ? Statistics(image) : (0, 1);
        for (var level = 0; level < levels.Length; level++)
            levels[level] = (float)((level - mean) / deviation);
        var planes = new float[checked(3 * size.Width * size.Height)];
        FloatResizer.Resize(image, levels, size, Window.Whole(size), ResampleFilter.Bilinear, planes);
        ImagePatches.Write(planes, size, _patch.Height, _patch.Width, rows[2..], length);
        var columns = size.Width / _patch.Width;
        for (var patch = 0; patch < columns * (size.Height / _patch.Height); patch++)
            (rows[patch * length], rows[patch * length + 1]) = (patch / columns + 1, patch % columns + 1);
    }

    private (double Mean, double Deviation) Statistics(Image image)
    {
        Span<long> counts = stackalloc long[256];
        counts.Clear();
        foreach (var level in image.Pixels)
            counts[level]++;
        double count = image.Pixels.Length, sum = 0, squares = 0;
        for (var level = 0; level < counts.Length; level++)
            sum += (double)level * counts[level];
        var mean = sum / count;
        for (var level = 0; level < counts.Length; level++)
            squares += counts[level] * (level - mean) * (level - mean);
        // torch divides by one less than NumPy.
        var variance = squares / (context.Backend == ImageBackend.Fast ? count - 1 : count);
        return (mean, Math.Max(Math.Sqrt(variance), 1 / Math.Sqrt(count)));
    }

    private ImageSize Resized(ImageSize image)
    {
        var scale = Math.Sqrt(_most * ((double)_patch.Height / image.Height) * ((double)_patch.Width / image.Width));
        return new ImageSize(
            Fit(scale * image.Width / _patch.Width) * _patch.Width, Fit(scale * image.Height / _patch.Height) * _patch.Height);

        int Fit(double patches) => Math.Max(1, (int)Math.Min(Math.Floor(patches), _most));
    }

    private static ImageSize Patch(ProcessorConfig config) => config.Size("patch_size", isSquare: true) is not { } size ? new ImageSize(16, 16)
        : size is { IsFixed: true, Width: <= 1024, Height: <= 1024 } ? new ImageSize(size.Width, size.Height)
        : throw config.Invalid("patch_size has not both height and width, of at most 1024");
}
