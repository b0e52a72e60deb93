using System.Globalization;

namespace Gpux.Cli.Terminals;

/// <summary>Large numbers as this field writes them: "70B" parameters, "1.5T" tokens.</summary>
internal static class Count
{
    /// <summary>Reads "124M", "70B", "1.5T" or a bare number: K, M, B and T are thousand, million, thousand million and million million. G is B.</summary>
    /// <exception cref="UsageException">It is no such number.</exception>
    public static double Parse(string option, string text)
    {
        var trimmed = text.Trim();
        var scale = trimmed.Length == 0 ? 0 : char.ToUpperInvariant(trimmed[^1]) switch { 'K' => 1e3, 'M' => 1e6, 'B' or 'G' => 1e9, 'T' => 1e12, _ => 1 };
        return double.TryParse(scale > 1 ? trimmed[..^1] : trimmed, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number * scale : throw new UsageException($"{option} is '{text}', where a number such as 70B was expected.", "Write K, M, B or T after it for thousands, millions, and so on.");
    }

    /// <summary>Three digits that matter, and the unit: "70.6 B".</summary>
    public static string Format(double number) => number switch
    {
        < 999.5 => Three(number),
        < 999_500 => $"{Three(number / 1e3)} K",
        < 999_500_000 => $"{Three(number / 1e6)} M",
        < 999_500_000_000 => $"{Three(number / 1e9)} B",
        _ => $"{Three(number / 1e12)} T",
    };

    private static string Three(double number) => number >= 99.95 ? $"{number:0}" : number >= 9.995 ? $"{number:0.0}" : $"{number:0.00}";
}
