using System.Numerics;

namespace Gpux.Runtime.Images.Resizing;

internal static class FloatRow
{
    /// <summary>Adds each value, times a weight, to the sum at its place.</summary>
    public static void AddScaled(ReadOnlySpan<float> values, float weight, Span<float> sums)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
            (new Vector<float>(sums[i..]) + new Vector<float>(values[i..]) * weight).CopyTo(sums[i..]);
        for (; i < values.Length; i++)
            sums[i] += values[i] * weight;
    }
}
