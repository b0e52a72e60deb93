using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Statistics;

/// <summary>The lower triangle L of a symmetric positive definite matrix A = L Lᵀ.</summary>
/// <remarks>Our own, for a recommendation solves some eighty systems of a few hundred unknowns: rows lie one after the other, so that every
/// inner product is of neighbours, and nothing is allocated but the triangle.</remarks>
internal sealed class CholeskyFactor
{
    // Code with vectors of the machine's width is not compiled ahead, and what is compiled in a hurry would take ten times as long.
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    private readonly double[] _lower;

    private CholeskyFactor(double[] lower, int size) => (_lower, Size) = (lower, size);

    public int Size { get; }

    /// <summary>Where a row begins in a lower triangle that is stored row by row: row i has i + 1 values. Before row n lie the values of n rows.</summary>
    public static int Row(int i) => i * (i + 1) / 2;

    /// <param name="triangle">The lower triangle of A, row by row. It becomes the factor's.</param>
    /// <exception cref="ArithmeticException">A is not positive definite.</exception>
    [MethodImpl(Optimized)]
    public static CholeskyFactor Of(double[] triangle, int size)
    {
        for (var i = 0; i < size; i++)
        {
            var row = triangle.AsSpan(Row(i), i + 1);
            for (var j = 0; j < i; j++)
                row[j] = (row[j] - Dot(row[..j], triangle.AsSpan(Row(j), j))) / triangle[Row(j) + j];
            var square = row[i] - Dot(row[..i], row[..i]);
            if (!(square > 0))
                throw new ArithmeticException("The matrix is not positive definite.");
            row[i] = Math.Sqrt(square);
        }
        return new CholeskyFactor(triangle, size);
    }

    /// <summary>Solves L x = b in place.</summary>
    public void SolveLower(Span<double> vector) => SolveLower(vector, 0);

    /// <summary>Solves A x = b in place.</summary>
    public void Solve(Span<double> vector)
    {
        SolveLower(vector);
        for (var i = Size - 1; i >= 0; i--)
        {
            vector[i] /= _lower[Row(i) + i];
            AddScaled(vector[..i], _lower.AsSpan(Row(i), i), -vector[i]);
        }
    }

    /// <summary>The diagonal of the inverse of A: the squares of the columns of the inverse of L.</summary>
    public double[] InverseDiagonal()
    {
        var diagonal = new double[Size];
        var column = new double[Size];
        for (var j = 0; j < Size; j++)
        {
            Array.Clear(column);
            column[j] = 1;
            SolveLower(column, j);
            diagonal[j] = Dot(column.AsSpan(j), column.AsSpan(j));
        }
        return diagonal;
    }

    // Of a vector that has zeros before the given place.
    [MethodImpl(Optimized)]
    private void SolveLower(Span<double> vector, int first)
    {
        for (var i = first; i < Size; i++)
            vector[i] = (vector[i] - Dot(_lower.AsSpan(Row(i) + first, i - first), vector[first..i])) / _lower[Row(i) + i];
    }

    /// <param name="b">As long as the other, or longer.</param>
    [MethodImpl(Optimized)]
    internal static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        // Four sums, none of which waits for another.
        Vector<double> one = default, two = default, three = default, four = default;
        var va = MemoryMarshal.Cast<double, Vector<double>>(a);
        var vb = MemoryMarshal.Cast<double, Vector<double>>(b)[..va.Length];
        var i = 0;
        for (; i <= va.Length - 4; i += 4)
        {
            one += va[i] * vb[i];
            two += va[i + 1] * vb[i + 1];
            three += va[i + 2] * vb[i + 2];
            four += va[i + 3] * vb[i + 3];
        }
        for (; i < va.Length; i++)
            one += va[i] * vb[i];
        var total = Vector.Sum(one + two + (three + four));
        for (i = va.Length * Vector<double>.Count; i < a.Length; i++)
            total += a[i] * b[i];
        return total;
    }

    [MethodImpl(Optimized)]
    private static void AddScaled(Span<double> to, ReadOnlySpan<double> from, double scale)
    {
        var vto = MemoryMarshal.Cast<double, Vector<double>>(to);
        var vfrom = MemoryMarshal.Cast<double, Vector<double>>(from);
        for (var i = 0; i < vto.Length; i++)
            vto[i] += vfrom[i] * scale;
        for (var i = vto.Length * Vector<double>.Count; i < to.Length; i++)
            to[i] += from[i] * scale;
    }
}
