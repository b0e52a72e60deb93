namespace Gpux.Runtime.Images.Processors;

/// <summary>A size as processor files give it: two fixed sides, or bounds for the shorter and longer one. 0 where not
/// given.</summary>
internal sealed record ProcessorSize(int Height, int Width, int ShortestEdge, int LongestEdge, int MaxHeight, int MaxWidth)
{
    public bool IsFixed => Height > 0 && Width > 0;

    public static ProcessorSize Fixed(int height, int width) => new(height, width, 0, 0, 0, 0);
    public static ProcessorSize Shortest(int edge) => new(0, 0, edge, 0, 0, 0);

    /// <summary>The size that an image is resized to.</summary>
    /// <remarks>Source: transformers 5, image_processing_backends.py; the order of the cases is its order.</remarks>
    public ImageSize Resize(ImageSize image) =>
        ShortestEdge > 0 && LongestEdge > 0 ? ResizeRules.BetweenEdges(image, ShortestEdge, LongestEdge)
        : ShortestEdge > 0 ? ResizeRules.ShortestEdge(image, ShortestEdge)
        : MaxHeight > 0 && MaxWidth > 0 ? ResizeRules.Within(image, MaxHeight, MaxWidth)
        : new ImageSize(Width, Height);

    /// <summary>Whether <see cref="Resize"/> has what it needs.</summary>
    public bool IsComplete => ShortestEdge > 0 || (MaxHeight > 0 && MaxWidth > 0) || IsFixed;
}
