using System.Globalization;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Hardware whose published memory, bandwidth and peaks come with the program.</summary>
/// <param name="Watts">The board's power limit; null when unknown.</param>
/// <param name="IsVerified">Whether every number was read in the source that is named.</param>
public sealed record KnownHardware(HardwarePlatform Platform, IReadOnlyList<string> Aliases, double? Watts, string Source, bool IsVerified);

/// <summary>The embedded table of hardware: Data/hardware.csv.</summary>
public static class HardwareCatalog
{
    private static readonly Lazy<IReadOnlyList<KnownHardware>> Rows = new(Read);

    public static IReadOnlyList<KnownHardware> All => Rows.Value;

    /// <returns>Null for a name that is no name of any row, letter case and blanks aside.</returns>
    public static KnownHardware? Find(string name)
    {
        var key = Key(name);
        foreach (var row in All)
        {
            if (Key(row.Platform.Name) == key || row.Aliases.Any(alias => Key(alias) == key))
                return row;
        }
        return null;
    }

    /// <summary>The platform, with what it lacks from the table. What was measured stays.</summary>
    public static HardwarePlatform Complete(HardwarePlatform platform)
    {
        // "8x NVIDIA H100" is eight of what the table has.
        var single = platform.DeviceCount > 1 && platform.Name.StartsWith($"{platform.DeviceCount}x ", StringComparison.Ordinal)
            ? platform.Name[(platform.Name.IndexOf(' ', StringComparison.Ordinal) + 1)..] : platform.Name;
        if (platform is { MemoryBytes: not null, MemoryBytesPerSecond: not null, Peaks.Count: > 0 }
            || (Find(single) ?? (platform.Device is { } device ? Find(device) : null)) is not { } known)
            return platform;
        var count = platform.DeviceCount;
        return platform with
        {
            Vendor = platform.Vendor ?? known.Platform.Vendor,
            MemoryBytes = platform.MemoryBytes ?? known.Platform.MemoryBytes * count,
            MemoryBytesPerSecond = platform.MemoryBytesPerSecond ?? known.Platform.MemoryBytesPerSecond * count,
            Peaks = platform.Peaks.Count > 0 ? platform.Peaks
                : [.. known.Platform.Peaks.Select(peak => peak with { OperationsPerSecond = peak.OperationsPerSecond * count })],
        };
    }

    // Drivers write the maker's name, or do not.
    internal static string Key(string name)
    {
        var key = new string([.. name.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit)]);
        foreach (var maker in (ReadOnlySpan<string>)["nvidia", "amdinstinct", "amd", "intel"])
            if (key.StartsWith(maker, StringComparison.Ordinal) && key.Length > maker.Length)
                return key[maker.Length..];
        return key;
    }

    private static List<KnownHardware> Read()
    {
        var rows = new List<KnownHardware>();
        foreach (var fields in EmbeddedTable.Rows("hardware.csv"))
        {
            double? Number(int column) => fields[column].Length == 0 ? null : double.Parse(fields[column], CultureInfo.InvariantCulture);
            var source = fields[9];
            var peaks = new List<ArithmeticPeak>();
            foreach (var (precision, column) in (ReadOnlySpan<(string, int)>)[("fp16", 6), ("int8", 7)])
                if (Number(column) is { } tera)
                    peaks.Add(new ArithmeticPeak(precision, tera * 1e12, source));
            rows.Add(new KnownHardware(
                new HardwarePlatform(fields[0], Enum.Parse<HardwareKind>(fields[2], ignoreCase: true))
                {
                    Vendor = fields[3], MemoryBytes = (long?)(Number(4) * 1e9), MemoryBytesPerSecond = Number(5) * 1e9, Peaks = peaks,
                },
                fields[1].Split('|'), Number(8), source, fields[10] == "yes"));
        }
        return rows;
    }
}
