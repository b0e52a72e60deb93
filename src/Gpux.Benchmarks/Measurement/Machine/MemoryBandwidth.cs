using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>How fast all processors together read memory that is in no cache: what bounds a model that reads each weight once.</summary>
public static unsafe class MemoryBandwidth
{
    private const long BufferBytes = 256L << 20; // several times the largest cache of most processors
    private const int Passes = 8;

    /// <returns>Bytes a second, of the best of several passes; some tenths of a second in all.</returns>
    public static double Measure(int threads)
    {
        // Of a small machine no more than an eighth.
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var each = (nuint)(Math.Min(BufferBytes, available / 8) / threads / 4096 * 4096);
        var seconds = new double[Passes];
        using var together = new Barrier(threads);
        var workers = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            workers[i] = new Thread(() =>
            {
                var memory = (byte*)NativeMemory.AlignedAlloc(each, 4096);
                // Pages that were never written are all one page.
                NativeMemory.Fill(memory, each, 1);
                for (var pass = 0; pass < Passes; pass++)
                {
                    together.SignalAndWait();
                    var started = Stopwatch.GetTimestamp();
                    GC.KeepAlive(Sum(memory, each));
                    together.SignalAndWait();
                    // The last writes what the slowest took, which all waited for.
                    seconds[pass] = Stopwatch.GetElapsedTime(started).TotalSeconds;
                }
                NativeMemory.AlignedFree(memory);
            });
            workers[i].Start();
        }
        foreach (var worker in workers)
            worker.Join();
        return (double)each * threads / seconds.Min();
    }

    // Four sums, so that additions do not wait for each other.
    private static long Sum(byte* memory, nuint length)
    {
        var (a, b, c, d) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        var step = (nuint)(4 * Vector<byte>.Count);
        for (nuint at = 0; at + step <= length; at += step)
        {
            a += Vector.Load((long*)(memory + at));
            b += Vector.Load((long*)(memory + at + (nuint)Vector<byte>.Count));
            c += Vector.Load((long*)(memory + at + 2 * (nuint)Vector<byte>.Count));
            d += Vector.Load((long*)(memory + at + 3 * (nuint)Vector<byte>.Count));
        }
        return Vector.Sum(a + b + c + d);
    }
}
