namespace Gpux.Runtime.Images.Resizing;

/// <summary>Resizes with floats between the passes and in the result, as torch does with float images.</summary>
internal static class FloatResizer
{
    /// <param name="levels">The float that each 8-bit value stands for: 256.</param>
    /// <param name="window">The part of the resized image that is wanted.</param>
    /// <param name="planes">Receives 3 x height x width of the window.</param>
    public static void Resize(
        Image source, ReadOnlySpan<float> levels, ImageSize target, Window window, ResampleFilter filter, Span<float> planes)
    {
        var columns = new ResampleTaps(source.Width, target.Width, filter);
        var rows = new ResampleTaps(source.Height, target.Height, filter);
        var weights = new double[Math.Max(columns.MaxCount, rows.MaxCount)];

        // Narrowed by columns first: width of the window x height of the source, interleaved as the source is.
        if (3L * source.Height * window.Width > Array.MaxLength / sizeof(float))
            throw new UnfitImagesException($"An image of {source.Size} takes too much memory to resize.", "Use a smaller image.");
        var narrowed = new float[source.Height * window.Width * 3];
        for (var x = 0; x < window.Width; x++)
        {
            var (first, count) = columns.Compute(window.Left + x, weights);
            for (var y = 0; y < source.Height; y++)
            {
                var from = source.Pixels.Slice((y * source.Width + first) * 3, count * 3);
                float red = 0, green = 0, blue = 0;
                for (var tap = 0; tap < count; tap++)
                {
                    var weight = (float)weights[tap];
                    red += levels[from[tap * 3]] * weight;
                    green += levels[from[tap * 3 + 1]] * weight;
                    blue += levels[from[tap * 3 + 2]] * weight;
                }
                var to = narrowed.AsSpan((y * window.Width + x) * 3, 3);
                (to[0], to[1], to[2]) = (red, green, blue);
            }
        }

        var planeSize = window.Width * window.Height;
        for (var y = 0; y < window.Height; y++)
        {
            var (first, count) = rows.Compute(window.Top + y, weights);
            for (var i = 0; i < window.Width * 3; i++)
            {
                var sum = 0f;
                for (var tap = 0; tap < count; tap++)
                    sum += narrowed[(first + tap) * window.Width * 3 + i] * (float)weights[tap];
                planes[i % 3 * planeSize + y * window.Width + i / 3] = sum;
            }
        }
    }
}
