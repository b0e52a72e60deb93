using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Images.Resizing;

/// <summary>Weighted sums with 32-bit products: for weights of any precision, on any processor.</summary>
internal static unsafe class PortableKernels
{
    public static void Horizontally(Plane source, Plane target, ResampleWeights weights)
    {
        var half = Vector128.Create(1 << (weights.Precision - 1));
        fixed (int* values = weights.Values, first = weights.First)
        {
            for (var y = 0; y < target.Size.Height; y++)
            {
                var from = source.Row(y);
                var to = target.Row(y);
                var weight = values;
                for (var x = 0; x < target.Size.Width; x++, to += 3)
                {
                    var pixel = from + first[x] * 3;
                    var sum = half;
                    for (var tap = 0; tap < weights.Taps; tap++, pixel += 3, weight++)
                    {
                        // The fourth byte belongs to the next pixel or to the slack; its sum is not used.
                        var bytes = Vector128.CreateScalarUnsafe(*(uint*)pixel).AsByte();
                        sum += Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32() * Vector128.Create(*weight);
                    }
                    sum = Clamp(sum >> weights.Precision);
                    (to[0], to[1], to[2]) = ((byte)sum[0], (byte)sum[1], (byte)sum[2]);
                }
            }
        }
    }

    public static void Vertically(Plane source, Plane target, ResampleWeights weights)
    {
        var rowBytes = target.Size.Width * 3;
        var lastRow = source.Size.Height - 1;
        for (var y = 0; y < target.Size.Height; y++)
        {
            var values = weights.Values.AsSpan(y * weights.Taps, weights.Taps);
            var first = weights.First[y];
            var to = target.Row(y);
            if (rowBytes < Vector128<byte>.Count)
            {
                for (var x = 0; x < rowBytes; x++)
                {
                    var sum = 1 << (weights.Precision - 1);
                    for (var tap = 0; tap < values.Length; tap++)
                        sum += source.Row(Math.Min(first + tap, lastRow))[x] * values[tap];
                    to[x] = (byte)Math.Clamp(sum >> weights.Precision, 0, 255);
                }
                continue;
            }
            for (var x = 0; x < rowBytes; x += Vector128<byte>.Count)
            {
                x = Math.Min(x, rowBytes - Vector128<byte>.Count); // the last vector overlaps the one before
                Vector128<int> sum0 = Vector128.Create(1 << (weights.Precision - 1)), sum1 = sum0, sum2 = sum0, sum3 = sum0;
                for (var tap = 0; tap < values.Length; tap++)
                {
                    var weight = Vector128.Create(values[tap]);
                    var (low, high) = Vector128.Widen(Vector128.Load(source.Row(Math.Min(first + tap, lastRow)) + x));
                    var (low0, low1) = Vector128.Widen(low);
                    var (high0, high1) = Vector128.Widen(high);
                    sum0 += low0.AsInt32() * weight;
                    sum1 += low1.AsInt32() * weight;
                    sum2 += high0.AsInt32() * weight;
                    sum3 += high1.AsInt32() * weight;
                }
                var shift = weights.Precision;
                Vector128.Narrow(
                    Vector128.Narrow(Clamp(sum0 >> shift), Clamp(sum1 >> shift)).AsUInt16(),
                    Vector128.Narrow(Clamp(sum2 >> shift), Clamp(sum3 >> shift)).AsUInt16()).Store(to + x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Clamp(Vector128<int> value) =>
        Vector128.Min(Vector128.Max(value, Vector128<int>.Zero), Vector128.Create(255));
}
