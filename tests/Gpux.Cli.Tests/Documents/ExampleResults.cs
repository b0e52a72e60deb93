using Gpux.Benchmarks.Results;

namespace Gpux.Cli.Tests.Documents;

/// <summary>The benchmark results that guides and tests of "gpux db" begin with: those of one model on four machines, made up.</summary>
/// <remarks>Version 1.0.0 is fp32, 1.1.0 is int8. The first four results belong to no version yet. On the L4 the second version is
/// faster, on the EPYC it is not; the A100 got another driver in between; the T4 has the first version alone, measured once.</remarks>
internal static class ExampleResults
{
    private const string Model = "bert-base-uncased";
    private static readonly double[] Noise = [1.00, 1.01, 0.99, 1.02];

    /// <summary>Fills the database that is used where none is named.</summary>
    /// <param name="home">Of somebody without a database.</param>
    public static void Write(string home)
    {
        var folder = Directory.CreateDirectory(Path.Combine(home, ".local", "share", "gpux")).FullName;
        using var store = BenchmarkStore.Open(Path.Combine(folder, "benchmarks.duckdb"), TimeSpan.FromSeconds(10), CancellationToken.None);
        store.AddAll(Runs(), CancellationToken.None);
    }

    private static IEnumerable<BenchmarkRun> Runs()
    {
        var l4 = new HardwarePlatform("NVIDIA L4", HardwareKind.Gpu) { Vendor = "NVIDIA", MemoryBytes = 24L << 30 };
        var epyc = new HardwarePlatform("AMD EPYC 9354", HardwareKind.Cpu) { Vendor = "AMD", MemoryBytes = 256L << 30 };
        var a100 = new HardwarePlatform("NVIDIA A100 40GB", HardwareKind.Gpu) { Vendor = "NVIDIA", MemoryBytes = 40L << 30 };
        var t4 = new HardwarePlatform("NVIDIA T4", HardwareKind.Gpu) { Vendor = "NVIDIA", MemoryBytes = 16L << 30 };
        return
        [
            .. Four(l4, null, "fp32", 0.0080, 1.2e9),
            .. Four(epyc, "v1.0.0", "fp32", 0.0450, 0.9e9),
            .. Four(a100, "v1.0.0", "fp32", 0.0041, 1.3e9),
            Run(l4, "v1.0.0", "fp32", 8, 0.0400, 1.9e9, noise: 1), Run(epyc, "v1.0.0", "fp32", 8, 0.3300, 1.6e9, noise: 1), Run(a100, "v1.0.0", "fp32", 8, 0.0120, 2.1e9, noise: 1),
            Run(t4, "v1.0.0", "fp32", 1, 0.0160, 1.2e9, noise: 1),
            .. Four(l4, "v1.1.0", "int8", 0.0051, 0.7e9),
            .. Four(epyc, "v1.1.0", "int8", 0.0451, 0.4e9),
            .. Four(a100, "v1.1.0", "int8", 0.0031, 0.8e9, driver: "570.86"),
        ];
    }

    private static IEnumerable<BenchmarkRun> Four(HardwarePlatform hardware, string? version, string precision, double latencySeconds, double memoryBytes, string driver = "550.54") =>
        Noise.Select(noise => Run(hardware, version, precision, 1, latencySeconds, memoryBytes, noise, driver));

    private static BenchmarkRun Run(HardwarePlatform hardware, string? version, string precision, int batch, double latencySeconds, double memoryBytes, double noise, string driver = "550.54")
    {
        var isCpu = hardware.Kind == HardwareKind.Cpu;
        var latency = latencySeconds * noise;
        return new BenchmarkRun
        {
            Key = $"{hardware.Name} {version} {precision} {batch} {noise}",
            Model = new BenchmarkedModel(Model) { Registry = ModelReference.HuggingFace },
            VersionTag = version,
            Hardware = hardware,
            Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = precision, BatchSize = batch, InputTokens = 128, Concurrency = 1 },
            Engine = new Engine("onnxruntime") { Version = "1.24.1", ExecutionProvider = isCpu ? "cpu" : "cuda", DriverVersion = isCpu ? null : driver },
            Provenance = Provenance.Simulated,
            ProvenanceSource = "an example",
            MachineFingerprint = $"{hardware.Name} {(isCpu ? "" : driver)}",
            Suite = "gpux bench",
            BenchmarkVersion = "1",
            Verdict = RunVerdict.Valid,
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Duration = TimeSpan.FromSeconds(10),
            Metrics =
            [
                new MetricResult(Metric.Latency, 1000, latency) { P50 = latency },
                new MetricResult(Metric.Throughput, 1000, batch / latency),
                new MetricResult(isCpu ? Metric.PeakMemory : Metric.PeakDeviceMemory, 1, memoryBytes),
            ],
        };
    }
}
