using System.Buffers;
using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Rescale, resize floats, normalise.</summary>
internal sealed record FloatResize(float RescaleFactor, Normalization? Normalization)
{
    public unsafe void Write(
        Image image, ImageSize resized, Window window, ResampleFilter filter, float* planes, nint stride, nint planeSize)
    {
        Span<float> levels = stackalloc float[256];
        for (var level = 0; level < levels.Length; level++)
            levels[level] = level * RescaleFactor;
        var count = window.Width * window.Height;
        var floats = ArrayPool<float>.Shared.Rent(3 * count);
        try
        {
            FloatResizer.Resize(image, levels, resized, window, filter, floats);
            for (var colour = 0; colour < 3; colour++)
                for (var y = 0; y < window.Height; y++)
                    Normalize(floats.AsSpan(colour * count + y * window.Width, window.Width), colour,
                        new Span<float>(planes + colour * planeSize + y * stride, window.Width));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
        }
    }

    private void Normalize(ReadOnlySpan<float> source, int colour, Span<float> target)
    {
        var (mean, deviation) = Normalization is null
            ? (0f, 1f)
            : ((float)Normalization.Mean[colour], (float)Normalization.Std[colour]);
        for (var i = 0; i < source.Length; i++)
            target[i] = (source[i] - mean) / deviation;
    }
}
