namespace Gpux.Runtime.Images.Resizing;

/// <summary>The weight of a source pixel by its distance from the target's centre. Values are Pillow's, as processor files store
/// them.</summary>
internal enum ResampleFilter
{
    Nearest = 0,
    Lanczos = 1,
    Bilinear = 2,
    Bicubic = 3,
    Box = 4,
    Hamming = 5,
}

/// <summary>Whose arithmetic a resize repeats to the bit.</summary>
internal enum ResizeArithmetic
{
    /// <summary>torch's 8-bit kernels as torchvision calls them with antialias: 16-bit weights.</summary>
    Torchvision,

    /// <summary>Pillow 13: weights of 22 binary digits; images that get much lower are resized vertically first.</summary>
    Pillow,
}

/// <remarks>Source: Pillow 13, Resample.c; torch 2.13 has the same bilinear and bicubic (a = -0.5) functions.</remarks>
internal static class ResampleFilters
{
    /// <summary>Half the width of the filter, in source pixels where the image is not made smaller.</summary>
    public static double Support(this ResampleFilter filter) => filter switch
    {
        ResampleFilter.Box => 0.5,
        ResampleFilter.Bilinear or ResampleFilter.Hamming => 1,
        ResampleFilter.Bicubic => 2,
        ResampleFilter.Lanczos => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "Not a filter with weights."),
    };

    public static double Weight(this ResampleFilter filter, double x) => filter switch
    {
        ResampleFilter.Box => x is > -0.5 and <= 0.5 ? 1 : 0,
        ResampleFilter.Bilinear => Math.Max(0, 1 - Math.Abs(x)),
        ResampleFilter.Hamming => Hamming(Math.Abs(x)),
        ResampleFilter.Bicubic => Bicubic(Math.Abs(x)),
        _ => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0,
    };

    private static double Hamming(double x) => x == 0 ? 1 : x >= 1 ? 0
        : Sinc(x) * (0.54f + 0.46f * Math.Cos(x * Math.PI)); // constants are floats in Pillow

    private static double Bicubic(double x)
    {
        const double A = -0.5;
        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * A
            : 0;
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
