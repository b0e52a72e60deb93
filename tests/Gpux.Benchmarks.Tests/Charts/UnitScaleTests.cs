using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Recommendations;

namespace Gpux.Benchmarks.Tests.Charts;

public sealed class UnitScaleTests
{
    [Theory]
    [InlineData("s", 0.003365, "3.37 ms")] // a half, which the nearest double misses from below
    [InlineData("s", 0.0012, "1.20 ms")]
    [InlineData("s", 0.000576, "576 µs")]
    [InlineData("s", 0.0009996, "1.00 ms")]
    [InlineData("s", 0.9994, "999 ms")]
    [InlineData("s", 0.9996, "1.00 s")]
    [InlineData("s", 9.996, "10.0 s")]
    [InlineData("s", 99.95, "100 s")]
    [InlineData("s", 12_345, "12,300 s")]
    [InlineData("s", 0, "0 s")]
    [InlineData("s", 2e-12, "0.00200 ns")]
    [InlineData("B", 0, "0 B")]
    [InlineData("B", 7, "7 B")]
    [InlineData("B", 999, "999 B")]
    [InlineData("B", 999_600, "1.00 MB")]
    [InlineData("B", 2_100_000_000, "2.10 GB")]
    [InlineData("1/s", 47.25, "47.3/s")]
    [InlineData("1/s", 2.5, "2.50/s")]
    [InlineData("1", 0.0125, "1.25 %")]
    [InlineData("J", 0.0305, "30.5 mJ")]
    [InlineData("FLOP/s", 1.6e12, "1.60 TFLOP/s")]
    [InlineData("x", 1.125, "1.13×")]
    [InlineData("s", 1e300, "1.00e+300 s")]
    public void Three_digits_matter_and_halves_go_up(string unit, double value, string expected) => Assert.Equal(expected, UnitScale.Format(unit, value));

    [Fact]
    public void Interval_has_its_sign_once()
    {
        Assert.Equal("9.98–10.1 ms", UnitScale.Format("s", 0.00998, 0.01014));
        Assert.Equal("47.1–47.4/s", UnitScale.Format("1/s", 47.1, 47.4));
        Assert.Equal("1.00–1.20×", UnitScale.Format("x", 1, 1.2));
    }

    // A number that is less sure has fewer digits, and is rounded in the same way.
    [Theory]
    [InlineData(0.003365, 3, "3.37 ms")]
    [InlineData(0.0265, 2, "27 ms")]
    [InlineData(0.00996, 2, "10 ms")]
    public void Estimates_are_written_alike(double seconds, int digits, string expected) => Assert.Equal(expected, Quantity.Seconds(seconds, digits));
}
