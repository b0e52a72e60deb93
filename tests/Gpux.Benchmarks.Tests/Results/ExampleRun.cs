using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Tests.Results;

/// <summary>Runs for tests: whole ones, with round numbers.</summary>
internal static class ExampleRun
{
    public static BenchmarkRun Of(string key, string model = "bert-base-uncased", string hardware = "NVIDIA L4", HardwareKind kind = HardwareKind.Gpu,
        double latencySeconds = 0.01, double throughput = 100, double? memoryBytes = 1e9, string? version = null) => new()
        {
            Key = key,
            Model = new BenchmarkedModel(model),
            VersionTag = version,
            Hardware = new HardwarePlatform(hardware, kind),
            Workload = new Workload(TaskType.Inference, "closed-loop") { Precision = "fp32", BatchSize = 1, InputTokens = 128, Concurrency = 1 },
            Engine = new Engine("onnxruntime") { ExecutionProvider = kind == HardwareKind.Cpu ? "cpu" : "cuda" },
            Provenance = Provenance.Simulated,
            ProvenanceSource = "a test",
            MachineFingerprint = $"machine with {hardware}",
            Suite = "gpux bench",
            BenchmarkVersion = "1",
            Verdict = RunVerdict.Valid,
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Duration = TimeSpan.FromSeconds(10),
            Metrics =
            [
                new MetricResult(Metric.Latency, 1000, latencySeconds) { P50 = latencySeconds },
                new MetricResult(Metric.Throughput, 1000, throughput),
                .. memoryBytes is { } bytes ? [new MetricResult(kind == HardwareKind.Cpu ? Metric.PeakMemory : Metric.PeakDeviceMemory, 1, bytes)] : (MetricResult[])[],
            ],
        };
}
