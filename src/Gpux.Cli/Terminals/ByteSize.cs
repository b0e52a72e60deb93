using System.Globalization;
using Gpux.Benchmarks.Charts;

namespace Gpux.Cli.Terminals;

internal static class ByteSize
{
    /// <summary>A size for people, in decimal units as disks and networks are sold: "438 MB".</summary>
    public static string Format(long bytes) => UnitScale.Format("B", bytes);

    /// <summary>Reads "500MB", "1.5 GB" or "2GiB"; a bare number is bytes.</summary>
    /// <returns>Null for anything else.</returns>
    public static long? Parse(string text)
    {
        text = text.Trim();
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        var (number, unit) = (text[..end], text[end..].Trim().ToUpperInvariant());
        double? scale = unit switch
        {
            "" or "B" => 1, "K" or "KB" => 1e3, "M" or "MB" => 1e6, "G" or "GB" => 1e9, "T" or "TB" => 1e12,
            "KIB" => 1L << 10, "MIB" => 1L << 20, "GIB" => 1L << 30, "TIB" => 1L << 40, _ => null,
        };
        return scale is { } bytes && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * bytes is var product and >= 1 and < 9e18 ? (long)product : null;
    }
}
