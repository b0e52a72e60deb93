using System.Globalization;

namespace Gpux.Registries.Download;

/// <summary>A limit for downloads.</summary>
/// <param name="BytesPerSecond">At least <see cref="Least"/>.</param>
public readonly record struct TransferRate(long BytesPerSecond)
{
    /// <summary>Less would look like a broken connection.</summary>
    public const long Least = 1024;

    /// <summary>Reads such as "5M", "500k" or "1.5G", in the units of curl: k, M and G are powers of 1024, nothing is
    /// bytes.</summary>
    /// <param name="origin">The option or variable that has the text, for the error.</param>
    /// <exception cref="InvalidSettingException">Another form, or less than <see cref="Least"/>.</exception>
    public static TransferRate Parse(string text, string origin)
    {
        var unit = text.Length > 0 ? char.ToUpperInvariant(text[^1]) : '0';
        var factor = unit switch { 'K' => 1L << 10, 'M' => 1L << 20, 'G' => 1L << 30, _ => 1 };
        var number = text.AsSpan(0, text.Length - (factor > 1 ? 1 : 0));
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * factor is >= Least and <= 1e15 ? new TransferRate((long)(value * factor))
            : throw new InvalidSettingException(origin, text, "a number of bytes a second such as 500k, 5M or 1.5G, at least 1k");
    }
}
