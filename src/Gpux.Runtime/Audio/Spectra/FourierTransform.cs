using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Audio.Spectra;

/// <summary>The discrete Fourier transform of one length, of four complex signals at once: one in each lane of a vector, so that any
/// length is computed without a shuffle.</summary>
/// <remarks>Stockham's self-sorting form, decimation in frequency, of radices 4, 2, 3, 5 and any other prime (Van Loan 1992, chapter
/// 1.7). In double: a quiet signal may share a transform with a loud one.</remarks>
internal sealed class FourierTransform
{
    /// <summary>How many complex signals are transformed at once.</summary>
    public const int Lanes = 4;

    /// <summary>The greatest length.</summary>
    public const int MaxLength = 1 << 14;

    // A prime's butterfly costs its square.
    private const int MaxRadix = 64;
    private readonly Stage[] _stages;

    /// <exception cref="ArgumentOutOfRangeException">See <see cref="Supports"/>.</exception>
    public FourierTransform(int length)
    {
        if (!Supports(length))
            throw new ArgumentOutOfRangeException(nameof(length), length, $"A length from 1 to {MaxLength} without prime factors above {MaxRadix} was expected.");
        Length = length;
        var stages = new List<Stage>();
        for (var rest = length; rest > 1; rest /= stages[^1].Radix)
            stages.Add(new Stage(rest, SmallestRadix(rest)));
        _stages = [.. stages];
    }

    public int Length { get; }

    /// <summary>Whether a length can be transformed in reasonable time.</summary>
    public static bool Supports(int length)
    {
        if (length is < 1 or > MaxLength)
            return false;
        while (length > 1)
        {
            var radix = SmallestRadix(length);
            if (radix > MaxRadix)
                return false;
            length /= radix;
        }
        return true;
    }

    /// <summary>Transforms in place, forward and unscaled.</summary>
    /// <param name="real">The real parts: <see cref="Length"/> vectors, with more of the same number behind them for scratch.</param>
    /// <param name="imaginary">The imaginary parts, in the same form.</param>
    public void Forward(Span<Vector256<double>> real, Span<Vector256<double>> imaginary)
    {
        var from = new Split(real[..Length], imaginary[..Length]);
        var to = new Split(real.Slice(Length, Length), imaginary.Slice(Length, Length));
        var stride = 1;
        foreach (var stage in _stages)
        {
            switch (stage.Radix)
            {
                case 2: Radix2(stage, stride, from, to); break;
                case 3: Radix3(stage, stride, from, to); break;
                case 4: Radix4(stage, stride, from, to); break;
                case 5: Radix5(stage, stride, from, to); break;
                default: RadixAny(stage, stride, from, to); break;
            }
            stride *= stage.Radix;
            var swapped = from;
            from = to;
            to = swapped;
        }
        if (_stages.Length % 2 == 1)
        {
            from.Real.CopyTo(real);
            from.Imaginary.CopyTo(imaginary);
        }
    }

    private static int SmallestRadix(int length)
    {
        if (length % 4 == 0)
            return 4;
        for (var radix = 2; radix * radix <= length; radix++)
            if (length % radix == 0)
                return radix;
        return length;
    }

    private static void Radix2(Stage stage, int stride, Split from, Split to)
    {
        for (var block = 0; block < stage.Blocks; block++)
        {
            var (w1r, w1i) = stage.Turn(block, 1);
            for (var i = 0; i < stride; i++)
            {
                var (x0r, x0i) = from[i + stride * block];
                var (x1r, x1i) = from[i + stride * (block + stage.Blocks)];
                var at = i + stride * 2 * block;
                to.Set(at, x0r + x1r, x0i + x1i);
                to.SetTurned(at + stride, x0r - x1r, x0i - x1i, w1r, w1i);
            }
        }
    }

