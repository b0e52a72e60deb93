namespace Gpux.Runtime.Images.Processors;

/// <summary>The float that each of the 256 levels of each colour becomes: rescaling and normalising in one look-up.</summary>
internal sealed class PixelScale
{
    private readonly float[] _levels = new float[3 * 256];

    /// <param name="level">The float of a level (0 to 255, as float) of a colour (0 to 2).</param>
    public PixelScale(Func<float, int, float> level)
    {
        for (var i = 0; i < _levels.Length; i++)
            _levels[i] = level(i & 255, i >> 8);
    }

    /// <summary>Writes rows of 8-bit RGB into three planes of floats.</summary>
    /// <param name="rgb">height x width x 3 bytes.</param>
    /// <param name="planes">Three planes from the first target pixel on.</param>
    /// <param name="stride">From a row of a plane to the next, in floats.</param>
    /// <param name="planeSize">From a plane to the next, in floats.</param>
    public unsafe void Write(
        ReadOnlySpan<byte> rgb, int width, int height, float* planes, nint stride, nint planeSize, bool isBgr)
    {
        fixed (byte* source = rgb)
        fixed (float* levels = _levels)
        {
            var from = source;
            // Colours change places before they are normalised, so the planes' levels stay where they are.
            var (first, third) = isBgr ? (2, 0) : (0, 2);
            for (var y = 0; y < height; y++)
            {
                float* plane0 = planes + y * stride, plane1 = plane0 + planeSize, plane2 = plane1 + planeSize;
                for (var x = 0; x < width; x++, from += 3)
                {
                    plane0[x] = levels[from[first]];
                    plane1[x] = levels[256 + from[1]];
                    plane2[x] = levels[512 + from[third]];
                }
            }
        }
    }

    /// <summary>The float of a colour's level.</summary>
    public float this[int colour, byte level] => _levels[colour * 256 + level];

    /// <summary>transformers' rescale and normalise, in the arithmetic of a backend: the fast one folds the first into the
    /// second.</summary>
    public static PixelScale Standard(ImageBackend backend, double? rescaleFactor, Normalization? normalization)
    {
        var factor = rescaleFactor ?? 1;
        if (backend == ImageBackend.Slow)
            return new PixelScale((level, colour) => Normalize((float)(level * factor), colour, normalization));
        if (normalization is null)
            return new PixelScale((level, _) => level * (float)factor);
        var inverse = (float)(1 / factor);
        return new PixelScale((level, colour) =>
            (level - (float)normalization.Mean[colour] * inverse) / ((float)normalization.Std[colour] * inverse));
    }

    private static float Normalize(float value, int colour, Normalization? normalization) =>
        normalization is null ? value : (value - (float)normalization.Mean[colour]) / (float)normalization.Std[colour];
}

/// <summary>Subtract the mean, divide by the standard deviation; of each colour.</summary>
internal sealed record Normalization(double[] Mean, double[] Std);
