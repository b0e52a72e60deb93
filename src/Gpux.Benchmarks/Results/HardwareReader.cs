using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Reads the hardware platforms of a database.</summary>
internal static class HardwareReader
{
    public static Dictionary<long, HardwarePlatform> Read(ISqlConnection connection, CancellationToken cancellationToken)
    {
        var peaks = Peaks(connection, cancellationToken);
        Dictionary<long, HardwarePlatform> platforms = [];
        using var rows = connection.Query(
            """
            SELECT id, name, kind, vendor, device, device_count, memory_bytes, memory_bytes_per_second, CAST(metadata AS VARCHAR)
            FROM hardware_platforms ORDER BY id
            """, [], cancellationToken);
        while (rows.Read())
        {
            var row = new SqlColumns(rows);
            var id = row.Int64();
            platforms.Add(id, Platform(ref row, id, peaks));
        }
        return platforms;
    }

    /// <summary>Every platform's peaks, by its id.</summary>
    public static Dictionary<long, List<ArithmeticPeak>> Peaks(ISqlConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<long, List<ArithmeticPeak>> peaks = [];
        using var rows = connection.Query(
            "SELECT hardware_id, precision_name, operations_per_second, source FROM hardware_peaks ORDER BY hardware_id, precision_name", [], cancellationToken);
        while (rows.Read())
        {
            if (!peaks.TryGetValue(rows.Int64(0), out var known))
                peaks.Add(rows.Int64(0), known = []);
            known.Add(new ArithmeticPeak(rows.Text(1), rows.Double(2), rows.Text(3)));
        }
        return peaks;
    }

    /// <param name="row">Before the name, kind, vendor, device, number of devices, memory, its bandwidth and metadata.</param>
    public static HardwarePlatform Platform(ref SqlColumns row, long id, Dictionary<long, List<ArithmeticPeak>> peaks) =>
        new(row.Text(), Names.Parse<HardwareKind>(row.Text()))
        {
            Vendor = row.TextOrNull(),
            Device = row.TextOrNull(),
            DeviceCount = row.Int32(),
            MemoryBytes = row.Int64OrNull(),
            MemoryBytesPerSecond = row.DoubleOrNull(),
            MetadataJson = row.TextOrNull(),
            Peaks = peaks.TryGetValue(id, out var known) ? known : [],
        };

    /// <summary>SHA-256 of what is known of a platform: 64 hexadecimal digits.</summary>
    public static string Digest(HardwarePlatform hardware)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture,
            $"{Names.Of(hardware.Kind)}\n{hardware.Vendor}\n{hardware.Device}\n{hardware.DeviceCount}\n{hardware.MemoryBytes}\n{hardware.MemoryBytesPerSecond:R}");
        foreach (var peak in hardware.Peaks.OrderBy(peak => peak.Precision, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"\n{peak.Precision} {peak.OperationsPerSecond:R} {peak.Source}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