    private static void Radix3(Stage stage, int stride, Split from, Split to)
    {
        var half = Vector256.Create(0.5);
        var sine = Vector256.Create(Math.Sin(2 * Math.PI / 3));
        for (var block = 0; block < stage.Blocks; block++)
        {
            var (w1r, w1i) = stage.Turn(block, 1);
            var (w2r, w2i) = stage.Turn(block, 2);
            for (var i = 0; i < stride; i++)
            {
                var (x0r, x0i) = from[i + stride * block];
                var (x1r, x1i) = from[i + stride * (block + stage.Blocks)];
                var (x2r, x2i) = from[i + stride * (block + 2 * stage.Blocks)];
                var (sumR, sumI) = (x1r + x2r, x1i + x2i);
                var (differenceR, differenceI) = ((x1r - x2r) * sine, (x1i - x2i) * sine);
                var (middleR, middleI) = (x0r - sumR * half, x0i - sumI * half);
                var at = i + stride * 3 * block;
                to.Set(at, x0r + sumR, x0i + sumI);
                to.SetTurned(at + stride, middleR + differenceI, middleI - differenceR, w1r, w1i);
                to.SetTurned(at + 2 * stride, middleR - differenceI, middleI + differenceR, w2r, w2i);
            }
        }
    }

    private static void Radix4(Stage stage, int stride, Split from, Split to)
    {
        for (var block = 0; block < stage.Blocks; block++)
        {
            var (w1r, w1i) = stage.Turn(block, 1);
            var (w2r, w2i) = stage.Turn(block, 2);
            var (w3r, w3i) = stage.Turn(block, 3);
            for (var i = 0; i < stride; i++)
            {
                var (x0r, x0i) = from[i + stride * block];
                var (x1r, x1i) = from[i + stride * (block + stage.Blocks)];
                var (x2r, x2i) = from[i + stride * (block + 2 * stage.Blocks)];
                var (x3r, x3i) = from[i + stride * (block + 3 * stage.Blocks)];
                var (evenSumR, evenSumI) = (x0r + x2r, x0i + x2i);
                var (evenDifferenceR, evenDifferenceI) = (x0r - x2r, x0i - x2i);
                var (oddSumR, oddSumI) = (x1r + x3r, x1i + x3i);
                var (oddDifferenceR, oddDifferenceI) = (x1r - x3r, x1i - x3i);
                var at = i + stride * 4 * block;
                to.Set(at, evenSumR + oddSumR, evenSumI + oddSumI);
                to.SetTurned(at + stride, evenDifferenceR + oddDifferenceI, evenDifferenceI - oddDifferenceR, w1r, w1i);
                to.SetTurned(at + 2 * stride, evenSumR - oddSumR, evenSumI - oddSumI, w2r, w2i);
                to.SetTurned(at + 3 * stride, evenDifferenceR - oddDifferenceI, evenDifferenceI + oddDifferenceR, w3r, w3i);
            }
        }
    }

    private static void Radix5(Stage stage, int stride, Split from, Split to)
    {
        var (c1, s1) = (Vector256.Create(Math.Cos(2 * Math.PI / 5)), Vector256.Create(Math.Sin(2 * Math.PI / 5)));
        var (c2, s2) = (Vector256.Create(Math.Cos(4 * Math.PI / 5)), Vector256.Create(Math.Sin(4 * Math.PI / 5)));
        for (var block = 0; block < stage.Blocks; block++)
        {
            var (w1r, w1i) = stage.Turn(block, 1);
            var (w2r, w2i) = stage.Turn(block, 2);
            var (w3r, w3i) = stage.Turn(block, 3);
            var (w4r, w4i) = stage.Turn(block, 4);
            for (var i = 0; i < stride; i++)
            {
                var (x0r, x0i) = from[i + stride * block];
                var (x1r, x1i) = from[i + stride * (block + stage.Blocks)];
                var (x2r, x2i) = from[i + stride * (block + 2 * stage.Blocks)];
                var (x3r, x3i) = from[i + stride * (block + 3 * stage.Blocks)];
                var (x4r, x4i) = from[i + stride * (block + 4 * stage.Blocks)];
                var (outerSumR, outerSumI) = (x1r + x4r, x1i + x4i);
                var (innerSumR, innerSumI) = (x2r + x3r, x2i + x3i);
                var (outerR, outerI) = (x1r - x4r, x1i - x4i);
                var (innerR, innerI) = (x2r - x3r, x2i - x3i);
                var (nearR, nearI) = (x0r + outerSumR * c1 + innerSumR * c2, x0i + outerSumI * c1 + innerSumI * c2);
                var (farR, farI) = (x0r + outerSumR * c2 + innerSumR * c1, x0i + outerSumI * c2 + innerSumI * c1);
                var (nearTurnR, nearTurnI) = (outerR * s1 + innerR * s2, outerI * s1 + innerI * s2);
                var (farTurnR, farTurnI) = (outerR * s2 - innerR * s1, outerI * s2 - innerI * s1);
                var at = i + stride * 5 * block;
                to.Set(at, x0r + outerSumR + innerSumR, x0i + outerSumI + innerSumI);
                to.SetTurned(at + stride, nearR + nearTurnI, nearI - nearTurnR, w1r, w1i);
                to.SetTurned(at + 2 * stride, farR + farTurnI, farI - farTurnR, w2r, w2i);
                to.SetTurned(at + 3 * stride, farR - farTurnI, farI + farTurnR, w3r, w3i);
                to.SetTurned(at + 4 * stride, nearR - nearTurnI, nearI + nearTurnR, w4r, w4i);
            }
        }
    }

