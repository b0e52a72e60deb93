using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Reads the hardware platforms of a database.</summary>
internal static class HardwareReader
{
    public static Dictionary<long, HardwarePlatform> Read(ISqlConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<long, List<ArithmeticPeak>> peaks = [];
        using (var rows = connection.Query(
            "SELECT hardware_id, precision_name, operations_per_second, source FROM hardware_peaks ORDER BY hardware_id, precision_name", [], cancellationToken))
        {
            while (rows.Read())
            {
                if (!peaks.TryGetValue(rows.Int64(0), out var known))
                    peaks.Add(rows.Int64(0), known = []);
                known.Add(new ArithmeticPeak(rows.Text(1), rows.Double(2), rows.Text(3)));
            }
        }
        Dictionary<long, HardwarePlatform> platforms = [];
        using var found = connection.Query(
            "SELECT id, name, kind, vendor, device, device_count, memory_bytes, memory_bytes_per_second FROM hardware_platforms ORDER BY id", [], cancellationToken);
        while (found.Read())
        {
            platforms.Add(found.Int64(0), new HardwarePlatform(found.Text(1), Names.Parse<HardwareKind>(found.Text(2)))
            {
                Vendor = found.IsNull(3) ? null : found.Text(3),
                Device = found.IsNull(4) ? null : found.Text(4),
                DeviceCount = (int)found.Int64(5),
                MemoryBytes = found.IsNull(6) ? null : found.Int64(6),
                MemoryBytesPerSecond = found.IsNull(7) ? null : found.Double(7),
                Peaks = peaks.TryGetValue(found.Int64(0), out var known) ? known : [],
            });
        }
        return platforms;
    }

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
