using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>What else the machine did while a launch was measured. A null is what the system does not say.</summary>
internal sealed record Disturbances
{
    /// <summary>From here on others make a measurement invalid: a tenth of the processors.</summary>
    public const double BusyShare = 0.1;

    /// <summary>Processes that wanted a processor, averaged over the minute before.</summary>
    public double? LoadBefore { get; init; }

    /// <summary>The share of all processors' time that other processes took.</summary>
    public double? OtherProcesses { get; init; }

    /// <summary>The share that the hypervisor gave to other machines.</summary>
    public double? Stolen { get; init; }

    /// <summary>How often a processor, or whether a graphics card, slowed down for heat or power.</summary>
    public long? Throttled { get; init; }

    /// <summary>The share of the time in which something waited for memory.</summary>
    public double? MemoryStalled { get; init; }

    /// <summary>Seconds that the clock on the wall ran otherwise than the one that measures.</summary>
    public double ClockStep { get; init; }

    /// <summary>Whether the machine runs on its battery.</summary>
    public bool? OnBattery { get; init; }

    /// <summary>Other processes that had memory of a graphics card.</summary>
    public int? OtherGpuProcesses { get; init; }

    /// <summary>Begins to watch.</summary>
    /// <param name="root">The folder that "/" is.</param>
    public static Watching Watch(string root) => new(root);

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        Write(json, "load_before", LoadBefore);
        Write(json, "other_processes", OtherProcesses);
        Write(json, "stolen", Stolen);
        Write(json, "throttled", Throttled);
        Write(json, "memory_stalled", MemoryStalled);
        json.WriteNumber("clock_step_seconds", ClockStep);
        if (OnBattery is { } onBattery)
            json.WriteBoolean("on_battery", onBattery);
        Write(json, "other_gpu_processes", OtherGpuProcesses);
        json.WriteEndObject();
    }

    public static Disturbances Read(JsonElement json) => new()
    {
        LoadBefore = Number(json, "load_before"),
        OtherProcesses = Number(json, "other_processes"),
        Stolen = Number(json, "stolen"),
        Throttled = (long?)Number(json, "throttled"),
        MemoryStalled = Number(json, "memory_stalled"),
        ClockStep = Number(json, "clock_step_seconds") ?? 0,
        OnBattery = json.TryGetProperty("on_battery", out var onBattery) ? onBattery.GetBoolean() : null,
        OtherGpuProcesses = (int?)Number(json, "other_gpu_processes"),
    };

    private static double? Number(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetDouble() : null;

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    /// <summary>The machine at a moment, against which it is compared later.</summary>
    internal sealed class Watching
    {
        // Below it lies the accuracy with which the two clocks are read.
        private const double LeastClockStep = 0.001;

        private readonly string _root;
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly TimeSpan _wallClockLead = WallClockLead();
        private readonly double? _load;
        private readonly ProcessorTime? _processors;
        private readonly TimeSpan _own = Own();
        private readonly long? _throttled, _memoryStalled;

        internal Watching(string root)
        {
            _root = root;
            _load = double.TryParse(SystemFile.Text(Path.Combine(root, "proc/loadavg"))?.Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : null;
            (_processors, _throttled, _memoryStalled) = (Processors(), Throttling(), MemoryStalls());
        }

        /// <param name="onGpu">Whether graphics cards are asked, which takes a moment.</param>
        public Disturbances Until(bool onGpu)
        {
            var elapsed = Stopwatch.GetElapsedTime(_started);
            var own = Own() - _own;
            double? others = null, stolen = null;
            if (_processors is { } before && Processors() is { } after && after.All > before.All)
            {
                var all = (double)(after.All - before.All);
                stolen = (after.Stolen - before.Stolen) / all;
                // The counters' unit is a hundredth of a second, on every processor.
                others = Math.Max(0, (after.Busy - before.Busy - own.TotalSeconds * 100) / all);
            }
            var step = (WallClockLead() - _wallClockLead).TotalSeconds;
            var memory = MemoryStalls() is { } stalls && _memoryStalled is { } stallsBefore ? (stalls - stallsBefore) / elapsed.TotalMicroseconds : (double?)null;
            var throttled = Throttling() is { } count && _throttled is { } countBefore ? count - countBefore : (long?)null;
            if (onGpu && NvidiaTool.IsThrottled())
                throttled = (throttled ?? 0) + 1;
            return new Disturbances
            {
                LoadBefore = _load, OtherProcesses = others, Stolen = stolen, Throttled = throttled, MemoryStalled = memory,
                ClockStep = Math.Abs(step) < LeastClockStep ? 0 : step, OnBattery = IsOnBattery(),
                OtherGpuProcesses = onGpu ? NvidiaTool.Processes().Count(process => process.Process != Environment.ProcessId) : null,
            };
        }

        // On the clock that nobody sets. Between two looks the process may have to wait: of several pairs the closest counts.
        private static TimeSpan WallClockLead()
        {
            var (lead, closest) = (TimeSpan.Zero, TimeSpan.MaxValue);
            for (var i = 0; i < 5; i++)
            {
                var before = Stopwatch.GetTimestamp();
                var wall = DateTime.UtcNow;
                var apart = Stopwatch.GetElapsedTime(before);
                if (apart < closest)
                    (lead, closest) = (TimeSpan.FromTicks(wall.Ticks) - Stopwatch.GetElapsedTime(0, before), apart);
            }
            return lead;
        }

        private static TimeSpan Own()
        {
            using var self = Process.GetCurrentProcess();
            return self.TotalProcessorTime;
        }

        private ProcessorTime? Processors()
        {
            // cpu user nice system idle iowait irq softirq steal ...; guests are in user already.
            var fields = SystemFile.Lines(Path.Combine(_root, "proc/stat")).FirstOrDefault()?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is not ["cpu", .. { Length: >= 8 } texts])
                return null;
            var counts = new long[8];
            for (var i = 0; i < counts.Length; i++)
                if (!long.TryParse(texts[i], out counts[i]))
                    return null;
            return new ProcessorTime(counts.Sum(), counts[0] + counts[1] + counts[2] + counts[5] + counts[6], counts[7]);
        }

        private long? Throttling()
        {
            long? sum = null;
            foreach (var processor in SystemFile.Folders(Path.Combine(_root, "sys/devices/system/cpu"), "cpu*"))
                if (SystemFile.Number(Path.Combine(processor, "thermal_throttle/core_throttle_count")) is { } count)
                    sum = (sum ?? 0) + count;
            return sum;
        }

        // Microseconds.
        private long? MemoryStalls()
        {
            const string Key = "total=";
            var line = SystemFile.Lines(Path.Combine(_root, "proc/pressure/memory")).FirstOrDefault(line => line.StartsWith("some ", StringComparison.Ordinal));
            return line?.IndexOf(Key, StringComparison.Ordinal) is { } at and > 0 && long.TryParse(line.AsSpan(at + Key.Length), out var total) ? total : null;
        }

        private bool? IsOnBattery()
        {
            bool? online = null;
            foreach (var supply in SystemFile.Folders(Path.Combine(_root, "sys/class/power_supply"), "*"))
                if (SystemFile.Number(Path.Combine(supply, "online")) is { } number)
                    online = online == true || number != 0;
            return !online;
        }

        private readonly record struct ProcessorTime(long All, long Busy, long Stolen);
    }
}
