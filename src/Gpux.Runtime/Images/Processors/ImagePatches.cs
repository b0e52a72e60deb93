namespace Gpux.Runtime.Images.Processors;

internal static class ImagePatches
{
    /// <summary>Writes the patches of an image row by row, in each the pixels row by row, the colours of a pixel together.</summary>
    /// <param name="planes">3 x height x width.</param>
    /// <param name="stride">From a patch's numbers to the next patch's.</param>
    public static void Write(ReadOnlySpan<float> planes, ImageSize size, int patchHeight, int patchWidth, Span<float> patches, int stride)
    {
        var plane = size.Width * size.Height;
        var columns = size.Width / patchWidth;
        for (var y = 0; y < size.Height / patchHeight * patchHeight; y++)
            for (var x = 0; x < columns * patchWidth; x++)
            {
                var to = (y / patchHeight * columns + x / patchWidth) * stride + (y % patchHeight * patchWidth + x % patchWidth) * 3;
                var from = y * size.Width + x;
                (patches[to], patches[to + 1], patches[to + 2]) = (planes[from], planes[plane + from], planes[2 * plane + from]);
            }
    }
}
