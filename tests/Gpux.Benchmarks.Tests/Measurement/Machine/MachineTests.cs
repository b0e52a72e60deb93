using System.Diagnostics;
using Gpux.Benchmarks.Measurement.Machine;

namespace Gpux.Benchmarks.Tests.Measurement.Machine;

public sealed class MachineTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gpux-machine-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_machine_is_described_by_what_its_system_says()
    {
        Write("proc/cpuinfo", """
            processor	: 0
            vendor_id	: GenuineIntel
            model name	: Example(R) CPU @ 2.00GHz
            physical id	: 0
            core id		: 0
            flags		: fpu sse4_1 avx2 fma avx512f hypervisor nonsense

            processor	: 1
            vendor_id	: GenuineIntel
            model name	: Example(R) CPU @ 2.00GHz
            physical id	: 0
            core id		: 0
            flags		: fpu sse4_1 avx2 fma avx512f hypervisor nonsense
            """);
        Write("sys/devices/system/cpu/cpu0/cache/index0/level", "1\n");
        Write("sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n");
        Write("sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n");
        Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
        Write("etc/os-release", "NAME=x\nPRETTY_NAME=\"An OS 12\"\n");
        var machine = MachineDescription.Read(_root, "1.2.3", [new NvidiaCard("NVIDIA L4", "550.54", 24L << 30)]);
        Assert.Equal(("Example(R) CPU @ 2.00GHz", "Intel", 1, true, "powersave", "An OS 12"),
            (machine.Processor, machine.Vendor, machine.Cores!.Value, machine.IsVirtual!.Value, machine.Governor, machine.OperatingSystem));
        Assert.Equal(["sse4_1", "fma", "avx2", "avx512f"], machine.Flags);
        Assert.Equal(["L1d 32K"], machine.Caches);
        Assert.Contains("NVIDIA L4, driver 550.54", machine.Devices);
        Assert.Matches("^[0-9a-f]{64}$", machine.Fingerprint);
        Assert.Equal(machine.Fingerprint, MachineDescription.Read(_root, "1.2.3", [new NvidiaCard("NVIDIA L4", "550.54", 24L << 30)]).Fingerprint);
        Assert.NotEqual(machine.Fingerprint, MachineDescription.Read(_root, "1.2.4", [new NvidiaCard("NVIDIA L4", "550.54", 24L << 30)]).Fingerprint);
        Assert.NotEqual(machine.Fingerprint, (machine with { Governor = "performance" }).Fingerprint);
        Assert.Equal(machine.Fingerprint, (machine with { MemoryBytes = machine.MemoryBytes + (1 << 20) }).Fingerprint);
    }

    [Fact]
    public void A_system_that_says_nothing_has_a_description_all_the_same()
    {
        var machine = MachineDescription.Read(_root, "1", []);
        Assert.NotEmpty(machine.Processor);
        Assert.Null(machine.Governor);
        Assert.Null(machine.Cores);
        Assert.True(machine.Processors >= 1);
    }

    [Fact]
    public void Speed_is_measured_once_and_read_the_next_time()
    {
        var machine = MachineDescription.Read(_root, "1", []);
        var folder = Path.Combine(_root, "speeds");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"machine-{machine.Fingerprint[..16]}.json");
        File.WriteAllText(file, "{\"memory_bytes_per_second\": 1.5e10, \"float32_operations_per_second\": 2.5e11}");
        Assert.Equal(new MachineSpeed(1.5e10, 2.5e11), MachineSpeed.Of(machine, folder));
        File.WriteAllText(file, "{\"memory_bytes_per_second\": -1}"); // damaged: measured anew
        var started = Stopwatch.GetTimestamp();
        var speed = MachineSpeed.Of(machine, folder);
        Assert.InRange(speed.MemoryBytesPerSecond, 1e8, 1e13);
        Assert.InRange(speed.Float32OperationsPerSecond, 1e9, 1e15);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1)); // two seconds, on a machine that does nothing else
    }

    [Fact]
    public void Disturbances_are_what_changed_meanwhile()
    {
        Write("proc/loadavg", "3.50 2.00 1.00 1/100 42\n");
        Write("proc/stat", "cpu  1000 0 0 9000 0 0 0 0 0 0\n");
        Write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\nfull avg10=0 avg60=0 avg300=0 total=0\n");
        Write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "4\n");
        Write("sys/class/power_supply/AC/online", "0\n");
        var watch = Disturbances.Watch(_root);
        Write("proc/stat", "cpu  101000 0 0 209000 0 0 0 100000 0 0\n"); // a quarter busy, a quarter stolen
        Write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "7\n");
        var seen = watch.Until(onGpu: false);
        Assert.Equal(3.5, seen.LoadBefore);
        Assert.InRange(seen.OtherProcesses!.Value, 0.24, 0.25);
        Assert.Equal(0.25, seen.Stolen);
        Assert.Equal(3, seen.Throttled);
        Assert.Equal(0, seen.MemoryStalled);
        Assert.True(seen.OnBattery);
        Assert.Equal(0, seen.ClockStep);
        Assert.Null(seen.OtherGpuProcesses);
    }

    [Fact]
    public void Energy_is_summed_over_packages_and_memory_and_survives_turning_over()
    {
        Zone("intel-rapl:0", "package-0", 900, 1_000);
        Zone("intel-rapl:0:0", "core", 0, 1_000); // held by the package
        Zone("intel-rapl:0:1", "dram", 100, 1_000);
        Zone("intel-rapl:1", "psys", 0, 1_000); // holds the package
        using var meter = new EnergyMeter(_root, onGpu: false, TimeProvider.System);
        Assert.Equal("RAPL", meter.Name);
        Assert.Equal(0, meter.Joules());
        Write("sys/class/powercap/intel-rapl:0/energy_uj", "100"); // 200 on, over the end
        Write("sys/class/powercap/intel-rapl:0:0/energy_uj", "777");
        Write("sys/class/powercap/intel-rapl:0:1/energy_uj", "150");
        Assert.Equal(250e-6, meter.Joules(), 1e-12);
        Write("sys/class/powercap/intel-rapl:0/energy_uj", "101");
        Assert.Equal(251e-6, meter.Joules(), 1e-12);
    }

    [Fact]
    public void Energy_of_counters_that_turn_over_twice_is_seen_on_the_way()
    {
        Zone("intel-rapl:0", "package-0", 900, 1_000);
        var clock = new TickingClock();
        var meter = new EnergyMeter(_root, onGpu: false, clock);
        foreach (var now in (ReadOnlySpan<int>)[400, 900, 400, 900, 500]) // 500 each time, the last 600
        {
            Write("sys/class/powercap/intel-rapl:0/energy_uj", $"{now}");
            clock.Tick();
        }
        Assert.Equal(2600e-6, meter.Joules(), 1e-12);
        // The smallest counters last for more than a minute.
        Assert.InRange(clock.Period, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        meter.Dispose();
        Assert.True(clock.IsStopped);
    }

    [Fact]
    public void Energy_that_cannot_be_read_is_absent()
    {
        using var meter = new EnergyMeter(_root, onGpu: false, TimeProvider.System);
        Assert.Null(meter.Name);
        Assert.Contains("the system shows no counters", meter.Absence, StringComparison.Ordinal);
        Zone("intel-rapl:0", "package-0", 0, 1_000);
        File.Delete(Path.Combine(_root, "sys/class/powercap/intel-rapl:0/energy_uj")); // as one that may not be read
        using var forbidden = new EnergyMeter(_root, onGpu: false, TimeProvider.System);
        Assert.Contains("which only root may read", forbidden.Absence, StringComparison.Ordinal);
    }

    /// <summary>Whose timer goes off when it is told to.</summary>
    private sealed class TickingClock : TimeProvider
    {
        private Action? _timer;

        public TimeSpan Period { get; private set; }

        public bool IsStopped => _timer is null;

        public void Tick() => _timer!(); // there is one

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_timer, Period) = (() => callback(state), period);
            return new Timer(this);
        }

        private sealed class Timer(TickingClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => false;

            public void Dispose() => clock._timer = null;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }

    private void Zone(string zone, string name, long energy, long range)
    {
        Write($"sys/class/powercap/{zone}/name", name);
        Write($"sys/class/powercap/{zone}/energy_uj", $"{energy}");
        Write($"sys/class/powercap/{zone}/max_energy_range_uj", $"{range}");
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!); // a file's path
        File.WriteAllText(file, text);
    }
}
