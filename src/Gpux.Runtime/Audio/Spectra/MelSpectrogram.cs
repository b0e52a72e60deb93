using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Audio.Spectra;

/// <summary>What a frame that reaches over an end of the sound finds there.</summary>
internal enum SoundEdge
{
    /// <summary>No frame does: the first begins at the first sample.</summary>
    Inside,

    /// <summary>Frames are centred on their time, and find zeros.</summary>
    Zeros,

    /// <summary>Frames are centred on their time, and find the sound mirrored at its last sample.</summary>
    Mirror,
}

/// <summary>The power of a sound over time and mel frequency.</summary>
/// <remarks>Source: transformers 5.23, audio_utils.spectrogram with power 2, and torch.stft. Computed in double: eight frames at a time,
/// two in each complex transform, four transforms in the lanes of vectors. Nothing is allocated for a frame.</remarks>
internal sealed class MelSpectrogram
{
    private const int FramesAtOnce = 2 * FourierTransform.Lanes;
    private readonly double[] _window;
    private readonly FourierTransform _transform;
    private readonly MelFilters _filters;
    private readonly int _hop;

    /// <param name="window">One weight for each sample of a frame.</param>
    /// <param name="hop">From one frame to the next, in samples.</param>
    /// <param name="filters">Over as many bins as half a transform has, and one.</param>
    public MelSpectrogram(double[] window, int hop, MelFilters filters)
    {
        _window = window;
        _hop = hop;
        _filters = filters;
        _transform = new FourierTransform(2 * (filters.Bins - 1));
        if (window.Length > _transform.Length)
            throw new ArgumentException($"A frame of {window.Length} samples does not fit into a transform of {_transform.Length}.", nameof(window));
    }

    public SoundEdge Edge { get; init; }

    /// <summary>Whether the mean is taken from each frame.</summary>
    public bool RemovesOffset { get; init; }

    /// <summary>How much of the sample before is taken from each sample of a frame.</summary>
    public double Preemphasis { get; init; }

    /// <summary>What samples are multiplied by.</summary>
    public float Scale { get; init; } = 1;

    public int Bands => _filters.Count;

    /// <summary>How many frames a sound has; 0 if it is shorter than one.</summary>
    public int FrameCount(int samples)
    {
        var length = (long)samples + 2 * Margin;
        return length < _window.Length ? 0 : checked((int)((length - _window.Length) / _hop + 1));
    }

