using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Kaldi's filter bank: the logarithms of mel bands, of frames of 25 ms every 10 ms at 16 kHz.</summary>
/// <remarks>Source: transformers 5.23 without torchaudio, equal to torchaudio.compliance.kaldi.fbank: frames inside the sound alone, their
/// mean removed, emphasised by 0.97, and powers of at least 2^-23.</remarks>
internal sealed class KaldiFilterBank
{
    private const int FrameSamples = 400, HopSamples = 160, TransformLength = 512;
    private const float Floor = 1.192092955078125e-07f;
    private readonly MelSpectrogram _spectrogram;

    /// <param name="window">Of a number of samples.</param>
    /// <param name="scale">What samples are multiplied by.</param>
    public KaldiFilterBank(int bands, int samplingRate, Func<int, double[]> window, float scale) =>
        _spectrogram = new MelSpectrogram(window(FrameSamples), HopSamples, MelFilters.Kaldi(TransformLength / 2 + 1, bands, samplingRate))
        {
            Preemphasis = 0.97,
            RemovesOffset = true,
            Scale = scale,
        };

    public int Bands => _spectrogram.Bands;

    /// <returns>float [frames, bands]; at least one frame.</returns>
    /// <exception cref="UnfitAudioException">The sound is shorter than a frame.</exception>
    public float[] Compute(Waveform sound)
    {
        var frames = _spectrogram.FrameCount(sound.Samples.Length);
        if (frames == 0)
            throw new UnfitAudioException($"The sound has {sound.Samples.Length} samples, fewer than the {FrameSamples} of one frame.",
                "Give a longer sound.");
        Padding.Shaped(1, frames, Bands);
        var values = new float[frames * Bands];
        _spectrogram.Compute(sound.Samples, values);
        foreach (ref var value in values.AsSpan())
            value = MathF.Log(Math.Max(value, Floor));
        return values;
    }
}
