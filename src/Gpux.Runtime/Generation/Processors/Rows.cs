using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Generation.Processors;

/// <summary>Arithmetic on rows of scores. Sums are taken in float64.</summary>
internal static class Rows
{
    private static int Width => Vector256<float>.Count;

    /// <summary>The greatest element; NaN if there is one. -infinity of an empty row.</summary>
    public static float Max(ReadOnlySpan<float> row)
    {
        var greatest = float.NegativeInfinity;
        var i = 0;
        if (row.Length >= Width)
        {
            var block = Vector256.Create(row);
            for (i = Width; i <= row.Length - Width; i += Width)
                block = Vector256.Max(block, Vector256.Create(row[i..]));
            for (var lane = 0; lane < Width; lane++)
                greatest = MathF.Max(greatest, block[lane]);
        }
        for (; i < row.Length; i++)
            greatest = MathF.Max(greatest, row[i]);
        return greatest;
    }

    /// <summary>Writes e^(element - offset) of each element, and returns their sum.</summary>
    public static double Exponentials(ReadOnlySpan<float> row, float offset, Span<float> exponentials)
    {
        var sums = Vector256<double>.Zero;
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
        {
            var (lower, upper) = Exponentials(row[i..], offset);
            Vector256.Narrow(lower, upper).CopyTo(exponentials[i..]);
            sums += lower + upper;
        }
        var sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
        {
            var exponential = Math.Exp(row[i] - offset);
            exponentials[i] = (float)exponential;
            sum += exponential;
        }
        return sum;
    }

    /// <summary>Writes e^(element - offset) of each element in float64, and returns their sum.</summary>
    public static double Exponentials(ReadOnlySpan<float> row, float offset, Span<double> exponentials)
    {
        var sums = Vector256<double>.Zero;
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
        {
            var (lower, upper) = Exponentials(row[i..], offset);
            lower.CopyTo(exponentials[i..]);
            upper.CopyTo(exponentials[(i + Width / 2)..]);
            sums += lower + upper;
        }
        var sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
            sum += exponentials[i] = Math.Exp(row[i] - offset);
        return sum;
    }

    public static void Divide(Span<float> row, float by)
    {
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
            (Vector256.Create((ReadOnlySpan<float>)row[i..]) / Vector256.Create(by)).CopyTo(row[i..]);
        for (; i < row.Length; i++)
            row[i] /= by;
    }

    /// <summary>Replaces scores by log-probabilities. Elements of -infinity stay so.</summary>
    public static void LogSoftmax(Span<float> row)
    {
        var greatest = Max(row);
        var logSum = (float)Math.Log(SumOfExponentials(row, greatest));
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
        {
            var block = Vector256.Create((ReadOnlySpan<float>)row[i..]);
            (block - Vector256.Create(greatest) - Vector256.Create(logSum)).CopyTo(row[i..]);
        }
        for (; i < row.Length; i++)
            row[i] = row[i] - greatest - logSum;
    }

    public static void Add(Span<float> row, float term)
    {
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
            (Vector256.Create((ReadOnlySpan<float>)row[i..]) + Vector256.Create(term)).CopyTo(row[i..]);
        for (; i < row.Length; i++)
            row[i] += term;
    }

    /// <summary>Removes what scores below <paramref name="least"/>.</summary>
    public static void RemoveBelow(Span<float> row, float least)
    {
        var removed = Vector256.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
        {
            var block = Vector256.Create((ReadOnlySpan<float>)row[i..]);
            Vector256.ConditionalSelect(Vector256.LessThan(block, Vector256.Create(least)), removed, block).CopyTo(row[i..]);
        }
        for (; i < row.Length; i++)
        {
            if (row[i] < least)
                row[i] = float.NegativeInfinity;
        }
    }

    private static double SumOfExponentials(ReadOnlySpan<float> row, float offset)
    {
        var sums = Vector256<double>.Zero;
        var i = 0;
        for (; i <= row.Length - Width; i += Width)
        {
            var (lower, upper) = Exponentials(row[i..], offset);
            sums += lower + upper;
        }
        var sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
            sum += Math.Exp(row[i] - offset);
        return sum;
    }

    // In float32, Vector256.Exp(0) is 1.0000001: equal scores would not get the probabilities that they have in the reference.
    private static (Vector256<double> Lower, Vector256<double> Upper) Exponentials(ReadOnlySpan<float> row, float offset)
    {
        var (lower, upper) = Vector256.Widen(Vector256.Create(row) - Vector256.Create(offset));
        return (Vector256.Exp(lower), Vector256.Exp(upper));
    }
}
