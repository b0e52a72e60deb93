using System.Numerics;

namespace Gpux.Runtime.Audio.Resampling;

/// <summary>A low-pass filter between the samples of a sound, as rows of weights: one for each place between two samples.</summary>
/// <remarks>Source: Kaiser 1974 for the window's shape and length; each row sums to 1, so that silence and offset stay what they are.</remarks>
internal sealed class PolyphaseFilter
{
    private readonly float[] _weights;

    /// <param name="phases">Places between two samples; row <paramref name="phases"/> is the next sample itself.</param>
    /// <param name="bandwidth">What may pass at all, as a share of the sound's bandwidth.</param>
    /// <param name="passband">What passes unharmed, as a share of <paramref name="bandwidth"/>.</param>
    public PolyphaseFilter(int phases, double bandwidth, double passband, double stopbandDecibels)
    {
        Phases = phases;
        Bandwidth = bandwidth;
        var length = (stopbandDecibels - 7.95) / (2.285 * (1 - passband) * Math.PI * bandwidth);
        var unit = 4 * Vector<float>.Count;
        Taps = ((int)Math.Ceiling(length) + unit - 1) / unit * unit;
        var shape = 0.1102 * (stopbandDecibels - 8.7);
        var cutoff = bandwidth * (1 + passband) / 2;
        _weights = new float[(phases + 1) * Taps];
        var row = new double[Taps];
        for (var phase = 0; phase <= phases; phase++)
        {
            var sum = 0.0;
            for (var tap = 0; tap < Taps; tap++)
            {
                var distance = tap - (Taps / 2 - 1) - (double)phase / phases;
                row[tap] = Sinc(cutoff * distance) * Kaiser(2 * distance / Taps, shape);
                sum += row[tap];
            }
            for (var tap = 0; tap < Taps; tap++)
                _weights[phase * Taps + tap] = (float)(row[tap] / sum);
        }
    }

    public int Phases { get; }
    public double Bandwidth { get; }

    /// <summary>How many samples a row weighs: a multiple of four vectors. The place lies between the two in the middle.</summary>
    public int Taps { get; }

    public ReadOnlySpan<float> Row(int phase) => _weights.AsSpan(phase * Taps, Taps);

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    // Not divided by its greatest value, which the sum of a row takes care of.
    private static double Kaiser(double x, double shape) => Math.Abs(x) >= 1 ? 0 : BesselI0(shape * Math.Sqrt(1 - x * x));

    /// <summary>The modified Bessel function of the first kind and order 0, to 2e-7.</summary>
    /// <remarks>Source: Abramowitz and Stegun 1964, 9.8.1 and 9.8.2.</remarks>
    private static double BesselI0(double x)
    {
        if (x < 3.75)
        {
            var t = x / 3.75 * (x / 3.75);
            return 1 + t * (3.5156229 + t * (3.0899424 + t * (1.2067492 + t * (0.2659732 + t * (0.0360768 + t * 0.0045813)))));
        }
        var u = 3.75 / x;
        return Math.Exp(x) / Math.Sqrt(x) * (0.39894228 + u * (0.01328592 + u * (0.00225319 + u * (-0.00157565 + u * (0.00916281
            + u * (-0.02057706 + u * (0.02635537 + u * (-0.01647633 + u * 0.00392377))))))));
    }
}
