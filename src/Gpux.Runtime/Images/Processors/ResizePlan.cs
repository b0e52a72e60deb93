using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>What becomes of an image of some size: the size it is resized to, and the window of that which is kept.</summary>
/// <param name="Kept">May reach past the resized image.</param>
/// <param name="Fill">The colour that pixels have there, red in the lowest byte; null: zeros that are not rescaled and
/// normalised.</param>
internal readonly record struct ResizePlan(ImageSize Resized, Window Kept, uint? Fill = 0)
{
    public static ResizePlan Whole(ImageSize resized) => new(resized, Window.Whole(resized));

    public ImageSize KeptSize => new(Kept.Width, Kept.Height);

    /// <exception cref="UnfitImagesException">It leaves nothing of the image, or makes more of it than the limits allow.</exception>
    public ResizePlan Checked(ImageSize image, ImageLimits limits)
    {
        if (Resized.Width <= 0 || Resized.Height <= 0)
            throw new UnfitImagesException(
                $"This model's processor leaves nothing of an image of {image}.", "Use a larger image, or one less narrow.");
        if (Math.Max((long)Resized.Width * Resized.Height, (long)Kept.Width * Kept.Height) > limits.MaxPixels)
            throw new UnfitImagesException(
                $"This model's processor resizes an image of {image} to {Resized}; the limit is {limits.MaxPixels} pixels.",
                "Use an image that is less narrow.");
        return this;
    }

    /// <summary>The middle of an image; where the crop is larger, the image in the middle of the crop.</summary>
    /// <remarks>An odd pixel that is too few goes to the right and bottom in the slow backend's crop, else to the left and
    /// top.</remarks>
    public static ResizePlan CenterCrop(ImageSize resized, ImageSize crop, ImageBackend backend)
    {
        return new ResizePlan(resized, new Window(
            Start(resized.Width, crop.Width), Start(resized.Height, crop.Height), crop.Width, crop.Height));

        int Start(int length, int cropped) => backend == ImageBackend.Fast
            ? (length - cropped) / 2 // towards zero
            : (length - cropped) >> 1; // downwards
    }
}
