using System.Globalization;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Times as people write them and as tables print them: "2s", "50 ms", "12us", "12 µs".</summary>
public static class TimeText
{
    // Unicode has two letters that look so: the sign for a millionth, and the Greek one, by which it recommends to write it.
    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond), ("\u00b5s", TimeSpan.TicksPerMicrosecond), ("\u03bcs", TimeSpan.TicksPerMicrosecond),
        ("s", TimeSpan.TicksPerSecond),
    ];

    public const string Known = "s, ms or us";

    /// <param name="text">A number of digits, with a point or without, and a unit.</param>
    /// <returns>In ticks of 100 ns, not rounded; null where it has no such unit, NaN where it has no number.</returns>
    public static double? Ticks(string text)
    {
        text = text.Trim();
        foreach (var (unit, ticks) in Units)
            if (text.EndsWith(unit, StringComparison.Ordinal))
                return double.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number * ticks : double.NaN;
        return null;
    }
}
