using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>The most floating-point work that the processor can do: multiply-adds of float32 vectors between registers.</summary>
/// <remarks>No program that reads its operands from memory reaches it. Products of matrices come to about 90 %.</remarks>
public static class FmaPeak
{
    // Latency times throughput of the units, 4 cycles x 2 an iteration, needs 8 in flight; 12 fit into 16 registers with the two factors.
    private const int Accumulators = 12;
    private const int Iterations = 2_000_000;

    /// <summary>What is measured, for people.</summary>
    public static string Name(int threads) => $"{(Wide ? "512" : "256")}-bit FMA peak, {threads} threads";

    private static bool Wide => Vector512.IsHardwareAccelerated;

    /// <returns>GFLOP/s of so many threads together, over some tens of milliseconds.</returns>
    public static double Measure(int threads)
    {
        var rates = new double[threads];
        using var together = new Barrier(threads);
        var workers = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            var index = i;
            workers[i] = new Thread(() =>
            {
                together.SignalAndWait();
                var started = Stopwatch.GetTimestamp();
                var flops = Wide ? Loop512() : Loop256();
                rates[index] = flops / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e9;
            });
            workers[i].Start();
        }
        foreach (var worker in workers)
            worker.Join();
        return rates.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Loop256()
    {
        var (factor, term) = (Vector256.Create(0.999f), Vector256.Create(0.001f));
        Vector256<float> a = term, b = term, c = term, d = term, e = term, f = term, g = term, h = term, i = term, j = term, k = term, l = term;
        for (var n = 0; n < Iterations; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, factor, term);
            b = Vector256.FusedMultiplyAdd(b, factor, term);
            c = Vector256.FusedMultiplyAdd(c, factor, term);
            d = Vector256.FusedMultiplyAdd(d, factor, term);
            e = Vector256.FusedMultiplyAdd(e, factor, term);
            f = Vector256.FusedMultiplyAdd(f, factor, term);
            g = Vector256.FusedMultiplyAdd(g, factor, term);
            h = Vector256.FusedMultiplyAdd(h, factor, term);
            i = Vector256.FusedMultiplyAdd(i, factor, term);
            j = Vector256.FusedMultiplyAdd(j, factor, term);
            k = Vector256.FusedMultiplyAdd(k, factor, term);
            l = Vector256.FusedMultiplyAdd(l, factor, term);
        }
        GC.KeepAlive(Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l));
        return 2.0 * Vector256<float>.Count * Accumulators * Iterations;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Loop512()
    {
        var (factor, term) = (Vector512.Create(0.999f), Vector512.Create(0.001f));
        Vector512<float> a = term, b = term, c = term, d = term, e = term, f = term, g = term, h = term, i = term, j = term, k = term, l = term;
        for (var n = 0; n < Iterations; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, factor, term);
            b = Vector512.FusedMultiplyAdd(b, factor, term);
            c = Vector512.FusedMultiplyAdd(c, factor, term);
            d = Vector512.FusedMultiplyAdd(d, factor, term);
            e = Vector512.FusedMultiplyAdd(e, factor, term);
            f = Vector512.FusedMultiplyAdd(f, factor, term);
            g = Vector512.FusedMultiplyAdd(g, factor, term);
            h = Vector512.FusedMultiplyAdd(h, factor, term);
            i = Vector512.FusedMultiplyAdd(i, factor, term);
            j = Vector512.FusedMultiplyAdd(j, factor, term);
            k = Vector512.FusedMultiplyAdd(k, factor, term);
            l = Vector512.FusedMultiplyAdd(l, factor, term);
        }
        GC.KeepAlive(Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l));
        return 2.0 * Vector512<float>.Count * Accumulators * Iterations;
    }
}
