namespace Gpux.Runtime.Audio.Spectra;

/// <summary>How frequencies are spaced to the ear.</summary>
internal enum MelScale
{
    /// <summary>2595 log10(1 + f / 700).</summary>
    Htk,

    /// <summary>1127 ln(1 + f / 700).</summary>
    Kaldi,

    /// <summary>Linear up to 1000 Hz, logarithmic above.</summary>
    Slaney,
}

/// <summary>Triangular filters, evenly spaced on a mel scale, over the bins of a power spectrum.</summary>
/// <remarks>Source: transformers 5.23, audio_utils.mel_filter_bank; O'Shaughnessy 1987 and Slaney 1998 for the scales.</remarks>
internal sealed class MelFilters
{
    private readonly Filter[] _filters;

    /// <param name="bins">Of the spectrum, from 0 Hz to half the sampling rate.</param>
    /// <param name="count">How many filters.</param>
    /// <param name="minFrequency">Hz, where the first filter begins.</param>
    /// <param name="maxFrequency">Hz, where the last one ends.</param>
    public MelFilters(int bins, int count, double minFrequency, double maxFrequency, int samplingRate, MelScale scale)
        : this(bins, count)
    {
        var corners = Corners(count, ToMel(minFrequency, scale), ToMel(maxFrequency, scale));
        for (var i = 0; i < corners.Length; i++)
            corners[i] = ToHertz(corners[i], scale);
        // The original divides in whole numbers.
        var step = (samplingRate / 2) / (double)(bins - 1);
        Fill(corners, bin => bin * step);
    }

    private MelFilters(int bins, int count)
    {
        Bins = bins;
        _filters = new Filter[count];
    }

    public int Bins { get; }
    public int Count => _filters.Length;
    public ReadOnlySpan<Filter> Filters => _filters;

    /// <summary>Kaldi's: triangles on the mel scale itself, from 20 Hz to half the sampling rate.</summary>
    public static MelFilters Kaldi(int bins, int count, int samplingRate)
    {
        var filters = new MelFilters(bins, count);
        var width = samplingRate / ((bins - 1) * 2.0);
        filters.Fill(
            Corners(count, ToMel(20, MelScale.Kaldi), ToMel(samplingRate / 2, MelScale.Kaldi)),
            bin => ToMel(width * bin, MelScale.Kaldi));
        return filters;
    }

    /// <summary>Slaney's: every filter scaled to the same area.</summary>
    public static MelFilters Slaney(int bins, int count, double minFrequency, double maxFrequency, int samplingRate, MelScale scale = MelScale.Slaney)
    {
        var filters = new MelFilters(bins, count, minFrequency, maxFrequency, samplingRate, scale);
        var corners = Corners(count, ToMel(minFrequency, scale), ToMel(maxFrequency, scale));
        for (var i = 0; i < count; i++)
        {
            var weight = 2 / (ToHertz(corners[i + 2], scale) - ToHertz(corners[i], scale));
            foreach (ref var value in filters._filters[i].Weights.AsSpan())
                value *= weight;
        }
        return filters;
    }

    // Evenly spaced: where each filter begins, peaks and ends are three in a row.
    private static double[] Corners(int count, double min, double max)
    {
        var corners = new double[count + 2];
        var step = (max - min) / (count + 1);
        for (var i = 0; i < corners.Length; i++)
            corners[i] = min + i * step;
        corners[^1] = max;
        return corners;
    }

    private void Fill(double[] corners, Func<int, double> position)
    {
        var positions = new double[Bins];
        for (var bin = 0; bin < Bins; bin++)
            positions[bin] = position(bin);
        var weights = new List<double>();
        for (var i = 0; i < _filters.Length; i++)
        {
            weights.Clear();
            var first = 0;
            for (var bin = 0; bin < Bins; bin++)
            {
                var rising = (positions[bin] - corners[i]) / (corners[i + 1] - corners[i]);
                var falling = (corners[i + 2] - positions[bin]) / (corners[i + 2] - corners[i + 1]);
                var weight = Math.Min(rising, falling);
                if (weight > 0)
                    weights.Add(weight);
                else if (weights.Count == 0)
                    first = bin + 1;
                else
                    break;
            }
            _filters[i] = new Filter(weights.Count == 0 ? 0 : first, [.. weights]);
        }
    }

    private static double ToMel(double hertz, MelScale scale) => scale switch
    {
        MelScale.Htk => 2595 * Math.Log10(1 + hertz / 700),
        MelScale.Kaldi => 1127 * Math.Log(1 + hertz / 700),
        _ => hertz < 1000 ? 3 * hertz / 200 : 15 + Math.Log(hertz / 1000) * (27 / Math.Log(6.4)),
    };

    private static double ToHertz(double mel, MelScale scale) => scale switch
    {
        MelScale.Htk => 700 * (Math.Pow(10, mel / 2595) - 1),
        MelScale.Kaldi => 700 * (Math.Exp(mel / 1127) - 1),
        _ => mel < 15 ? 200 * mel / 3 : 1000 * Math.Exp((mel - 15) * (Math.Log(6.4) / 27)),
    };

    /// <summary>One triangle: weights of the bins from the first that counts.</summary>
    internal readonly record struct Filter(int First, double[] Weights);
}
