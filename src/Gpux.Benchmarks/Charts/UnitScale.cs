using System.Globalization;

namespace Gpux.Benchmarks.Charts;

/// <summary>The multiple of an SI unit in which numbers of a size are written: 0.0123 s as 12.3 ms.</summary>
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

    private static UnitScale Prefixed(string unit, double size, (double Factor, string Prefix)[] prefixes)
    {
        var chosen = prefixes.LastOrDefault(prefix => Math.Abs(size) >= prefix.Factor * 0.9995, prefixes[0]);
        return new UnitScale(chosen.Factor, chosen.Prefix + unit);
    }

    /// <summary>A number of the base unit in this one, with three digits that matter, without the sign.</summary>
    public string Number(double value) => Three(value / Factor);

    /// <summary>A number of the base unit with its sign: "12.3 ms".</summary>
    public static string Format(string unit, double value) =>
        For(unit, value) is var scale && scale.Unit is "" or "×" or "%" ? scale.Number(value) + (scale.Unit == "%" ? " %" : scale.Unit) : $"{scale.Number(value)} {scale.Unit}";

    /// <summary>An interval of the base unit with its sign once: "12.1-12.6 ms".</summary>
    public static string Format(string unit, double low, double high)
    {
        var scale = For(unit, high);
        return $"{scale.Number(low)}–{scale.Number(high)}{(scale.Unit is "" or "×" ? scale.Unit : " " + scale.Unit)}";
    }

    /// <summary>Three digits that matter, without an exponent where that is short: "0.00123", "12.3", "12,300".</summary>
    internal static string Three(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        var unit = Math.Pow(10, magnitude - 2);
        var rounded = Math.Round(value / unit) * unit;
        return magnitude is < -5 or > 11 ? value.ToString("0.##e+0", CultureInfo.InvariantCulture)
            : Math.Abs(rounded) >= 99.95 ? rounded.ToString("#,##0", CultureInfo.InvariantCulture)
            : rounded.ToString("0." + new string('#', Math.Max(0, 2 - magnitude)), CultureInfo.InvariantCulture);
    }
}
