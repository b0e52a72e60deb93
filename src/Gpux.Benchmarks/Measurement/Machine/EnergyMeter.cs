namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>Energy that processors, memory and graphics cards took, by the counters that the system lets us read.</summary>
/// <remarks>Sources: Linux powercap (RAPL zones of packages and memory), whose counters are often root's alone; NVML.</remarks>
internal sealed class EnergyMeter : IDisposable
{
    // The smallest range, 65 kJ, holds more than a minute of a kilowatt.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly ITimer? _timer;
    private readonly List<(string File, long Range, long Last)> _zones = [];
    private readonly NvidiaEnergy? _nvidia;
    private double _joules;
    private ulong? _nvidiaLast;
    private readonly bool _hasZones;
    private readonly bool _onGpu;

    /// <param name="root">The folder that "/" is.</param>
    /// <param name="onGpu">Whether graphics cards compute.</param>
    /// <param name="clock">Of its own accord it looks at the counters of processors so often that none turns over twice unseen.</param>
    public EnergyMeter(string root, bool onGpu, TimeProvider clock)
    {
        _onGpu = onGpu;
        foreach (var zone in SystemFile.Folders(Path.Combine(root, "sys/class/powercap"), "intel-rapl:*"))
        {
            var file = Path.Combine(zone, "energy_uj");
            // A package holds its cores; memory counts beside it, and the whole platform would hold both.
            if (SystemFile.Text(Path.Combine(zone, "name")) is not { } name || !name.StartsWith("package", StringComparison.Ordinal) && name != "dram")
                continue;
            _hasZones = true;
            if (SystemFile.Number(file) is { } first && SystemFile.Number(Path.Combine(zone, "max_energy_range_uj")) is > 0 and var range)
                _zones.Add((file, range, first));
        }
        _nvidia = onGpu ? NvidiaEnergy.Open() : null;
        _nvidiaLast = _nvidia?.Millijoules();
        _timer = _zones.Count > 0 ? clock.CreateTimer(_ => ReadZones(), null, Period, Period) : null;
    }

    /// <summary>What it reads, for people; null if nothing can be read.</summary>
    public string? Name => (_zones.Count > 0, _nvidiaLast is not null) switch
    {
        (true, true) => "RAPL and NVML",
        (true, false) => "RAPL",
        (false, true) => "NVML",
        _ => null,
    };

    /// <summary>Why nothing can be read, in a sentence; null if something can.</summary>
    public string? Absence => Name is not null ? null
        : _onGpu ? "Energy is not measured: neither the card's counter (NVML, of Volta and later) nor those of the processors (RAPL) can be read."
        : _hasZones ? "Energy is not measured: the processors have counters (RAPL), which only root may read."
        : "Energy is not measured: the system shows no counters of the processors (RAPL), as virtual machines mostly do not.";

    /// <summary>Joules since it was made.</summary>
    public double Joules()
    {
        lock (_lock)
        {
            ReadZones();
            if (_nvidiaLast is { } before && _nvidia?.Millijoules() is { } millijoules)
            {
                _joules += (millijoules - before) / 1e3;
                _nvidiaLast = millijoules;
            }
            return _joules;
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _nvidia?.Dispose();
    }

    private void ReadZones()
    {
        lock (_lock)
        {
            for (var i = 0; i < _zones.Count; i++)
            {
                var (file, range, last) = _zones[i];
                if (SystemFile.Number(file) is not { } now)
                    continue;
                _joules += (now >= last ? now - last : now + range - last) / 1e6;
                _zones[i] = (file, range, now);
            }
        }
    }
}
