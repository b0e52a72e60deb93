namespace Gpux.Runtime.Images.Resizing;

/// <summary>For every pixel of a resized row: which source pixels make it, and with what fixed-point weights.</summary>
/// <remarks>Every output has the same number of taps, a multiple of 4; superfluous ones have weight 0. Taps lie inside the source
/// wherever it is long enough for them, else they start at 0 and reach up to 3 pixels past its end.</remarks>
internal sealed class ResampleWeights
{
    private const int PillowPrecision = 32 - 8 - 2;

    private ResampleWeights(int[] first, int taps, int[] values, int precision, bool fitInt16)
    {
        First = first;
        Taps = taps;
        Values = values;
        Precision = precision;
        FitInt16 = fitInt16;
    }

    /// <summary>The first source pixel of each output.</summary>
    public int[] First { get; }

    public int Taps { get; }

    /// <summary>Outputs x Taps integers; those of one output sum up to about 2^<see cref="Precision"/>.</summary>
    public int[] Values { get; }

    /// <summary>Binary digits behind the point.</summary>
    public int Precision { get; }

    /// <summary>Whether every weight fits into 16 bits.</summary>
    public bool FitInt16 { get; }

    /// <summary>Source pixels from <c>Start</c> to before <c>End</c> are used.</summary>
    public (int Start, int End) Range(int sourceLength)
    {
        var (start, end) = (int.MaxValue, 0);
        foreach (var first in First)
        {
            start = Math.Min(start, first);
            end = Math.Max(end, first + Taps);
        }
        return (start, Math.Min(end, sourceLength));
    }

    /// <summary>The same weights over a source that starts <paramref name="offset"/> pixels later.</summary>
    public ResampleWeights From(int offset)
    {
        var first = new int[First.Length];
        for (var i = 0; i < first.Length; i++)
            first[i] = First[i] - offset;
        return new ResampleWeights(first, Taps, Values, Precision, FitInt16);
    }

    /// <param name="source">Pixels of a source row.</param>
    /// <param name="target">Pixels of the whole resized row.</param>
    /// <param name="start">The first of <paramref name="count"/> resized pixels that are wanted.</param>
    public static ResampleWeights Compute(
        int source, int target, int start, int count, ResampleFilter filter, ResizeArithmetic arithmetic)
    {
        var exact = new ResampleTaps(source, target, filter);
        var precision = arithmetic == ResizeArithmetic.Pillow ? PillowPrecision : TorchPrecision(exact);
        var scale = (double)(1 << precision);
        var taps = (exact.MaxCount + 3) & ~3;
        var values = new int[count * taps];
        var first = new int[count];
        var weights = new double[exact.MaxCount];
        for (var i = 0; i < count; i++)
        {
            var (exactFirst, used) = exact.Compute(start + i, weights);
            first[i] = Math.Max(0, Math.Min(exactFirst, source - taps));
            var to = values.AsSpan(i * taps + exactFirst - first[i], used);
            for (var tap = 0; tap < used; tap++)
                to[tap] = (int)(weights[tap] * scale + (weights[tap] < 0 ? -0.5 : 0.5));
        }
        return new ResampleWeights(first, taps, values, precision, fitInt16: arithmetic == ResizeArithmetic.Torchvision);
    }

    /// <summary>The most binary digits with which the greatest weight of the whole row still fits into 16 bits.</summary>
    /// <remarks>Source: torch 2.13, aten/src/ATen/native/cpu/UpSampleKernel.cpp.</remarks>
    private static int TorchPrecision(ResampleTaps exact)
    {
        var greatest = 0.0;
        var weights = new double[exact.MaxCount];
        for (var i = 0; i < exact.Target; i++)
        {
            var (_, used) = exact.Compute(i, weights);
            for (var tap = 0; tap < used; tap++)
                greatest = Math.Max(greatest, weights[tap]);
        }
        var precision = 0;
        while (precision < 22 && (int)(0.5 + greatest * (1 << (precision + 1))) < 1 << 15)
            precision++;
        return precision;
    }
}
