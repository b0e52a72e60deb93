using Gpux.Runtime.Images.Processors;

namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>SAM: masks of points and boxes, brought to the size of the image.</summary>
/// <remarks>Source: transformers 5.23, SamImageProcessor.post_process_masks.</remarks>
public static class PromptedMasks
{
    /// <summary>What a repository's processor pads images to.</summary>
    /// <param name="repositoryFile">The local path of a file of the model's repository; null where it has no such file.</param>
    /// <exception cref="InvalidImageProcessorException">No processor file, or a malformed one.</exception>
    public static ImageSize PaddedSize(Func<string, string?> repositoryFile) => SamImageProcessor.PaddedSize(
        new ProcessorFiles(repositoryFile).Read("preprocessor_config.json")
        ?? throw new InvalidImageProcessorException("preprocessor_config.json", "the repository has no such file"));

    /// <param name="masks">Logits: float [batch, prompts, masks, height, width].</param>
    /// <param name="image">Which of the batch.</param>
    /// <param name="padded">What the processor pads images to.</param>
    /// <param name="content">The image's part of that: reshaped_input_sizes.</param>
    /// <param name="target">The image's own size.</param>
    /// <param name="limits">Bounds the masks; <see cref="ImageLimits.Default"/> where null.</param>
    /// <returns>Logits: float [prompts, masks, height, width].</returns>
    /// <exception cref="UnfitOutputsException">The tensor has another shape.</exception>
    public static Tensor Read(Tensor masks, int image, ImageSize padded, ImageSize content, ImageSize target, ImageLimits? limits = null)
    {
        if (masks.Shape.Rank != 5)
            throw new UnfitOutputsException($"masks of the shape {masks.Shape}", "[batch, prompts, masks, height, width]");
        limits ??= ImageLimits.Default;
        var shape = masks.Shape;
        var planes = Planes.Of(masks.Reshape(shape[0], shape[1] * shape[2], shape[3], shape[4]), image);
        planes = planes.Bilinear(padded, limits).Cropped(content).Bilinear(target, limits);
        return Tensor.Of(planes.Values.Span, new Shape(shape[1], shape[2], target.Height, target.Width));
    }
}