    private static void RadixAny(Stage stage, int stride, Split from, Split to)
    {
        for (var block = 0; block < stage.Blocks; block++)
        {
            for (var i = 0; i < stride; i++)
            {
                for (var bin = 0; bin < stage.Radix; bin++)
                {
                    var (sumR, sumI) = from[i + stride * block];
                    for (var k = 1; k < stage.Radix; k++)
                    {
                        var (xr, xi) = from[i + stride * (block + k * stage.Blocks)];
                        var (cosine, sine) = stage.Root(bin * k % stage.Radix);
                        sumR += xr * cosine - xi * sine;
                        sumI += xr * sine + xi * cosine;
                    }
                    var (wr, wi) = stage.Turn(block, bin);
                    to.SetTurned(i + stride * (stage.Radix * block + bin), sumR, sumI, wr, wi);
                }
            }
        }
    }

    /// <summary>Complex vectors, real parts and imaginary parts apart.</summary>
    private readonly ref struct Split(Span<Vector256<double>> real, Span<Vector256<double>> imaginary)
    {
        public readonly Span<Vector256<double>> Real = real;
        public readonly Span<Vector256<double>> Imaginary = imaginary;

        public (Vector256<double> Real, Vector256<double> Imaginary) this[int at]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => (Real[at], Imaginary[at]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(int at, Vector256<double> real, Vector256<double> imaginary)
        {
            Real[at] = real;
            Imaginary[at] = imaginary;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void SetTurned(int at, Vector256<double> real, Vector256<double> imaginary, Vector256<double> cosine, Vector256<double> sine) =>
            Set(at, real * cosine - imaginary * sine, real * sine + imaginary * cosine);
    }

    /// <summary>One step: as many butterflies of a radix as fit into what the steps before have left of the length.</summary>
    private sealed class Stage
    {
        private readonly Complex[] _turns;
        private readonly Complex[] _roots;

        public Stage(int length, int radix)
        {
            Radix = radix;
            Blocks = length / radix;
            _turns = new Complex[length];
            for (var block = 0; block < Blocks; block++)
                for (var bin = 0; bin < radix; bin++)
                    _turns[block * radix + bin] = RootOfUnity((long)block * bin, length);
            _roots = new Complex[radix];
            for (var i = 0; i < radix; i++)
                _roots[i] = RootOfUnity(i, radix);
        }

        public int Radix { get; }
        public int Blocks { get; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (Vector256<double> Cosine, Vector256<double> Sine) Turn(int block, int bin) => Spread(_turns[block * Radix + bin]);

        public (Vector256<double> Cosine, Vector256<double> Sine) Root(int index) => Spread(_roots[index]);

        private static (Vector256<double> Cosine, Vector256<double> Sine) Spread(Complex root) =>
            (Vector256.Create(root.Real), Vector256.Create(root.Imaginary));

        private static Complex RootOfUnity(long index, int order)
        {
            var (sine, cosine) = Math.SinCos(-2 * Math.PI * index / order);
            return new Complex(cosine, sine);
        }
    }
}
