namespace Gpux.Runtime.Images;

/// <summary>A batch of images as a model takes it.</summary>
/// <param name="Tensors">By the name of the model's input, such as pixel_values: float32 [batch, 3, height, width].</param>
/// <param name="OriginalSizes">Of each image before any step; what boxes and masks are scaled back to.</param>
/// <param name="ContentSizes">Of each image after all steps but padding: the part of its input that shows it.</param>
public sealed record ProcessedImages(
    IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyList<ImageSize> OriginalSizes, IReadOnlyList<ImageSize> ContentSizes)
{
    public Tensor this[string name] => Tensors[name];
}
