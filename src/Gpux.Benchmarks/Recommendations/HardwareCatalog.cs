using System.Globalization;
using System.Text;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Hardware whose published memory, bandwidth and peaks come with the program.</summary>
/// <param name="Watts">The board's power limit; null when unknown.</param>
/// <param name="AsOf">The day on which the source was read.</param>
/// <param name="IsVerified">Whether every number was read in the source that is named.</param>
public sealed record KnownHardware(HardwarePlatform Platform, IReadOnlyList<string> Aliases, double? Watts, DateOnly AsOf, string Source, bool IsVerified)
{
    /// <summary>Bytes a second that one device sends to the others of its node, in one direction; null when unknown.</summary>
    public double? LinkBytesPerSecond { get; init; }

    /// <summary>Bytes a second that one device has of the network that such nodes usually come with, in one direction; null when unknown.</summary>
    public double? NetworkBytesPerSecond { get; init; }

    /// <summary>Several of them, as the database names such platforms: "8x NVIDIA H100 SXM".</summary>
    public HardwarePlatform Several(int count) => count == 1 ? Platform : Platform with
    {
        Name = $"{count}x {Platform.Name}",
        DeviceCount = count,
        MemoryBytes = Platform.MemoryBytes * count,
        MemoryBytesPerSecond = Platform.MemoryBytesPerSecond * count,
        Peaks = [.. Platform.Peaks.Select(peak => peak with { OperationsPerSecond = peak.OperationsPerSecond * count })],
    };
}

/// <summary>The embedded table of hardware, Data/hardware.csv: the only one, for inference and for training.</summary>
/// <remarks>Peaks are of dense matrix products with float32 sums: no sparsity, no boost beyond what the vendor states. Memory is in GiB, for which vendors write
/// GB. A device's link and network are those of the vendor's reference nodes.</remarks>
public static class HardwareCatalog
{
    private const double Gibibyte = 1L << 30;
    private static readonly string[] Precisions = ["fp32", "tf32", "fp16", "bf16", "int8"]; // as their columns follow
    private static readonly Lazy<IReadOnlyList<KnownHardware>> Rows = new(Read);
    private static readonly Lazy<Dictionary<string, KnownHardware>> ByKey = new(() =>
    {
        var rows = new Dictionary<string, KnownHardware>();
        foreach (var row in All)
            foreach (var name in row.Aliases.Prepend(row.Platform.Name))
                rows.TryAdd(Key(name), row); // the first of several
        return rows;
    });

    public static IReadOnlyList<KnownHardware> All => Rows.Value;

    /// <returns>Null for a name that is no name of any row, letter case and blanks aside.</returns>
    public static KnownHardware? Find(string name) => ByKey.Value.GetValueOrDefault(Key(name));

    /// <summary>What one device of a platform is: "8x NVIDIA H100 SXM" is eight of what the table has.</summary>
    public static KnownHardware? FindDevice(HardwarePlatform platform) =>
        Find(SingleName(platform)) ?? (platform.Device is { } device ? Find(device) : null);

    /// <summary>The platform, with what it lacks from the table. What was measured stays.</summary>
    public static HardwarePlatform Complete(HardwarePlatform platform)
    {
        if (platform is { MemoryBytes: not null, MemoryBytesPerSecond: not null, Peaks.Count: > 0 } || FindDevice(platform) is not { } known)
            return platform;
        var published = known.Several(platform.DeviceCount);
        return platform with
        {
            Vendor = platform.Vendor ?? published.Vendor,
            MemoryBytes = platform.MemoryBytes ?? published.MemoryBytes,
            MemoryBytesPerSecond = platform.MemoryBytesPerSecond ?? published.MemoryBytesPerSecond,
            Peaks = platform.Peaks.Count > 0 ? platform.Peaks : published.Peaks,
        };
    }

    /// <summary>The name of one device of a platform.</summary>
    internal static string SingleName(HardwarePlatform platform) =>
        platform.DeviceCount > 1 && platform.Name.StartsWith($"{platform.DeviceCount}x ", StringComparison.Ordinal)
            ? platform.Name[(platform.Name.IndexOf(' ', StringComparison.Ordinal) + 1)..] : platform.Name;

    /// <summary>What two spellings of one name have in common. Drivers write the maker's name, or do not.</summary>
    internal static string Key(string name)
    {
        var plain = name.Replace("(R)", "", StringComparison.OrdinalIgnoreCase).Replace("(TM)", "", StringComparison.OrdinalIgnoreCase);
        var letters = new StringBuilder(plain.Length);
        foreach (var letter in plain)
            if (char.IsLetterOrDigit(letter))
                letters.Append(char.ToLowerInvariant(letter));
        var key = letters.ToString();
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
            var source = fields[16];
            var peaks = new List<ArithmeticPeak>();
            for (var i = 0; i < Precisions.Length; i++)
                if (Number(6 + i) is { } tera)
                    peaks.Add(new ArithmeticPeak(Precisions[i], tera * 1e12, source));
            var platform = new HardwarePlatform(fields[0], Enum.Parse<HardwareKind>(fields[2], ignoreCase: true))
            {
                Vendor = fields[3], MemoryBytes = (long?)(Number(4) * Gibibyte), MemoryBytesPerSecond = Number(5) * 1e9, Peaks = peaks,
            };
            rows.Add(new KnownHardware(platform, fields[1].Split('|'), Number(11), DateOnly.ParseExact(fields[14], "yyyy-MM-dd", CultureInfo.InvariantCulture), source, fields[15] == "yes")
            {
                LinkBytesPerSecond = Number(12) * 1e9, NetworkBytesPerSecond = Number(13) * 1e9,
            });
        }
        return rows;
    }
}
