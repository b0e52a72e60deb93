using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>8-bit images made of others, for processors that do more to an image than one resize and crop.</summary>
internal static class ImageEdits
{
    public static Image Resized(
        this Image image, ImageSize target, ResampleFilter filter, ResizeArithmetic arithmetic, ImageLimits limits)
    {
        if (target == image.Size)
            return image;
        ResizePlan.Whole(target).Checked(image.Size, limits);
        var pixels = Image.Allocate(target);
        Resizer.Resize(image, target, Window.Whole(target), filter, arithmetic, pixels);
        return new Image(target, pixels);
    }

    /// <summary>A part of an image; where it reaches past the image, a colour.</summary>
    /// <param name="fill">Red in the lowest byte.</param>
    public static Image Part(this Image image, Window window, ImageLimits limits, uint fill = 0)
    {
        var size = new ImageSize(window.Width, window.Height);
        ResizePlan.Whole(size).Checked(image.Size, limits);
        var pixels = Image.Allocate(size);
        var inside = window.Within(image.Size);
        if (inside.Width < window.Width || inside.Height < window.Height)
            Fill(pixels, fill);
        for (var y = 0; y < inside.Height; y++)
            image.Pixels.Slice(((inside.Top + y) * image.Width + inside.Left) * 3, inside.Width * 3)
                .CopyTo(pixels.AsSpan(((inside.Top + y - window.Top) * size.Width + inside.Left - window.Left) * 3));
        return new Image(size, pixels);
    }

    private static void Fill(Span<byte> pixels, uint colour)
    {
        for (var i = 0; i + 2 < pixels.Length; i += 3)
            (pixels[i], pixels[i + 1], pixels[i + 2]) = ((byte)colour, (byte)(colour >> 8), (byte)(colour >> 16));
    }
}
