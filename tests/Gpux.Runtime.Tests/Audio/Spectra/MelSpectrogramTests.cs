using System.Numerics;
using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Tests.Audio.Spectra;

public sealed class MelSpectrogramTests
{
    private const int Rate = 16_000, Bands = 20, Hop = 37;

    [Theory]
    [InlineData(SoundEdge.Inside), InlineData(SoundEdge.Zeros), InlineData(SoundEdge.Mirror)]
    public void Bands_equal_the_definition(object edge)
    {
        var window = Windows.Hann(100);
        var filters = new MelFilters(65, Bands, 0, 8000, Rate, MelScale.Htk);
        var spectrogram = new MelSpectrogram(window, Hop, filters) { Edge = (SoundEdge)edge, Preemphasis = 0.9, RemovesOffset = true, Scale = 3 };
        var sound = TestSounds.Noise(1000);
        var frames = spectrogram.FrameCount(sound.Length);
        Assert.Equal((SoundEdge)edge == SoundEdge.Inside ? 25 : 28, frames);
        var power = new float[frames * Bands];
        spectrogram.Compute(sound, power);
        for (var frame = 0; frame < frames; frame++)
        {
            var expected = Defined(sound, frame * Hop - ((SoundEdge)edge == SoundEdge.Inside ? 0 : 50), (SoundEdge)edge, window, filters);
            for (var band = 0; band < Bands; band++)
                Assert.Equal(expected[band], power[frame * Bands + band], 1e-5 * expected.Max());
        }
    }

    [Fact]
    public void Frames_allocate_nothing()
    {
        var spectrogram = new MelSpectrogram(Windows.Hann(400), 160, MelFilters.Slaney(201, 80, 0, 8000, Rate)) { Edge = SoundEdge.Mirror };
        var sound = TestSounds.Noise(Rate * 4);
        var power = new float[spectrogram.FrameCount(sound.Length) * 80];
        spectrogram.Compute(sound, power); // pools fill
        var before = GC.GetAllocatedBytesForCurrentThread();
        spectrogram.Compute(sound, power);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void Sound_shorter_than_a_frame_has_none() =>
        Assert.Equal(0, new MelSpectrogram(Windows.Povey(400), 160, MelFilters.Kaldi(257, 80, Rate)).FrameCount(399));

    [Fact]
    public void Slaney_filters_have_equal_areas()
    {
        var filters = MelFilters.Slaney(2049, 40, 0, 8000, Rate);
        // Above the linear part: there a filter is wide beside a bin.
        foreach (var filter in filters.Filters[20..])
            Assert.Equal(1, filter.Weights.Sum() * 8000 / 2048, 0.02);
    }

    private static double[] Defined(float[] sound, int start, SoundEdge edge, double[] window, MelFilters filters)
    {
        var frame = new double[window.Length];
        for (var i = 0; i < frame.Length; i++)
        {
            var at = start + i;
            if (edge == SoundEdge.Mirror)
                at = at < 0 ? -at : at >= sound.Length ? 2 * sound.Length - 2 - at : at;
            frame[i] = at < 0 || at >= sound.Length ? 0 : 3 * sound[at];
        }
        var mean = frame.Average();
        for (var i = 0; i < frame.Length; i++)
            frame[i] -= mean;
        for (var i = frame.Length - 1; i > 0; i--)
            frame[i] -= 0.9 * frame[i - 1];
        frame[0] *= 1 - 0.9;
        var bands = new double[filters.Count];
        for (var band = 0; band < bands.Length; band++)
        {
            var filter = filters.Filters[band];
            for (var k = 0; k < filter.Weights.Length; k++)
            {
                var sum = Complex.Zero;
                for (var i = 0; i < frame.Length; i++)
                    sum += frame[i] * window[i] * Complex.Exp(new Complex(0, -2 * Math.PI * (filter.First + k) * i / 128));
                bands[band] += filter.Weights[k] * sum.Real * sum.Real + filter.Weights[k] * sum.Imaginary * sum.Imaginary;
            }
        }
        return bands;
    }
}
