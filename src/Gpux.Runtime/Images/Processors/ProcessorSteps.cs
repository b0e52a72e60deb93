using System.Buffers;
using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>The steps that image processors share: resize, crop, rescale, normalise, pad; to float32 [batch, 3, height,
/// width].</summary>
internal sealed record ProcessorSteps : IProcessorSteps
{
    /// <summary>Resizing and cropping, as a function of an image's size.</summary>
    public required Func<ImageSize, ResizePlan> Plan { get; init; }

    public required ResampleFilter Filter { get; init; }
    public required ResizeArithmetic Arithmetic { get; init; }

    /// <summary>Rescaling and normalising.</summary>
    public required PixelScale Scale { get; init; }

    /// <summary>Rescaling before the resize and normalising behind it, in place of <see cref="Scale"/>.</summary>
    public FloatResize? ResizesFloats { get; init; }

    /// <summary>Blue first.</summary>
    public bool IsBgr { get; init; }

    /// <summary>Zeros on the right and below, up to a size that follows from the largest of the batch.</summary>
    public Func<ImageSize, ImageSize>? Pad { get; init; }

    /// <summary>Also pixel_mask, int64 [batch, height, width]: 1 where the image is, 0 where it is padded.</summary>
    public bool WithPixelMask { get; init; }

    public IReadOnlyList<string> InputNames => WithPixelMask ? ["pixel_values", "pixel_mask"] : ["pixel_values"];

    public unsafe ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits)
    {
        var plans = new ResizePlan[images.Count];
        var originalSizes = new ImageSize[plans.Length];
        var contentSizes = new ImageSize[plans.Length];
        for (var i = 0; i < plans.Length; i++)
        {
            originalSizes[i] = images[i].Size;
            plans[i] = Plan(images[i].Size).Checked(images[i].Size, limits);
            contentSizes[i] = plans[i].KeptSize;
        }
        var size = CommonSize(plans);
        if (3L * sizeof(float) * size.Width * size.Height * plans.Length > Array.MaxLength)
            throw new UnfitImagesException($"{plans.Length} images of {size} take more than 2 GiB.", "Send fewer at once.");

        var shape = new Shape(plans.Length, 3, size.Height, size.Width);
        var values = Pad is null ? Tensor.Uninitialized(ElementType.Float32, shape) : Tensor.Zeros(ElementType.Float32, shape);
        var plane = (nint)size.Width * size.Height;
        for (var i = 0; i < plans.Length; i++)
            Write(images[i], plans[i], (float*)values.Data + i * 3 * plane, size.Width, plane);

        var tensors = new Dictionary<string, Tensor> { ["pixel_values"] = values };
        if (WithPixelMask)
            tensors["pixel_mask"] = Mask(plans, size);
        return new ProcessedImages(tensors, originalSizes, contentSizes);
    }

    private ImageSize CommonSize(ResizePlan[] plans)
    {
        var size = plans[0].KeptSize;
        foreach (var plan in plans)
        {
            if (plan.KeptSize != size && Pad is null)
                throw new UnfitImagesException(
                    $"This model's processor makes {size} of one image and {plan.KeptSize} of another, which make no batch.",
                    "Send images of one size, or one at a time.");
            size = new ImageSize(Math.Max(size.Width, plan.Kept.Width), Math.Max(size.Height, plan.Kept.Height));
        }
        if (Pad is null)
            return size;
        var padded = Pad(size);
        return padded.Width >= size.Width && padded.Height >= size.Height
            ? padded
            : throw new UnfitImagesException(
                $"An image comes out as {size}, more than the {padded} that this model's processor pads to.",
                "Use an image that is less narrow.");
    }

    private unsafe void Write(Image image, ResizePlan plan, float* planes, nint stride, nint planeSize)
    {
        var inside = plan.Kept.Within(plan.Resized);
        if (inside.Width < plan.Kept.Width || inside.Height < plan.Kept.Height)
            Fill(plan, planes, stride, planeSize);
        if (inside.Width == 0 || inside.Height == 0)
            return;
        var start = planes + (inside.Top - plan.Kept.Top) * stride + (inside.Left - plan.Kept.Left);
        if (ResizesFloats is not null)
        {
            ResizesFloats.Write(image, plan.Resized, inside, Filter, start, stride, planeSize);
            return;
        }
        if (plan.Resized == image.Size && inside == Window.Whole(image.Size))
        {
            Scale.Write(image.Pixels, inside.Width, inside.Height, start, stride, planeSize, IsBgr);
            return;
        }
        var rgb = ArrayPool<byte>.Shared.Rent(inside.Width * inside.Height * 3);
        try
        {
            Resizer.Resize(image, plan.Resized, inside, Filter, Arithmetic, rgb);
            Scale.Write(rgb, inside.Width, inside.Height, start, stride, planeSize, IsBgr);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgb);
        }
    }

    private unsafe void Fill(ResizePlan plan, float* planes, nint stride, nint planeSize)
    {
        for (var colour = 0; colour < 3; colour++)
        {
            var value = plan.Fill is { } fill ? Scale[colour, (byte)(fill >> 8 * colour)] : 0;
            for (var y = 0; y < plan.Kept.Height; y++)
                new Span<float>(planes + colour * planeSize + y * stride, plan.Kept.Width).Fill(value);
        }
    }

    private static Tensor Mask(ResizePlan[] plans, ImageSize size)
    {
        var mask = Tensor.Zeros(ElementType.Int64, new Shape(plans.Length, size.Height, size.Width));
        var elements = mask.AsSpan<long>();
        for (var i = 0; i < plans.Length; i++)
            for (var y = 0; y < plans[i].Kept.Height; y++)
                elements.Slice((i * size.Height + y) * size.Width, plans[i].Kept.Width).Fill(1);
        return mask;
    }
}
