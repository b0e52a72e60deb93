using System.Globalization;
using System.Text.Json;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>The most that the processors of a machine do, measured: bytes read and multiply-adds of float32 in a second.</summary>
/// <param name="Float32OperationsPerSecond">A multiply-add counts as two.</param>
public sealed record MachineSpeed(double MemoryBytesPerSecond, double Float32OperationsPerSecond)
{
    private const int Rounds = 5;

    /// <summary>Whether others computed meanwhile, so that the machine does more than this says.</summary>
    public bool IsOfBusyMachine { get; init; }

    /// <summary>Measures, in less than two seconds; or reads what was measured before on the same machine.</summary>
    /// <param name="folder">Keeps a file for each machine; made if it is not there.</param>
    public static MachineSpeed Of(MachineDescription machine, string folder)
    {
        var path = Path.Combine(folder, $"machine-{machine.Fingerprint[..16]}.json");
        if (Read(path) is { } known)
            return known;
        var watch = Disturbances.Watch("/");
        var measured = Measure(machine.Processors);
        // What was measured beside other work is not kept: it would be too little for as long as the file lasts.
        if (watch.Until(onGpu: false).OtherProcesses >= Disturbances.BusyShare)
            return measured with { IsOfBusyMachine = true };
        Write(path, measured);
        return measured;
    }

    /// <summary>Measures on so many threads. Others that compute meanwhile make it less, and nothing makes it more: the best of several rounds.</summary>
    public static MachineSpeed Measure(int threads)
    {
        var peak = 0.0;
        for (var round = 0; round < Rounds; round++)
            peak = Math.Max(peak, FmaPeak.Measure(threads) * 1e9);
        return new MachineSpeed(MemoryBandwidth.Measure(threads), peak);
    }

    private static MachineSpeed? Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var speed = new MachineSpeed(json.RootElement.GetProperty("memory_bytes_per_second").GetDouble(), json.RootElement.GetProperty("float32_operations_per_second").GetDouble());
            return speed is { MemoryBytesPerSecond: > 0 and < 1e18, Float32OperationsPerSecond: > 0 and < 1e21 } ? speed : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static void Write(string path, MachineSpeed speed)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file's path
            var unfinished = $"{path}.{Path.GetRandomFileName()}";
            File.WriteAllText(unfinished, string.Create(CultureInfo.InvariantCulture,
                $"{{\"memory_bytes_per_second\": {speed.MemoryBytesPerSecond:R}, \"float32_operations_per_second\": {speed.Float32OperationsPerSecond:R}}}\n"));
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Measured again the next time.
        }
    }
}
