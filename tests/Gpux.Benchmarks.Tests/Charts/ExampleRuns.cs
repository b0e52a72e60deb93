using System.Buffers.Binary;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Charts;

/// <summary>Runs with the look of real ones, the same on every machine: what the pictures of the documentation show.</summary>
internal static class ExampleRuns
{
    private static readonly HardwarePlatform Laptop = new("laptop, 8 cores", HardwareKind.Cpu)
    {
        MemoryBytes = 32_000_000_000, MemoryBytesPerSecond = 45e9, Peaks = [new("fp32", 1.6e12, "measured"), new("int8", 5e12, "measured")],
    };

    private static readonly HardwarePlatform Server = new("server, 32 cores", HardwareKind.Cpu)
    {
        MemoryBytes = 256_000_000_000, MemoryBytesPerSecond = 210e9, Peaks = [new("fp32", 6.5e12, "measured"), new("int8", 20e12, "measured")],
    };

    private static readonly HardwarePlatform Gpu = new("server, 1 GPU", HardwareKind.Gpu)
    {
        MemoryBytes = 24_000_000_000, MemoryBytesPerSecond = 300e9, Peaks = [new("fp32", 30e12, "data sheet"), new("int8", 120e12, "data sheet")],
    };

    /// <summary>One text at a time on one machine: float32, and two precisions of fewer bits.</summary>
    public static IReadOnlyList<BenchmarkRun> Precisions { get; } =
    [
        Run("precision-fp32", Laptop, "fp32", 1, 0.0212, 0.05, tail: 0.02), Run("precision-fp16", Laptop, "fp16", 1, 0.0198, 0.06, tail: 0.03),
        Run("precision-int8", Laptop, "int8", 1, 0.0087, 0.09, tail: 0.06),
    ];

    // Seconds of the first text, and of each further one.
    private static readonly (HardwarePlatform, string, double, double)[] Machines =
        [
            (Laptop, "fp32", 0.0205, 0.0198), (Laptop, "int8", 0.0084, 0.0079), (Server, "fp32", 0.0092, 0.0046), (Server, "int8", 0.0047, 0.0019), (Gpu, "fp32", 0.0042, 0.0013),
            (Gpu, "int8", 0.0031, 0.0006),
        ];

    private static readonly int[] BatchSizes = [1, 8, 32];

    /// <summary>Batches of 1 to 32 on three machines, one of which was not measured, and one number missing.</summary>
    public static IReadOnlyList<BenchmarkRun> Batches { get; } =
    [
        .. Machines.SelectMany(machine => BatchSizes.Where(batch => (machine.Item1, machine.Item2, batch) != (Laptop, "int8", 32)).Select(batch =>
                Run($"batch-{machine.Item1.Name}-{machine.Item2}-{batch}", machine.Item1, machine.Item2, batch, machine.Item3 + machine.Item4 * (batch - 1), 0.04) with
                {
                    Provenance = machine.Item1 == Gpu ? Provenance.Simulated : Provenance.Measured, ProvenanceSource = machine.Item1 == Gpu ? "an estimate" : null,
                })),
    ];

    private static readonly double[] VersionLatencies = [0.0214, 0.0209, 0.0162, 0.0171];

    /// <summary>Four versions of a model over four months on one machine, five times each.</summary>
    public static IReadOnlyList<BenchmarkRun> Versions { get; } =
    [
        .. VersionLatencies.SelectMany((latency, version) => Enumerable.Range(0, 5).Select(i =>
            Run($"version-{version}-{i}", Laptop, "fp32", 1, latency * (1 + 0.013 * Noise(version * 5 + i)), 0.05) with
            {
                VersionTag = $"v1.{version}.0", StartedAt = new DateTimeOffset(2026, 1, 12, 9, 30, 0, TimeSpan.Zero).AddDays(version * 31 + i * 5),
            })),
    ];

    public static IReadOnlyList<BenchmarkRun> All { get; } = [.. Precisions, .. Batches, .. Versions];

    private static BenchmarkRun Run(string key, HardwarePlatform hardware, string precision, int batch, double latency, double spread, double tail = 0)
    {
        const int Count = 400;
        var seed = key.Aggregate(17u, (hash, letter) => hash * 31 + letter);
        double Uniform()
        {
            seed = seed * 1_664_525 + 1_013_904_223;
            return (seed >> 8) / (double)(1 << 24);
        }
        // Rounded to 100 ns, so that no machine's logarithm makes another picture.
        var samples = Enumerable.Range(0, Count).Select(_ => Math.Round(latency * (1 + spread * (Uniform() + Uniform() + Uniform() - 1.2)) * (Uniform() < tail ? 1.4 + Uniform() : 1), 7)).ToArray();
        double[] sorted = [.. samples.Order()];
        double At(double share) => sorted[(int)Math.Ceiling(share * Count) - 1];
        var content = new byte[Count * sizeof(double)];
        for (var i = 0; i < Count; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(content.AsSpan(i * sizeof(double)), samples[i]);
        var throughput = Math.Round(batch / samples.Average(), 3);
        return new BenchmarkRun
        {
            Key = key, Model = new BenchmarkedModel("example/encoder-base") { Task = "feature-extraction", ParameterCount = 110_000_000 }, Hardware = hardware,
            Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = precision, BatchSize = batch, InputTokens = 128, Concurrency = 1 },
            Engine = new Engine("onnxruntime") { Version = "1.30.0", ExecutionProvider = hardware.Kind == HardwareKind.Gpu ? "cuda" : "cpu" },
            Provenance = Provenance.Measured, MachineFingerprint = $"example {hardware.Name}", Suite = "gpux bench", BenchmarkVersion = "1", LaunchCount = 3, Seed = 42,
            EnvironmentJson = """{"os":"Linux 6.8","governor":"performance"}""",
            Verdict = RunVerdict.Valid, StartedAt = new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero), Duration = TimeSpan.FromSeconds(Math.Round(samples.Sum(), 3)),
            Metrics =
            [
                // Ranks of the median's interval at 95 %: 180 and 221 of 400.
                new MetricResult(Metric.Latency, Count, Math.Round(samples.Average(), 7))
                {
                    P50 = At(.5), P90 = At(.9), P95 = At(.95), P99 = Count >= 500 ? At(.99) : null, ConfidenceLow = sorted[179], ConfidenceHigh = sorted[220], ConfidenceLevel = 0.95,
                },
                new MetricResult(Metric.Throughput, Count, throughput),
                new MetricResult(Metric.PeakMemory, 3, (precision == "fp32" ? 610e6 : precision == "fp16" ? 402e6 : 288e6) + batch * 9e6),
            ],
            Samples = new RunSamples("float64", content),
        };
    }

    // -1 to 1, without pattern.
    private static double Noise(int i) => (i * 0.754877666 % 1 - 0.5) * 2;
}
