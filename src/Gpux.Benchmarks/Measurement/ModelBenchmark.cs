using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Results;
using Gpux.Conversion;
using Gpux.Conversion.Precision;
using Gpux.Models;
using Gpux.Models.Precision;
using Gpux.Registries.Store;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Measures a model on this machine. Described in docs/guides/benchmarking.md.</summary>
/// <remarks>Each configuration is measured by several processes, because what is decided when a process starts, such as where its memory
/// lies, does not change within it. The launches of all configurations are mixed, so that what slows the machine for a while slows all of them.</remarks>
/// <param name="program">Measures a launch in a process of its own.</param>
public sealed class ModelBenchmark(ModelLibrary library, LaunchProgram program, TimeProvider clock)
{
    // For a model of many gigabytes that is read from a slow disk.
    private static readonly TimeSpan LoadingTime = TimeSpan.FromMinutes(10);

    // The system counts in hundredths of a second.
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(500);

    /// <summary>The most that a launch may take, whatever it does.</summary>
    public TimeSpan? LaunchLimit { get; init; }

    /// <summary>Is told, at most once and as soon as it is known, that the machine is too busy for valid results.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Fetches and converts the model if need be, then measures.</summary>
    /// <exception cref="GpuxException">The model cannot be found, fetched or converted. What goes wrong in a launch is in the outcome.</exception>
    public async Task<IReadOnlyList<BenchmarkOutcome>> RunAsync(BenchmarkRequest request, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var (watch, begun) = (Disturbances.Watch("/"), Stopwatch.GetTimestamp());
        var (project, prepared) = (request.Project, new Dictionary<WeightPrecision, PreparedModel>());
        foreach (var precision in request.Precisions)
        {
            var options = new PrepareOptions(Lookup.PreferStore) { Precision = precision, AllowsDamage = request.AllowsDamage, Weights = project?.Weights };
            prepared[precision] = await library.PrepareAsync(project?.Model ?? request.Model, options, progress, cancellationToken);
        }
        var machine = MachineDescription.Read(ModelLibrary.Version);
        var speed = MachineSpeed.Of(machine, Path.Combine(Path.GetDirectoryName(library.BenchmarksFile)!, "benchmarks")); // a file's path
        var subjects = prepared.ToDictionary(each => each.Key, each => Describe(each.Value, each.Key, request));
        var hardware = Platform(machine, speed, Provider(request));

        var started = clock.GetUtcNow();
        var configurations = request.Configurations;
        var busy = new BusyNotice(Notice);
        if (Stopwatch.GetElapsedTime(begun) is var looked && looked < ShortestLook)
            await Task.Delay(ShortestLook - looked, cancellationToken);
        busy.Look(watch.Until(onGpu: false));
        var launches = await LaunchAllAsync(request, configurations, busy, progress, cancellationToken);
        return
        [
            .. configurations.Select((configuration, index) => new RunSummary(configuration, subjects[configuration.Precision], machine, hardware)
            {
                VersionTag = request.VersionTag, StartedAt = started, Title = Title(configuration, request),
            }.Of(launches[index].Reports, launches[index].Failures)),
        ];
    }

    private async Task<(List<LaunchReport> Reports, List<GpuxException> Failures)[]> LaunchAllAsync(
        BenchmarkRequest request, IReadOnlyList<LaunchRequest> configurations, BusyNotice busy, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var found = new (List<LaunchReport> Reports, List<GpuxException> Failures)[configurations.Count];
        for (var i = 0; i < found.Length; i++)
            found[i] = ([], []);
        var limits = request.Limits;
        var limit = LaunchLimit ?? LoadingTime + limits.WarmUpMost + limits.Most;
        var chance = new Random(request.Seed);
        var course = new Course(request.Launches * configurations.Count, limits.WarmUpLeast + limits.Least, progress);
        for (var launch = 0; launch < request.Launches; launch++)
        {
            var order = new int[configurations.Count];
            for (var i = 0; i < order.Length; i++)
                order[i] = i;
            chance.Shuffle(order);
            foreach (var index in order)
            {
                // What did not start once, such as a device that is not there, is not asked four times more.
                if (found[index] is { Reports.Count: 0, Failures.Count: > 0 })
                {
                    course.Done();
                    continue;
                }
                try
                {
                    // Inputs and arrivals differ from launch to launch, and are the same when all is repeated.
                    var asked = configurations[index] with { Seed = unchecked(request.Seed + launch * 7919) };
                    var report = await course.WatchAsync(program.RunAsync(asked, limit, cancellationToken));
                    busy.Look(report.Disturbances);
                    found[index].Reports.Add(report);
                }
                catch (GpuxException failure)
                {
                    found[index].Failures.Add(failure);
                }
            }
        }
        return found;
    }

    private static string Title(LaunchRequest configuration, BenchmarkRequest request)
    {
        var title = $"{PrecisionNames.Of(configuration.Precision)}, batch {configuration.Batch}";
        return request.Concurrencies.Count > 1 || configuration.Concurrency > 1 ? $"{title}, {configuration.Concurrency} at a time" : title;
    }

