using System.Globalization;

namespace Gpux.Benchmarks.Charts;

/// <summary>The multiple of an SI unit in which numbers of a size are written: 0.0123 s as 12.3 ms. Whatever GPUX measured or estimates is written
/// by this: with three digits that matter, zeros at the end included, and the prefixes of powers of ten.</summary>
/// <param name="Factor">One of it in the base unit.</param>
/// <param name="Unit">Its sign; "" for none.</param>
public sealed record UnitScale(double Factor, string Unit)
{
    private static readonly (double Factor, string Prefix)[] Small = [(1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1, "")];
    private static readonly (double Factor, string Prefix)[] Large = [(1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"), (1e15, "P")];

    /// <param name="unit">"s", "B", "J", "1/s", "FLOP/s", "FLOP/B", "1" (a share, as per cent), "x" (a factor) or "".</param>
    /// <param name="size">A typical number in that unit.</param>
    public static UnitScale For(string unit, double size) => unit switch
    {
        "s" => Prefixed(unit, size, Small),
        "J" => Prefixed(unit, size, [.. Small[1..], .. Large[1..3]]),
        "B" or "FLOP/s" or "B/s" => Prefixed(unit, size, Large),
        "1" => new UnitScale(0.01, "%"),
        "x" => new UnitScale(1, "×"),
        _ => new UnitScale(1, unit),
    };

    // 999.5 ms are 1.00 s, for they would be 1,000 ms.
    private static UnitScale Prefixed(string unit, double size, (double Factor, string Prefix)[] prefixes)
    {
        var chosen = size == 0 ? (1, "") : prefixes.LastOrDefault(prefix => Math.Abs(size) >= prefix.Factor * 0.9995, prefixes[0]);
        return new UnitScale(chosen.Factor, chosen.Prefix + unit);
    }

    /// <summary>A number of the base unit in this one, without the sign. There are no parts of a byte.</summary>
    public string Number(double value) => Unit == "B" ? value.ToString("0", CultureInfo.InvariantCulture) : Three(value / Factor);

    /// <summary>A number of the base unit with its sign: "12.3 ms", "1.20 GB", "47.2/s".</summary>
    public static string Format(string unit, double value)
    {
        var scale = For(unit, value);
        return scale.Number(value) + scale.Sign;
    }

    /// <summary>An interval of the base unit with its sign once: "12.1–12.6 ms".</summary>
    public static string Format(string unit, double low, double high)
    {
        var scale = For(unit, high);
        return $"{scale.Number(low)}–{scale.Number(high)}{scale.Sign}";
    }

    /// <summary>As <see cref="Format(string, double)"/>, of numbers that are less sure: with so many digits that matter.</summary>
    /// <param name="digits">From 1 to 15.</param>
    public static string Estimate(string unit, double value, int digits)
    {
        var scale = For(unit, value);
        return Digits(value / scale.Factor, digits, "0") + scale.Sign;
    }

    /// <summary>Three digits that matter: "0.00120", "12.3", "12,300".</summary>
    public static string Three(double value) => Digits(value, 3, "0");

    /// <summary>Of a round number no more than it has: "0.001", "15".</summary>
    internal static string Round(double value) => Digits(value, 3, "#");

    // After the number.
    private string Sign => Unit switch
    {
        "" or "×" => Unit,
        "1/s" => "/s",
        _ => $" {Unit}",
    };

    // Halves are rounded away from zero, and rounded once: of the 15 digits that a double surely has, so that 3.365, which no double is, becomes 3.37.
    private static string Digits(double value, int digits, string lastZeros)
    {
        if (value == 0 || !double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (magnitude is < -5 or > 11)
            return value.ToString($"0.{Repeated(lastZeros, digits - 1)}e+0", CultureInfo.InvariantCulture);
        var unit = PowerOfTen(magnitude + 1 - digits);
        var rounded = Math.Round((decimal)value / unit, MidpointRounding.AwayFromZero) * unit;
        var places = digits - 1 - magnitude - (Math.Abs(rounded) >= PowerOfTen(magnitude + 1) ? 1 : 0); // 9.996 became 10.0
        return rounded.ToString(places > 0 ? "0." + Repeated(lastZeros, places) : "#,##0", CultureInfo.InvariantCulture);
    }

    private static string Repeated(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static decimal PowerOfTen(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < Math.Abs(exponent); i++)
            power = exponent > 0 ? power * 10 : power / 10;
        return power;
    }
}
