using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Gpux.Models.Suitability;

/// <summary>A memory that weights can lie in.</summary>
/// <param name="Name">For people: "CPU", or the graphics card's name.</param>
/// <param name="TotalBytes">In all; of a container, what it may use.</param>
public sealed record DeviceMemory(string Name, long TotalBytes);

/// <summary>The memories of this machine.</summary>
public static class MachineMemory
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The main memory first, then each graphics card that says how much it has.</summary>
    public static IReadOnlyList<DeviceMemory> Read() =>
        // The runtime knows the limits of containers.
        [new DeviceMemory("CPU", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), .. NvidiaCards()];

    // The driver's own tool; no library of CUDA is needed to ask it.
    private static List<DeviceMemory> NvidiaCards()
    {
        var cards = new List<DeviceMemory>();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", ["--query-gpu=name,memory.total", "--format=csv,noheader,nounits"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            });
            if (process is null || !process.WaitForExit(Patience) || process.ExitCode != 0)
                return cards;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (line.LastIndexOf(',') is var comma and > 0
                    && long.TryParse(line.AsSpan(comma + 1), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var mebibytes))
                    cards.Add(new DeviceMemory(line[..comma].Trim(), mebibytes << 20));
            }
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            // No such driver: no such card.
        }
        return cards;
    }
}
