using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Gpux.Runtime.Images.Resizing;

/// <summary>Weighted sums where one instruction multiplies 16 pairs of 16 bits and adds neighbours.</summary>
/// <remarks>Weights of more than 16 bits are cut into two, 256 high + low, whose sums are put together at the end.</remarks>
internal static unsafe class Avx2Kernels
{
    private const int RowsAtOnce = 4;
    private const int LowBits = 8;

    // Not inlined, so that the callers need not be compiled again for the processor that they run on.
    public static bool IsSupported
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => Avx2.IsSupported;
    }

    public static void Horizontally(Plane source, Plane target, ResampleWeights weights)
    {
        if (weights.FitInt16)
            Horizontally<Narrow>(source, target, weights);
        else
            Horizontally<Wide>(source, target, weights);
    }

    public static void Vertically(Plane source, Plane target, ResampleWeights weights)
    {
        if (target.Size.Width * 3 < Vector128<byte>.Count)
            PortableKernels.Vertically(source, target, weights);
        else if (weights.FitInt16)
            Vertically<Narrow>(source, target, weights);
        else
            Vertically<Wide>(source, target, weights);
    }

    // Code for AVX2 is compiled when it is first called: at once in full, as one image may be all that a process resizes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Horizontally<TWidth>(Plane source, Plane target, ResampleWeights weights) where TWidth : struct, IWidth
    {
        // Of 4 pixels, r g b r g b | r g b r g b: pairs of 16 bits r r, g g, b b, 0 0, two pixels in each half.
        var pairs = Vector256.Create(
            0, 128, 3, 128, 1, 128, 4, 128, 2, 128, 5, 128, 128, 128, 128, 128,
            6, 128, 9, 128, 7, 128, 10, 128, 8, 128, 11, 128, 128, 128, 128, 128).AsByte();
        var half = Vector256.Create(Vector128.Create(1 << (weights.Precision - 1)), Vector128<int>.Zero);
        var shift = Vector128.CreateScalar(weights.Precision);
        var groups = weights.Taps / 4;
        var packedCount = weights.Values.Length * 4;
        var buffer = ArrayPool<byte>.Shared.Rent((TWidth.IsWide ? 2 : 1) * packedCount * sizeof(short));
        var shorts = MemoryMarshal.Cast<byte, short>(buffer.AsSpan());
        Pack<TWidth>(weights, shorts[..packedCount], TWidth.IsWide ? shorts.Slice(packedCount, packedCount) : []);
        fixed (byte* packed = buffer)
        fixed (int* first = weights.First)
        {
            var last = target.Size.Height - 1;
            for (var y = 0; y <= last; y += RowsAtOnce)
            {
                // Rows past the last repeat it: they compute and store the same bytes again.
                int y1 = Math.Min(y + 1, last), y2 = Math.Min(y + 2, last), y3 = Math.Min(y + 3, last);
                byte* from0 = source.Row(y), from1 = source.Row(y1), from2 = source.Row(y2), from3 = source.Row(y3);
                byte* to0 = target.Row(y), to1 = target.Row(y1), to2 = target.Row(y2), to3 = target.Row(y3);
                var weight = (short*)packed;
                for (var x = 0; x < target.Size.Width; x++)
                {
                    Vector256<int> sum0 = half, sum1 = half, sum2 = half, sum3 = half;
                    Vector256<int> high0 = default, high1 = default, high2 = default, high3 = default;
                    var at = first[x] * 3;
                    for (var group = 0; group < groups; group++, at += 12, weight += 16)
                    {
                        var pixels0 = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(from0 + at), pairs).AsInt16();
                        var pixels1 = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(from1 + at), pairs).AsInt16();
                        var pixels2 = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(from2 + at), pairs).AsInt16();
                        var pixels3 = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(from3 + at), pairs).AsInt16();
                        var low = Vector256.Load(weight);
                        sum0 = Avx2.Add(sum0, Avx2.MultiplyAddAdjacent(pixels0, low));
                        sum1 = Avx2.Add(sum1, Avx2.MultiplyAddAdjacent(pixels1, low));
                        sum2 = Avx2.Add(sum2, Avx2.MultiplyAddAdjacent(pixels2, low));
                        sum3 = Avx2.Add(sum3, Avx2.MultiplyAddAdjacent(pixels3, low));
                        if (TWidth.IsWide)
                        {
                            var high = Vector256.Load(weight + packedCount);
                            high0 = Avx2.Add(high0, Avx2.MultiplyAddAdjacent(pixels0, high));
                            high1 = Avx2.Add(high1, Avx2.MultiplyAddAdjacent(pixels1, high));
                            high2 = Avx2.Add(high2, Avx2.MultiplyAddAdjacent(pixels2, high));
                            high3 = Avx2.Add(high3, Avx2.MultiplyAddAdjacent(pixels3, high));
                        }
                    }
                    Store(to0 + x * 3, Join<TWidth>(sum0, high0), shift);
                    Store(to1 + x * 3, Join<TWidth>(sum1, high1), shift);
                    Store(to2 + x * 3, Join<TWidth>(sum2, high2), shift);
                    Store(to3 + x * 3, Join<TWidth>(sum3, high3), shift);
                }
            }
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Vertically<TWidth>(Plane source, Plane target, ResampleWeights weights) where TWidth : struct, IWidth
    {
        var rowBytes = target.Size.Width * 3;
        var half = Vector256.Create(1 << (weights.Precision - 1));
        var shift = Vector128.CreateScalar(weights.Precision);
        var lastRow = source.Size.Height - 1;
        fixed (int* values = weights.Values)
        {
            for (var y = 0; y < target.Size.Height; y++)
            {
                var to = target.Row(y);
                for (var x = 0; x < rowBytes; x += Vector128<byte>.Count)
                {
                    x = Math.Min(x, rowBytes - Vector128<byte>.Count); // the last vector overlaps the one before
                    var weight = values + y * weights.Taps;
                    Vector256<int> even = half, odd = half, highEven = default, highOdd = default;
                    for (var row = weights.First[y]; weight < values + (y + 1) * weights.Taps; row += 2, weight += 2)
                    {
                        var upper = Avx2.ConvertToVector256Int16(source.Row(Math.Min(row, lastRow)) + x);
                        var lower = Avx2.ConvertToVector256Int16(source.Row(Math.Min(row + 1, lastRow)) + x);
                        var (pairs, otherPairs) = (Avx2.UnpackLow(upper, lower), Avx2.UnpackHigh(upper, lower));
                        var low = Pair(Low<TWidth>(weight[0]), Low<TWidth>(weight[1]));
                        even = Avx2.Add(even, Avx2.MultiplyAddAdjacent(pairs, low));
                        odd = Avx2.Add(odd, Avx2.MultiplyAddAdjacent(otherPairs, low));
                        if (TWidth.IsWide)
                        {
                            var high = Pair(weight[0] >> LowBits, weight[1] >> LowBits);
                            highEven = Avx2.Add(highEven, Avx2.MultiplyAddAdjacent(pairs, high));
                            highOdd = Avx2.Add(highOdd, Avx2.MultiplyAddAdjacent(otherPairs, high));
                        }
                    }
                    // Unpacking and packing both work in halves of 128 bits, so the order is restored.
                    var words = Avx2.PackSignedSaturate(
                        Avx2.ShiftRightArithmetic(Join<TWidth>(even, highEven), shift),
                        Avx2.ShiftRightArithmetic(Join<TWidth>(odd, highOdd), shift));
                    Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper()).Store(to + x);
                }
            }
        }
    }

    /// <summary>Of 4 weights: w0 w1 four times, then w2 w3 four times.</summary>
    private static void Pack<TWidth>(ResampleWeights weights, Span<short> low, Span<short> high) where TWidth : struct, IWidth
    {
        var values = weights.Values;
        for (int from = 0, to = 0; from < values.Length; from += 2)
            for (var repeat = 0; repeat < 4; repeat++, to += 2)
            {
                (low[to], low[to + 1]) = ((short)Low<TWidth>(values[from]), (short)Low<TWidth>(values[from + 1]));
                if (TWidth.IsWide)
                    (high[to], high[to + 1]) = ((short)(values[from] >> LowBits), (short)(values[from + 1] >> LowBits));
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Low<TWidth>(int weight) where TWidth : struct, IWidth =>
        TWidth.IsWide ? weight & ((1 << LowBits) - 1) : weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Join<TWidth>(Vector256<int> low, Vector256<int> high) where TWidth : struct, IWidth =>
        TWidth.IsWide ? Avx2.Add(low, Avx2.ShiftLeftLogical(high, LowBits)) : low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(int first, int second) => Vector256.Create(first & 0xFFFF | second << 16).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(byte* to, Vector256<int> sum, Vector128<int> shift)
    {
        var pixel = Sse2.ShiftRightArithmetic(Sse2.Add(sum.GetLower(), sum.GetUpper()), shift);
        var bytes = Sse2.PackUnsignedSaturate(Sse2.PackSignedSaturate(pixel, pixel), Vector128<short>.Zero).AsUInt32().ToScalar();
        *(ushort*)to = (ushort)bytes;
        to[2] = (byte)(bytes >> 16);
    }

    /// <summary>A constant that the compiler sees.</summary>
    private interface IWidth
    {
        static abstract bool IsWide { get; }
    }

    private readonly struct Narrow : IWidth
    {
        public static bool IsWide => false;
    }

    private readonly struct Wide : IWidth
    {
        public static bool IsWide => true;
    }
}
