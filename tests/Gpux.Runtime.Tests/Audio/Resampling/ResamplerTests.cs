using Gpux.Runtime.Audio.Resampling;

namespace Gpux.Runtime.Tests.Audio.Resampling;

public sealed class ResamplerTests
{
    // Where the filter reaches over an end of the sound, the sound is cut off there.
    private const double EdgeSeconds = 0.02;

    [Theory]
    [InlineData(44_100, 16_000), InlineData(48_000, 16_000), InlineData(22_050, 16_000), InlineData(8_000, 16_000), InlineData(16_000, 48_000)]
    [InlineData(44_101, 16_000), InlineData(11_025, 22_050), InlineData(192_000, 16_000)]
    public void Tone_within_the_passband_keeps_its_shape(int from, int to)
    {
        foreach (var share in (double[])[0.05, 0.5, 0.9])
        {
            var hertz = share * Math.Min(from, to) / 2;
            var converted = Resampler.Convert(TestSounds.Sine(hertz, from, from / 2), from, to);
            var expected = TestSounds.Sine(hertz, to, converted.Length);
            for (var i = (int)(EdgeSeconds * to); i < converted.Length - (int)(EdgeSeconds * to); i++)
                Assert.True(Math.Abs(expected[i] - converted[i]) < 2e-5, $"{hertz} Hz, sample {i}: {converted[i]} instead of {expected[i]}");
        }
    }

    [Theory]
    [InlineData(48_000, 8_100), InlineData(44_100, 9_000), InlineData(44_101, 12_000), InlineData(44_100, 20_000)]
    public void Tone_that_the_new_rate_cannot_hold_is_taken_out(int from, double hertz)
    {
        var converted = Resampler.Convert(TestSounds.Sine(hertz, from, from / 2), from, 16_000);
        var loudest = converted[320..^320].Max(Math.Abs);
        Assert.True(loudest < 0.5 * Math.Pow(10, -100 / 20.0), $"{20 * Math.Log10(loudest / 0.5):0.0} dB are left");
    }

    [Theory]
    [InlineData(44_100, 16_000), InlineData(8_000, 16_000), InlineData(44_101, 16_000)]
    public void Blocks_of_any_size_give_what_the_whole_gives(int from, int to)
    {
        var sound = TestSounds.Noise(30_000);
        var whole = Resampler.Convert(sound, from, to);
        var parts = new List<float>();
        using (var resampler = new Resampler(from, to, block => parts.AddRange(block)))
        {
            var random = new Random(5);
            for (var at = 0; at < sound.Length;)
            {
                var size = Math.Min(random.Next(0, 3000), sound.Length - at);
                resampler.Write(sound.AsSpan(at, size));
                at += size;
            }
            resampler.Finish();
        }
        Assert.Equal(whole, parts);
    }

    [Theory]
    [InlineData(1, 44_100, 16_000, 0), InlineData(2, 44_100, 16_000, 1), InlineData(3, 8_000, 16_000, 6), InlineData(44_100, 44_100, 16_000, 16_000)]
    [InlineData(22_050, 44_100, 16_000, 8_000)]
    public void Length_is_rounded(int count, int from, int to, int expected) =>
        Assert.Equal(expected, Resampler.Convert(TestSounds.Noise(count), from, to).Length);

    [Fact]
    public void Constant_stays_constant()
    {
        var converted = Resampler.Convert(Enumerable.Repeat(0.25f, 44_100).ToArray(), 44_100, 16_000);
        Assert.All(converted[400..^400], sample => Assert.Equal(0.25f, sample, 1e-6f));
    }
}
