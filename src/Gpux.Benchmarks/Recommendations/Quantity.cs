using System.Globalization;
using Gpux.Benchmarks.Charts;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Numbers as people read them: three digits that matter.</summary>
public static class Quantity
{
    /// <returns>Such as "4.2 ms".</returns>
    public static string Seconds(double seconds, int digits = 3) => double.IsPositiveInfinity(seconds) ? "∞" : UnitScale.Estimate("s", seconds, digits);

    /// <returns>Such as "72.2 days", for what takes long.</returns>
    public static string LongTime(double seconds, int digits = 3) => seconds switch
    {
        < 120 or double.PositiveInfinity => Seconds(seconds, digits),
        < 2 * 3600 => $"{Digits(seconds / 60, digits)} min",
        < 2 * 86_400 => $"{Digits(seconds / 3600, digits)} h",
        _ => $"{Digits(seconds / 86_400, digits)} days",
    };

    /// <returns>Such as "85.9 GB", as files and downloads have it too: GB is a thousand million bytes, also of a GPU that is sold as "80 GB" and has 80 GiB.</returns>
    public static string Bytes(double bytes, int digits = 3) => UnitScale.Estimate("B", bytes, digits);

    /// <returns>Such as "0.463", "12.5", "39400" or "2.4M".</returns>
    public static string Three(double number) => Digits(number, 3);

    /// <param name="digits">That matter, from 1 to 15.</param>
    public static string Digits(double number, int digits)
    {
        if (!double.IsFinite(number))
            return number.ToString(CultureInfo.InvariantCulture);
        number = double.Parse(number.ToString($"E{digits - 1}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return number switch
        {
            0 => "0",
            >= 1e6 => (number / 1e6).ToString(number >= 1e8 ? "0" : "0.##", CultureInfo.InvariantCulture) + "M",
            >= 1e-4 => number.ToString("0.#######", CultureInfo.InvariantCulture),
            _ => number.ToString("0.##e0", CultureInfo.InvariantCulture),
        };
    }
}
