using System.Globalization;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Names of hardware as sources write them, and the one that results are kept under.</summary>
internal sealed class HardwareNames
{
    private readonly Dictionary<string, HardwarePlatform> _known = [];
    private readonly List<(string Part, HardwareKind Kind)> _kinds = [];

    private HardwareNames(TextReader lines)
    {
        while (lines.ReadLine() is { } line)
        {
            var fields = line.Split(';');
            if (line.StartsWith('#'))
                continue;
            if (line.StartsWith('~'))
            {
                _kinds.Add((fields[0][1..], Enum.Parse<HardwareKind>(fields[1], ignoreCase: true)));
                continue;
            }
            var platform = new HardwarePlatform(fields[0], Enum.Parse<HardwareKind>(fields[1], ignoreCase: true)) { Vendor = fields[2] };
            foreach (var each in (string[])[fields[0], .. fields[3].Split('|')])
                _known.TryAdd(HardwareCatalog.Key(each), platform);
        }
    }

    /// <summary>The names of <see cref="HardwareCatalog"/>, and the table hardware-names.csv for devices without published figures.</summary>
    public static HardwareNames Known { get; } = Load();

    /// <summary>The platform that a source means: "4x " before a name, or the name four times with commas, are four devices.</summary>
    /// <param name="kind">Where the source tells it; else the name does.</param>
    public HardwarePlatform Platform(string written, int count = 1, HardwareKind? kind = null)
    {
        var name = written.Trim();
        var parts = name.Split(", ");
        if (count == 1 && parts.Length > 1 && parts.All(part => part == parts[0]))
            (name, count) = (parts[0], parts.Length);
        var times = name.IndexOf('x', StringComparison.Ordinal);
        if (count == 1 && times is > 0 and < 5 && times + 1 < name.Length && name[times + 1] == ' '
            && int.TryParse(name.AsSpan(0, times), NumberStyles.None, CultureInfo.InvariantCulture, out var stated) && stated > 0)
            (name, count) = (name[(times + 2)..], stated);
        var device = Published(name) ?? _known.GetValueOrDefault(HardwareCatalog.Key(name)) ?? new HardwarePlatform(name, kind ?? KindOf(name));
        return device with
        {
            Name = count == 1 ? device.Name : string.Create(CultureInfo.InvariantCulture, $"{count}x {device.Name}"),
            Device = name,
            DeviceCount = count,
        };
    }

    // Its figures stay where they are: a result says what was measured.
    private static HardwarePlatform? Published(string name) =>
        HardwareCatalog.Find(name)?.Platform is { } known ? new HardwarePlatform(known.Name, known.Kind) { Vendor = known.Vendor } : null;

    private HardwareKind KindOf(string name)
    {
        foreach (var (part, kind) in _kinds)
            if (name.Contains(part, StringComparison.OrdinalIgnoreCase))
                return kind;
        return HardwareKind.Other;
    }

    private static HardwareNames Load()
    {
        using var reader = new StreamReader(typeof(HardwareNames).Assembly.GetManifestResourceStream("hardware-names.csv")!); // embedded by the project
        return new HardwareNames(reader);
    }
}
