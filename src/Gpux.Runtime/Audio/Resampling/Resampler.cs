using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Resampling;

/// <summary>Changes the sampling rate of a sound that comes in blocks, in memory that does not grow with the sound.</summary>
/// <remarks>A polyphase filter, a sinc in Kaiser's window, of the quality that soxr calls HQ: flat to 91.3 % of the lower one of the two
/// bandwidths, 120 dB down at its end, of linear phase and without delay.</remarks>
internal sealed class Resampler : IDisposable
{
    private const double Passband = 0.913, StopbandDecibels = 120;

    // Beyond so many phases of a full bandwidth (of 16 kHz from 44,101 Hz there are 16,000) those between two of the table are interpolated.
    // A narrower filter is as much smoother as it is longer.
    private const int MaxPhases = 1024;
    private const int OutputBlock = 4096;
    private static PolyphaseFilter? _lastFilter;
    private readonly SampleConsumer _consume;
    private readonly PolyphaseFilter _filter;
    private readonly int _up, _down;
    // From one output to the next: whole samples, and what is left in 1 / _up.
    private readonly int _wholeStep, _partStep;
    private readonly float[] _output = ArrayPool<float>.Shared.Rent(OutputBlock);
    private float[] _input;
    private int _inputCount, _outputCount;
    // The first sample of the filter's reach at the next output, and how far behind it the output lies, in 1 / _up.
    private int _at, _phase;
    private long _consumed, _produced;

    public Resampler(int from, int to, SampleConsumer consume)
    {
        var divisor = GreatestCommonDivisor(from, to);
        (_up, _down) = (to / divisor, from / divisor);
        (_wholeStep, _partStep) = Math.DivRem(_down, _up);
        _consume = consume;
        var bandwidth = Math.Min(1, (double)to / from);
        _filter = Filter(Math.Min(_up, (int)Math.Ceiling(MaxPhases * bandwidth)), bandwidth);
        _input = ArrayPool<float>.Shared.Rent(2 * _filter.Taps + OutputBlock);
        // Silence before the sound.
        _inputCount = _filter.Taps / 2 - 1;
        _input.AsSpan(0, _inputCount).Clear();
    }

    /// <summary>Converts a whole sound.</summary>
    public static float[] Convert(ReadOnlySpan<float> samples, int from, int to)
    {
        var converted = new float[OutputLength(samples.Length, from, to)];
        var count = 0;
        using var resampler = new Resampler(from, to, block =>
        {
            block.CopyTo(converted.AsSpan(count));
            count += block.Length;
        });
        resampler.Write(samples);
        resampler.Finish();
        return converted;
    }

    public void Write(ReadOnlySpan<float> samples)
    {
        _consumed += samples.Length;
        Append(samples, long.MaxValue);
    }

    /// <summary>Gives what is left; nothing may be written afterwards.</summary>
    public void Finish()
    {
        var total = OutputLength(_consumed, _down, _up);
        Span<float> silence = stackalloc float[256];
        silence.Clear();
        while (_produced < total)
            Append(silence, total);
        Flush();
    }

    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(_input);
        ArrayPool<float>.Shared.Return(_output);
        _input = [];
    }

    // The sounds of a folder are mostly of one rate.
    private static PolyphaseFilter Filter(int phases, double bandwidth) =>
        Volatile.Read(ref _lastFilter) is { } last && last.Phases == phases && last.Bandwidth == bandwidth ? last
            : _lastFilter = new PolyphaseFilter(phases, bandwidth, Passband, StopbandDecibels);

    private static int GreatestCommonDivisor(int one, int other) => other == 0 ? one : GreatestCommonDivisor(other, one % other);

    private static long OutputLength(long samples, int from, int to) => (long)Math.Round((double)samples * to / from, MidpointRounding.AwayFromZero);

    private void Append(ReadOnlySpan<float> samples, long total)
    {
        while (!samples.IsEmpty)
        {
            var taken = samples[..Math.Min(samples.Length, _input.Length - _inputCount)];
            taken.CopyTo(_input.AsSpan(_inputCount));
            _inputCount += taken.Length;
            samples = samples[taken.Length..];
            Produce(total);
        }
    }

    private void Produce(long total)
    {
        var taps = _filter.Taps;
        while (_at + taps <= _inputCount && _produced < total)
        {
            var reach = _input.AsSpan(_at, taps);
            var value = _up == _filter.Phases ? Dot(reach, _filter.Row(_phase)) : Interpolated(reach);
            if (_outputCount == OutputBlock)
                Flush();
            _output[_outputCount++] = value;
            _produced++;
            _at += _wholeStep;
            _phase += _partStep;
            if (_phase >= _up)
            {
                _phase -= _up;
                _at++;
            }
        }
        var used = Math.Min(_at, _inputCount);
        _input.AsSpan(used, _inputCount - used).CopyTo(_input);
        _inputCount -= used;
        _at -= used;
    }

    // Between two rows of the table.
    private float Interpolated(ReadOnlySpan<float> reach)
    {
        var place = (double)_phase * _filter.Phases / _up;
        var row = (int)place;
        var (value, next) = (Dot(reach, _filter.Row(row)), Dot(reach, _filter.Row(row + 1)));
        return value + (float)(place - row) * (next - value);
    }

    private void Flush()
    {
        _consume(_output.AsSpan(0, _outputCount));
        _outputCount = 0;
    }

    // Both are of the filter's length, a multiple of four vectors.
    private static float Dot(ReadOnlySpan<float> samples, ReadOnlySpan<float> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(samples.Length, weights.Length);
        ref var sample = ref MemoryMarshal.GetReference(samples);
        ref var weight = ref MemoryMarshal.GetReference(weights);
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var width = (nuint)Vector<float>.Count;
        for (nuint i = 0; i < (nuint)weights.Length; i += 4 * width)
        {
            a = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref sample, i), Vector.LoadUnsafe(ref weight, i), a);
            b = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref sample, i + width), Vector.LoadUnsafe(ref weight, i + width), b);
            c = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref sample, i + 2 * width), Vector.LoadUnsafe(ref weight, i + 2 * width), c);
            d = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref sample, i + 3 * width), Vector.LoadUnsafe(ref weight, i + 3 * width), d);
        }
        return Vector.Sum(a + b + (c + d));
    }
}
