using System.Globalization;
using System.Text;
using Gpux.Runtime.Tokenizers.Loading;

namespace Gpux.Runtime.Tests.Tokenizers;

public sealed class ScoreNumberTests
{
    // More than 53 bits of digits are rounded twice.
    [Theory]
    [InlineData("-10.881569378574419", -10.88156937857442)]
    [InlineData("130.65331632653061", 130.65331632653058)]
    public void Long_numbers_are_what_the_original_engine_reads(string text, double expected)
    {
        Assert.NotEqual(double.Parse(text, CultureInfo.InvariantCulture), expected);
        Assert.Equal(expected, Parse(text));
    }

    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("-3", -3.0)]
    [InlineData("-3.230759382247925", -3.230759382247925)]
    [InlineData("1e-3", 0.001)]
    [InlineData("-2.5E+2", -250.0)]
    [InlineData("12345678901234567890123", 1.2345678901234567e22)]
    [InlineData("0.00000000000000000000000012", 1.2e-25)]
    [InlineData("1e-400", 0.0)]
    [InlineData("5e-320", 5e-320)]
    [InlineData("1e999999999999", double.PositiveInfinity)]
    [InlineData("0e999999999999", 0.0)]
    public void Numbers_are_read(string text, double expected) => Assert.Equal(expected, Parse(text));

    private static double Parse(string text) => ScoreNumber.Parse(Encoding.ASCII.GetBytes(text));
}
