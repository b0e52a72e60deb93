using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Scoring;

/// <summary>Observations for tests: one run each.</summary>
internal static class ExampleObservation
{
    private static long _runs;

    /// <param name="hardware">Its id.</param>
    public static RunObservation Of(long hardware, double throughput, double latency, double? memory = null, HardwareKind kind = HardwareKind.Gpu,
        int launches = 1, int batch = 1, string precision = "fp32")
    {
        var run = ExampleRun.Of("a", kind: kind, latencySeconds: latency, throughput: throughput, memoryBytes: memory);
        var id = Interlocked.Increment(ref _runs);
        run = run with { Key = $"run {id}", LaunchCount = launches, Workload = run.Workload with { BatchSize = batch, Precision = precision } };
        return RunObservation.Of(new StoredRun(id, 1, hardware, run))!; // it is valid
    }
}