    private static BenchmarkSubject Describe(PreparedModel model, WeightPrecision precision, BenchmarkRequest request)
    {
        var reference = model.Manifest.Model;
        TimeSpan? conversion = null;
        long? parameters = null;
        // A graph that was published as such is not converted.
        if (model.Variant.ClassName is not null)
        {
            var started = Stopwatch.GetTimestamp();
            var plan = Converter.Plan(model.Files, new ConversionOptions(Precision: WeightPrecision.Float32));
            parameters = plan.Model.Graph.Initializers.Where(tensor => tensor.External is not null).Sum(tensor => new Shape(tensor.Dimensions).ElementCount);
            // The other precisions write new weights, which is no part of a measurement that may be repeated at will.
            if (precision == WeightPrecision.Float32)
            {
                Converter.WriteInMemory(plan, model.Files, []);
                conversion = Stopwatch.GetElapsedTime(started);
            }
        }
        return new BenchmarkSubject(new BenchmarkedModel(NameOf(reference))
        {
            Registry = reference.Registry,
            Architecture = model.Variant.ClassName,
            ParameterCount = parameters,
        }, model.Manifest.Commit, conversion) { Provider = Provider(request), GraphPath = model.Variant.ModelPath };
    }

    // Null for the CPU's own.
    private static string? Provider(BenchmarkRequest request) =>
        (request.Provider ?? request.Project?.Runtime.Backend) is { } provider && !ExecutionProvider.AreSame(provider, ExecutionProvider.Cpu) ? provider : null;

    // As people write it.
    private static string NameOf(ModelReference reference) => reference.Registry switch
    {
        ModelReference.HuggingFace => reference.Name,
        ModelReference.Samples => $"{ModelReference.Samples}/{reference.Name}",
        _ => (reference with { Revision = null }).ToString(),
    };

    private static HardwarePlatform Platform(MachineDescription machine, MachineSpeed speed, string? provider)
    {
        if (provider is not null)
            return Accelerator(provider);
        // A part of a processor is another platform than all of it.
        return new HardwarePlatform($"{machine.Processor} ({machine.Processors} {(machine.Processors == 1 ? "processor" : "processors")})", HardwareKind.Cpu)
        {
            Vendor = machine.Vendor,
            Device = machine.Processor,
            MemoryBytes = machine.MemoryBytes,
            // A database keeps them for good.
            MemoryBytesPerSecond = speed.IsOfBusyMachine ? null : speed.MemoryBytesPerSecond,
            Peaks = speed.IsOfBusyMachine ? [] : [new ArithmeticPeak("fp32", speed.Float32OperationsPerSecond, ArithmeticPeak.Measured)],
            MetadataJson = Json(machine.WriteTo),
        };
    }

    private static HardwarePlatform Accelerator(string provider)
    {
        if (NvidiaTool.Cards() is [var card, ..] && (ExecutionProvider.AreSame(provider, "CUDA") || ExecutionProvider.AreSame(provider, "TensorRT")))
            return new HardwarePlatform(card.Name, HardwareKind.Gpu) { Vendor = "NVIDIA", Device = card.Name, MemoryBytes = card.MemoryBytes };
        var device = OnnxRuntimeLibrary.Devices.FirstOrDefault(device => ExecutionProvider.AreSame(device.Provider, provider) && device.Hardware.Type != HardwareDeviceType.Cpu)?.Hardware;
        return device is null ? new HardwarePlatform($"{provider} device", HardwareKind.Gpu)
            : new HardwarePlatform($"{device.Vendor} {device.DeviceId:x4}", device.Type == HardwareDeviceType.Npu ? HardwareKind.Npu : HardwareKind.Gpu) { Vendor = device.Vendor };
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Tells how far all launches are, by the time that those before them took.</summary>
    private sealed class Course(int launches, TimeSpan expected, IProgress<Progress>? progress)
    {
        private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _done;

        public async Task<T> WatchAsync<T>(Task<T> launch)
        {
            var began = Stopwatch.GetTimestamp();
            while (!launch.IsCompleted)
            {
                Report(Stopwatch.GetElapsedTime(began));
                await Task.WhenAny(launch, Task.Delay(Interval));
            }
            Done();
            return await launch;
        }

        public void Done()
        {
            if (++_done == launches)
                progress?.Report(new Progress("Measuring", null, 100, 100, ProgressUnit.Percent));
        }

        private void Report(TimeSpan inLaunch)
        {
            var usual = _done > 0 ? (Stopwatch.GetElapsedTime(_started) - inLaunch) / _done : expected;
            var share = (_done + Math.Min(0.95, inLaunch / usual)) / launches;
            progress?.Report(new Progress("Measuring", null, (long)Math.Min(99, share * 100), 100, ProgressUnit.Percent));
        }
    }
}
