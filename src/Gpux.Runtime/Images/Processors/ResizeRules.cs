namespace Gpux.Runtime.Images.Processors;

/// <summary>How one size follows from another. Fractions are cut off, or rounded half to even, exactly where Python's int and
/// round are.</summary>
/// <remarks>Source: transformers 5, image_transforms.py and image_utils.py.</remarks>
internal static class ResizeRules
{
    /// <summary>The shorter side becomes <paramref name="edge"/>, the longer one follows.</summary>
    public static ImageSize ShortestEdge(ImageSize image, int edge) =>
        image.Width <= image.Height
            ? new ImageSize(edge, Truncate((double)((long)edge * image.Height) / image.Width))
            : new ImageSize(Truncate((double)((long)edge * image.Width) / image.Height), edge);

    /// <summary>The shorter side becomes <paramref name="shortest"/>, or less where the longer one would exceed
    /// <paramref name="longest"/>.</summary>
    public static ImageSize BetweenEdges(ImageSize image, int shortest, int longest)
    {
        double shorter = Math.Min(image.Width, image.Height), longer = Math.Max(image.Width, image.Height);
        double exact = shortest;
        if (longer / shorter * shortest > longest)
        {
            exact = longest * shorter / longer;
            shortest = (int)Math.Round(exact, MidpointRounding.ToEven);
        }
        if (Math.Min(image.Width, image.Height) == shortest)
            return image;
        return image.Width < image.Height
            ? new ImageSize(shortest, Truncate(exact * image.Height / image.Width))
            : new ImageSize(Truncate(exact * image.Width / image.Height), shortest);
    }

    /// <summary>As large as fits, smaller or larger than before.</summary>
    public static ImageSize Within(ImageSize image, int height, int width)
    {
        var scale = Math.Min((double)height / image.Height, (double)width / image.Width);
        return new ImageSize(Truncate(image.Width * scale), Truncate(image.Height * scale));
    }

    /// <summary>A length in pixels; absurd ones stay absurd instead of overflowing, and are refused later.</summary>
    public static int Truncate(double length) => (int)Math.Min(length, int.MaxValue);
}
