namespace Gpux.Runtime.Images.Processors;

internal static class ImageSizes
{
    /// <returns>int64 [images, 2]: height, width.</returns>
    public static Tensor ToTensor(IReadOnlyList<ImageSize> sizes)
    {
        var tensor = Tensor.Uninitialized(ElementType.Int64, new Shape(sizes.Count, 2));
        var values = tensor.AsSpan<long>();
        for (var i = 0; i < sizes.Count; i++)
            (values[2 * i], values[2 * i + 1]) = (sizes[i].Height, sizes[i].Width);
        return tensor;
    }
}