    /// <param name="power">float [frames, bands].</param>
    public void Compute(ReadOnlySpan<float> samples, Span<float> power)
    {
        var frames = FrameCount(samples.Length);
        if (power.Length != (long)frames * Bands)
            throw new ArgumentException($"{frames} frames of {Bands} bands need {(long)frames * Bands} elements, not {power.Length}.", nameof(power));
        var padded = ArrayPool<float>.Shared.Rent(samples.Length + 2 * Margin);
        // Real and imaginary parts, each with room for as much again; then the power of the two frames of a transform.
        var vectors = ArrayPool<Vector256<double>>.Shared.Rent(4 * _transform.Length + 2 * _filters.Bins);
        try
        {
            Pad(samples, padded);
            var real = vectors.AsSpan(0, 2 * _transform.Length);
            var imaginary = vectors.AsSpan(2 * _transform.Length, 2 * _transform.Length);
            var spectra = vectors.AsSpan(4 * _transform.Length, 2 * _filters.Bins);
            for (var first = 0; first < frames; first += FramesAtOnce)
            {
                var count = Math.Min(FramesAtOnce, frames - first);
                Load(padded, first, count, 0, real);
                Load(padded, first, count, 1, imaginary);
                _transform.Forward(real, imaginary);
                Separate(real, imaginary, spectra);
                Filter(spectra, power.Slice(first * Bands, count * Bands));
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(padded);
            ArrayPool<Vector256<double>>.Shared.Return(vectors);
        }
    }

    // How far a frame that is centred reaches over the ends.
    private int Margin => Edge == SoundEdge.Inside ? 0 : _window.Length / 2;

    private void Pad(ReadOnlySpan<float> samples, Span<float> padded)
    {
        samples.CopyTo(padded[Margin..]);
        for (var i = 0; i < Margin; i++)
        {
            padded[i] = Edge == SoundEdge.Mirror ? samples[Mirrored(i - Margin, samples.Length)] : 0;
            padded[Margin + samples.Length + i] = Edge == SoundEdge.Mirror ? samples[Mirrored(samples.Length + i, samples.Length)] : 0;
        }
    }

    // A short sound is mirrored again and again.
    private static int Mirrored(int index, int length)
    {
        if (length == 1)
            return 0;
        var period = 2 * (length - 1);
        index = (index % period + period) % period;
        return index < length ? index : period - index;
    }

    /// <summary>Puts every other frame into the lanes, prepared and windowed.</summary>
    private void Load(ReadOnlySpan<float> padded, int first, int count, int offset, Span<Vector256<double>> lanes)
    {
        var frame = lanes[.._window.Length];
        var values = MemoryMarshal.Cast<Vector256<double>, double>(frame);
        for (var lane = 0; lane < FourierTransform.Lanes; lane++)
        {
            var index = 2 * lane + offset;
            if (index >= count)
            {
                for (var i = lane; i < values.Length; i += FourierTransform.Lanes)
                    values[i] = 0;
                continue;
            }
            var samples = padded.Slice((first + index) * _hop, _window.Length);
            for (var i = 0; i < samples.Length; i++)
                values[FourierTransform.Lanes * i + lane] = samples[i] * Scale;
        }
        if (RemovesOffset)
        {
            var sum = Vector256<double>.Zero;
            foreach (var value in frame)
                sum += value;
            var mean = sum / frame.Length;
            foreach (ref var value in frame)
                value -= mean;
        }
        if (Preemphasis != 0)
        {
            var part = Vector256.Create(Preemphasis);
            for (var i = frame.Length - 1; i > 0; i--)
                frame[i] -= part * frame[i - 1];
            frame[0] *= 1 - Preemphasis;
        }
        for (var i = 0; i < frame.Length; i++)
            frame[i] *= _window[i];
        lanes[_window.Length.._transform.Length].Clear();
    }

    /// <summary>The power of the two real frames that were transformed as one complex signal.</summary>
    private void Separate(ReadOnlySpan<Vector256<double>> real, ReadOnlySpan<Vector256<double>> imaginary, Span<Vector256<double>> spectra)
    {
        var quarter = Vector256.Create(0.25);
        for (var bin = 0; bin < _filters.Bins; bin++)
        {
            var mirror = bin == 0 ? 0 : _transform.Length - bin;
            var (sumR, differenceR) = (real[bin] + real[mirror], real[mirror] - real[bin]);
            var (sumI, differenceI) = (imaginary[bin] + imaginary[mirror], imaginary[bin] - imaginary[mirror]);
            spectra[2 * bin] = (sumR * sumR + differenceI * differenceI) * quarter;
            spectra[2 * bin + 1] = (sumI * sumI + differenceR * differenceR) * quarter;
        }
    }

    private void Filter(ReadOnlySpan<Vector256<double>> spectra, Span<float> power)
    {
        for (var band = 0; band < Bands; band++)
        {
            var filter = _filters.Filters[band];
            var (even, odd) = (Vector256<double>.Zero, Vector256<double>.Zero);
            var bins = spectra.Slice(2 * filter.First, 2 * filter.Weights.Length);
            for (var i = 0; i < filter.Weights.Length; i++)
            {
                even += bins[2 * i] * filter.Weights[i];
                odd += bins[2 * i + 1] * filter.Weights[i];
            }
            for (int frame = 0, at = band; at < power.Length; frame++, at += Bands)
                power[at] = (float)(frame % 2 == 0 ? even : odd)[frame / 2];
        }
    }
}
