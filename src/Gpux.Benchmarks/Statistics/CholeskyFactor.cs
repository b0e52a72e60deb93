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

    /// <param name="matrix">Size · size values, row by row; only the lower triangle is read. It becomes the factor's.</param>
    /// <exception cref="ArithmeticException">It is not positive definite.</exception>
    [MethodImpl(Optimized)]
    public static CholeskyFactor Of(double[] matrix, int size)
    {
        for (var i = 0; i < size; i++)
        {
            var row = matrix.AsSpan(i * size, i + 1);
            for (var j = 0; j < i; j++)
                row[j] = (row[j] - Dot(row[..j], matrix.AsSpan(j * size, j))) / matrix[j * size + j];
            var square = row[i] - Dot(row[..i], row[..i]);
            if (!(square > 0))
                throw new ArithmeticException("The matrix is not positive definite.");
            row[i] = Math.Sqrt(square);
        }
        return new CholeskyFactor(matrix, size);
    }

    /// <summary>Solves L x = b in place.</summary>
    [MethodImpl(Optimized)]
    public void SolveLower(Span<double> vector)
    {
        for (var i = 0; i < Size; i++)
            vector[i] = (vector[i] - Dot(_lower.AsSpan(i * Size, i), vector[..i])) / _lower[i * Size + i];
    }

    /// <summary>Solves A x = b in place.</summary>
    public void Solve(Span<double> vector)
    {
        SolveLower(vector);
        for (var i = Size - 1; i >= 0; i--)
        {
            vector[i] /= _lower[i * Size + i];
            AddScaled(vector[..i], _lower.AsSpan(i * Size, i), -vector[i]);
        }
    }

    /// <summary>The diagonal of the inverse of A.</summary>
    public double[] InverseDiagonal()
    {
        var inverse = new double[Size * Size];
        var diagonal = new double[Size];
        for (var i = 0; i < Size; i++)
        {
            var row = inverse.AsSpan(i * Size, i + 1);
            var scale = 1 / _lower[i * Size + i];
            for (var k = 0; k < i; k++)
                AddScaled(row[..(k + 1)], inverse.AsSpan(k * Size, k + 1), -_lower[i * Size + k] * scale);
            row[i] = scale;
            for (var j = 0; j <= i; j++)
                diagonal[j] += row[j] * row[j];
        }
        return diagonal;
    }

    [MethodImpl(Optimized)]
    internal static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = Vector<double>.Zero;
        var va = MemoryMarshal.Cast<double, Vector<double>>(a);
        var vb = MemoryMarshal.Cast<double, Vector<double>>(b);
        for (var i = 0; i < va.Length; i++)
            sum += va[i] * vb[i];
        var total = Vector.Sum(sum);
        for (var i = va.Length * Vector<double>.Count; i < a.Length; i++)
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
