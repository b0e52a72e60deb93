using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A unit that sources write, and what it is in the SI unit of a metric.</summary>
/// <param name="Base">As <see cref="Metric.Unit"/>.</param>
/// <param name="Multiplier">The value times this over <paramref name="Divisor"/> is in the base unit; one of them is 1, so that the result is rounded once.</param>
internal sealed record Unit(string Name, string Base, double Multiplier, double Divisor)
{
    /// <summary>MB is a million bytes, MiB 1,048,576. Letter case counts.</summary>
    public static IReadOnlyList<Unit> All { get; } =
    [
        new("s", "s", 1, 1), new("ms", "s", 1, 1e3), new("us", "s", 1, 1e6), new("µs", "s", 1, 1e6), new("ns", "s", 1, 1e9),
        new("min", "s", 60, 1), new("h", "s", 3600, 1),
        new("B", "B", 1, 1), new("kB", "B", 1e3, 1), new("MB", "B", 1e6, 1), new("GB", "B", 1e9, 1),
        new("KiB", "B", 1024, 1), new("MiB", "B", 1L << 20, 1), new("GiB", "B", 1L << 30, 1),
        new("J", "J", 1, 1), new("mJ", "J", 1, 1e3), new("kJ", "J", 1e3, 1), new("Wh", "J", 3600, 1), new("kWh", "J", 3.6e6, 1),
        new("1/s", "1/s", 1, 1), new("1/min", "1/s", 1, 60),
        new("1", "1", 1, 1), new("%", "1", 1, 100),
    ];

    /// <param name="of">The unit that it must convert to.</param>
    /// <exception cref="TransferOptionException">It is none, or of another quantity.</exception>
    public static Unit Parse(string name, string of, string option) =>
        All.FirstOrDefault(unit => unit.Name == name && unit.Base == of)
            ?? throw new TransferOptionException($"{option} names the unit '{name}', which does not convert to '{of}'.",
                $"Say one of {string.Join(", ", All.Where(unit => unit.Base == of).Select(unit => unit.Name))}.");

    public double ToBase(double value) => Divisor == 1 ? value * Multiplier : value / Divisor;
}
