using System.Globalization;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Numbers as people read them: three digits that matter.</summary>
public static class Quantity
{
    /// <returns>Such as "4.2 ms".</returns>
    public static string Seconds(double seconds) => double.IsPositiveInfinity(seconds) ? "∞" : seconds switch
    {
        < 1e-3 => $"{Three(seconds * 1e6)} µs",
        < 1 => $"{Three(seconds * 1e3)} ms",
        _ => $"{Three(seconds)} s",
    };

    /// <returns>Such as "438 MB".</returns>
    public static string Bytes(double bytes) => bytes switch
    {
        < 1e6 => $"{Three(bytes / 1e3)} kB",
        < 1e9 => $"{Three(bytes / 1e6)} MB",
        _ => $"{Three(bytes / 1e9)} GB",
    };

    /// <returns>Such as "0.463", "12.5" or "2.4M".</returns>
    public static string Three(double number) => (number switch
    {
        0 => "0",
        >= 1e6 => (number / 1e6).ToString(number >= 1e8 ? "0" : "0.#", CultureInfo.InvariantCulture) + "M",
        >= 99.95 => number.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => number.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.9995 => number.ToString("0.##", CultureInfo.InvariantCulture),
        >= 0.001 => number.ToString("0.####", CultureInfo.InvariantCulture),
        _ => number.ToString("0.#e0", CultureInfo.InvariantCulture),
    });
}
