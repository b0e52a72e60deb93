using System.Globalization;

namespace Gpux.Benchmarks.Charts;

/// <summary>Where an axis begins and ends, and the round numbers that it is marked at.</summary>
/// <param name="From">In the axis's base unit.</param>
/// <param name="Ticks">From low to high.</param>
/// <param name="Unit">Of the labels; "" where they carry it or there is none.</param>
internal sealed record AxisTicks(double From, double To, IReadOnlyList<AxisTick> Ticks, string Unit, bool IsLog)
{
    /// <summary>Where a number lies between the ends: 0 to 1.</summary>
    public double Place(double value) => IsLog ? Math.Log(value / From) / Math.Log(To / From) : (value - From) / (To - From);

    /// <param name="values">All that is to be in sight; at least one.</param>
    /// <param name="wanted">About how many marks.</param>
    public static AxisTicks For(Axis axis, IEnumerable<double> values, int wanted)
    {
        if (axis.Scale == AxisScale.Category)
            return Categories(axis);
        var all = axis.Shown is { } shown ? values.Append(shown) : values;
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in all)
        {
            if (!double.IsFinite(value) || axis.Scale == AxisScale.Log && value <= 0)
                continue;
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        if (low > high)
            (low, high) = axis.Scale == AxisScale.Log ? (1, 10) : (0, 1);
        return axis.Scale switch
        {
            AxisScale.Log => Log(axis, low, high, wanted),
            AxisScale.Time => Time(low, high, wanted),
            _ => Linear(axis, low, high, wanted),
        };
    }

    // Half a field of room before the first and after the last.
    private static AxisTicks Categories(Axis axis) => new(-0.5, Math.Max(0.5, axis.Categories.Count - 0.5),
        [.. axis.Categories.Select((name, i) => new AxisTick(i, name, true))], "", false);

    private static AxisTicks Linear(Axis axis, double low, double high, int wanted)
    {
        // Lengths are compared from zero, unless that would hide every difference.
        if (low > 0 && low < 0.6 * high)
            low = 0;
        if (high == low)
            (low, high) = low == 0 ? (0, 1) : (low - Math.Abs(low) * 0.1, high + Math.Abs(high) * 0.1);
        var scale = UnitScale.For(axis.Unit, Math.Max(Math.Abs(low), Math.Abs(high)));
        var step = Step((high - low) / scale.Factor / wanted) * scale.Factor;
        var (from, to) = (Math.Floor(low / step + 1e-9) * step, Math.Ceiling(high / step - 1e-9) * step);
        var count = (int)Math.Round((to - from) / step);
        var digits = Math.Max(0, -(int)Math.Floor(Math.Log10(step / scale.Factor) + 1e-9));
        // A step of 2.5 has a digit more than its magnitude.
        digits += Math.Abs(Math.Round(step / scale.Factor * Math.Pow(10, digits)) - step / scale.Factor * Math.Pow(10, digits)) > 1e-6 ? 1 : 0;
        return new AxisTicks(from, to, [.. Enumerable.Range(0, count + 1).Select(i => from + i * step)
            .Select(value => new AxisTick(value, (Math.Round(value / scale.Factor, digits) + 0.0).ToString("#,##0" + (digits > 0 ? "." + new string('0', digits) : ""), CultureInfo.InvariantCulture), true))],
            scale.Unit, false);
    }

    // 1, 2, 2.5, 5 and their tenfold.
    private static double Step(double atLeast)
    {
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        foreach (var digit in (ReadOnlySpan<double>)[1, 2, 2.5, 5])
            if (digit * magnitude >= atLeast * (1 - 1e-9))
                return digit * magnitude;
        return 10 * magnitude;
    }

    private static AxisTicks Log(Axis axis, double low, double high, int wanted)
    {
        (low, high) = (low / 1.05, high * 1.05);
        var scale = UnitScale.For(axis.Unit, Math.Sqrt(low * high));
        var decades = Math.Log10(high / low);
        double[] digits = decades < 1.2 ? [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 3.2 ? [1, 2, 5] : [1];
        // Of many decades every second, third and so on.
        var stride = Math.Max(1, (int)Math.Ceiling(decades / wanted));
        List<AxisTick> ticks = [];
        for (var decade = (int)Math.Floor(Math.Log10(low / scale.Factor)); decade <= Math.Ceiling(Math.Log10(high / scale.Factor)); decade++)
        {
            foreach (var digit in digits)
            {
                // The decimal number, not a product that rounding has touched.
                var written = digit * Math.Pow(10, decade);
                if (digits.Length > 1 || decade % stride == 0)
                    ticks.Add(new AxisTick(written * scale.Factor, UnitScale.Round(written), digit is 1 or 2 or 5 || digits.Length > 3));
            }
        }
        // The ends lie on marks where one is near, else on the data.
        var from = ticks.LastOrDefault(tick => tick.Value <= low)?.Value ?? low;
        var to = ticks.FirstOrDefault(tick => tick.Value >= high)?.Value ?? high;
        if (low / from > 1.6)
            from = low;
        if (to / high > 1.6)
            to = high;
        return new AxisTicks(from, to, [.. ticks.Where(tick => tick.Value >= from * (1 - 1e-9) && tick.Value <= to * (1 + 1e-9))], scale.Unit, true);
    }

    private static readonly double[] TimeSteps =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

    private static AxisTicks Time(double low, double high, int wanted)
    {
        if (high - low < 1)
            (low, high) = (low - 1800, high + 1800);
        var (pad, span) = ((high - low) * 0.03, high - low);
        var (from, to) = (low - pad, high + pad);
        var (first, last) = (DateTimeOffset.FromUnixTimeMilliseconds((long)(from * 1000)), DateTimeOffset.FromUnixTimeMilliseconds((long)(to * 1000)));
        List<AxisTick> ticks = [];
        var step = TimeSteps.FirstOrDefault(each => span / each <= wanted);
        if (step > 0)
        {
            for (var at = Math.Ceiling(from / step) * step; at <= to; at += step)
            {
                var time = DateTimeOffset.FromUnixTimeMilliseconds((long)(at * 1000));
                ticks.Add(new AxisTick(at, time.ToString(step >= 86_400 ? "yyyy-MM-dd" : span > 86_400 ? "MM-dd HH:mm" : step >= 60 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture), true));
            }
            return new AxisTicks(from, to, ticks, step >= 86_400 ? "" : span > 86_400 ? "UTC" : $"UTC, {first:yyyy-MM-dd}", false);
        }
        var months = (int[])[1, 2, 3, 6, 12, 24, 60, 120];
        var stride = Array.Find(months, each => span / 2_629_800 / each <= wanted) is > 0 and var found ? found : 240;
        for (var month = new DateTimeOffset(first.Year, 1, 1, 0, 0, 0, TimeSpan.Zero); month <= last && month.Year < 9900; month = month.AddMonths(stride))
            if (month >= first)
                ticks.Add(new AxisTick(month.ToUnixTimeSeconds(), month.ToString(stride < 12 ? "yyyy-MM" : "yyyy", CultureInfo.InvariantCulture), true));
        return new AxisTicks(from, to, ticks, "", false);
    }
}

/// <param name="IsMajor">Whether its label may not be left out while others are written.</param>
internal sealed record AxisTick(double Value, string Label, bool IsMajor);
