namespace Gpux.Runtime.Audio.Spectra;

/// <summary>Windows that fade a frame in and out.</summary>
internal static class Windows
{
    /// <summary>Hann's, of one period: the sample behind the last would be zero again.</summary>
    public static double[] Hann(int length) => Raised(length, length, exponent: 1);

    /// <summary>Hann's with a zero at both ends.</summary>
    public static double[] SymmetricHann(int length) => Raised(length, length - 1, exponent: 1);

    /// <summary>Kaldi's: Hann's with a zero at both ends, to the power of 0.85.</summary>
    public static double[] Povey(int length) => Raised(length, length - 1, exponent: 0.85);

    /// <summary>A window in the middle of a longer frame of zeros.</summary>
    public static double[] Centered(double[] window, int length)
    {
        var padded = new double[length];
        window.CopyTo(padded, (length - window.Length) / 2);
        return padded;
    }

    private static double[] Raised(int length, int period, double exponent)
    {
        var window = new double[length];
        for (var i = 0; i < length; i++)
        {
            var hann = period == 0 ? 1 : 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / period);
            window[i] = exponent == 1 ? hann : Math.Pow(hann, exponent);
        }
        return window;
    }
}
