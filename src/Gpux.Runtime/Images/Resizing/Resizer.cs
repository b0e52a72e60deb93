using System.Buffers;

namespace Gpux.Runtime.Images.Resizing;

/// <summary>Resizes 8-bit RGB as Pillow and torchvision do: one axis after the other, rounded to 8 bits after each.</summary>
/// <remarks>Both antialias: a filter that makes an image smaller widens by the same factor. Results equal theirs bit by
/// bit.</remarks>
internal static unsafe class Resizer
{
    /// <summary>Computes a part of the resized image.</summary>
    /// <param name="target">The whole resized image.</param>
    /// <param name="window">The part that is wanted; lies inside <paramref name="target"/>.</param>
    /// <param name="rgb">Receives the window's height x width x 3 bytes.</param>
    public static void Resize(
        Image source, ImageSize target, Window window, ResampleFilter filter, ResizeArithmetic arithmetic, Span<byte> rgb)
    {
        rgb = rgb[..(window.Height * window.Width * 3)];
        fixed (byte* from = source.PixelsAndSlack, to = rgb)
        {
            var sourcePlane = new Plane(from, source.Width * 3, source.Size);
            var targetPlane = new Plane(to, window.Width * 3, new ImageSize(window.Width, window.Height));
            if (filter == ResampleFilter.Nearest || target == source.Size)
                NearestResizer.Resize(sourcePlane, target, window, arithmetic, targetPlane);
            else
                Resample(sourcePlane, target, window, filter, arithmetic, targetPlane);
        }
    }

    private static void Resample(
        Plane source, ImageSize target, Window window, ResampleFilter filter, ResizeArithmetic arithmetic, Plane rgb)
    {
        var columns = ResampleWeights.Compute(source.Size.Width, target.Width, window.Left, window.Width, filter, arithmetic);
        var rows = ResampleWeights.Compute(source.Size.Height, target.Height, window.Top, window.Height, filter, arithmetic);
        var isVerticalFirst = arithmetic == ResizeArithmetic.Pillow && IsPillowVerticalFirst(source.Size, target);
        var (firstColumn, endColumn) = columns.Range(source.Size.Width);
        var (firstRow, endRow) = rows.Range(source.Size.Height);
        source = source.Part(firstColumn, firstRow, new ImageSize(endColumn - firstColumn, endRow - firstRow));
        (columns, rows) = (columns.From(firstColumn), rows.From(firstRow));

        var between = isVerticalFirst
            ? new ImageSize(source.Size.Width, window.Height)
            : new ImageSize(window.Width, source.Size.Height);
        var buffer = ArrayPool<byte>.Shared.Rent(checked(between.Width * between.Height * 3 + Image.Slack));
        try
        {
            fixed (byte* memory = buffer)
            {
                var plane = new Plane(memory, between.Width * 3, between);
                if (isVerticalFirst)
                {
                    Vertically(source, plane, rows);
                    Horizontally(plane, rgb, columns);
                }
                else
                {
                    Horizontally(source, plane, columns);
                    Vertically(plane, rgb, rows);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Pillow 13 starts with the axis that leaves less to do. Pillow 12 and torchvision always go horizontally
    /// first.</summary>
    private static bool IsPillowVerticalFirst(ImageSize source, ImageSize target) =>
        target.Height < source.Height && source.Height - target.Height > 2L * (source.Width - target.Width);

    private static void Horizontally(Plane source, Plane target, ResampleWeights weights)
    {
        if (Avx2Kernels.IsSupported)
            Avx2Kernels.Horizontally(source, target, weights);
        else
            PortableKernels.Horizontally(source, target, weights);
    }

    private static void Vertically(Plane source, Plane target, ResampleWeights weights)
    {
        if (Avx2Kernels.IsSupported)
            Avx2Kernels.Vertically(source, target, weights);
        else
            PortableKernels.Vertically(source, target, weights);
    }
}
