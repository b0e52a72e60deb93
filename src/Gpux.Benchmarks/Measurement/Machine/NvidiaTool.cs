using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <param name="MemoryBytes">In all.</param>
internal sealed record NvidiaCard(string Name, string Driver, long MemoryBytes);

/// <summary>What nvidia-smi, the driver's own tool, says. No library of CUDA is needed to ask it.</summary>
internal static class NvidiaTool
{
    public const uint VendorId = 0x10DE;

    // Reasons for a lower clock that are no harm: an idle card, and clocks that somebody chose.
    private const ulong HarmlessReasons = 0x1 | 0x2 | 0x10 | 0x100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Empty without such a card or driver.</summary>
    public static IReadOnlyList<NvidiaCard> Cards() =>
        [.. Ask("--query-gpu=name,driver_version,memory.total").Where(row => row.Length == 3 && long.TryParse(row[2], out _))
            .Select(row => new NvidiaCard(row[0], row[1], long.Parse(row[2], CultureInfo.InvariantCulture) << 20))];

    /// <summary>Memory that processes take of cards, by process; more than one line for a process on several cards.</summary>
    public static IReadOnlyList<(int Process, long Bytes)> Processes() =>
        [.. Ask("--query-compute-apps=pid,used_memory").Where(row => row.Length == 2 && int.TryParse(row[0], out _) && long.TryParse(row[1], out _))
            .Select(row => (int.Parse(row[0], CultureInfo.InvariantCulture), long.Parse(row[1], CultureInfo.InvariantCulture) << 20))];

    /// <summary>Whether a card runs slower than it could, for heat or for power.</summary>
    public static bool IsThrottled() => Ask("--query-gpu=clocks_throttle_reasons.active").Any(row => row is [['0', 'x', .. var digits]]
        && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var reasons) && (reasons & ~HarmlessReasons) != 0);

    private static List<string[]> Ask(string query)
    {
        var rows = new List<string[]>();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", [query, "--format=csv,noheader,nounits"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            });
            if (process is null)
                return rows;
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return rows;
            }
            if (process.ExitCode == 0)
                foreach (var line in output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    rows.Add(line.Split(',', StringSplitOptions.TrimEntries));
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            // No such driver: no such card.
        }
        return rows;
    }
}
