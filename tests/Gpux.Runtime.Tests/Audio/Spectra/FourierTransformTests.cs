using System.Numerics;
using System.Runtime.Intrinsics;
using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Tests.Audio.Spectra;

public sealed class FourierTransformTests
{
    [Fact]
    public void Every_length_equals_the_definition()
    {
        foreach (var length in Enumerable.Range(1, 64).Concat([100, 121, 200, 400, 441, 480, 512, 750, 1024, 37 * 6]))
        {
            var (real, imaginary) = (Signals(length, 1), Signals(length, 2));
            var (inputR, inputI) = (real.ToArray(), imaginary.ToArray());
            new FourierTransform(length).Forward(real, imaginary);
            for (var bin = 0; bin < length; bin++)
            {
                for (var lane = 0; lane < FourierTransform.Lanes; lane++)
                {
                    var expected = Complex.Zero;
                    for (var i = 0; i < length; i++)
                        expected += new Complex(inputR[i][lane], inputI[i][lane]) * Complex.Exp(new Complex(0, -2 * Math.PI * ((long)bin * i % length) / length));
                    var actual = new Complex(real[bin][lane], imaginary[bin][lane]);
                    Assert.True(Complex.Abs(expected - actual) < 1e-11 * length, $"length {length}, bin {bin}: {actual} instead of {expected}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0), InlineData(-4), InlineData(67), InlineData(2 * 8191), InlineData(1 << 20)]
    public void Length_that_would_take_too_long_is_refused(int length)
    {
        Assert.False(FourierTransform.Supports(length));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FourierTransform(length));
    }

    // With room for scratch behind.
    private static Vector256<double>[] Signals(int length, int seed)
    {
        var random = new Random(seed * 1000 + length);
        var signals = new Vector256<double>[2 * length];
        for (var i = 0; i < length; i++)
            signals[i] = Vector256.Create(random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble());
        return signals;
    }
}
