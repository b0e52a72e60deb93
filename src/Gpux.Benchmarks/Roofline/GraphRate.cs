using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Roofline;

/// <summary>How often a benchmark ran the model's graph in a second, which is what it achieved of the roofline.</summary>
internal static class GraphRate
{
    /// <summary>Requests at a rate that was chosen: the share would be what was offered, and not what was achieved.</summary>
    public static bool IsOffered(BenchmarkRun run) => Method(run).IsOffered;

    /// <summary>A request is more than one run of the graph: it has other work in it, a run for each token, or the way back.</summary>
    public static bool IsOfMore(BenchmarkRun run) => Method(run).IsEndToEnd || run.Workload.OutputTokens is not null || run.Workload.TaskType == TaskType.Training;

    /// <param name="run">A closed loop whose requests are one run of the graph each.</param>
    /// <returns>Null where it is not known.</returns>
    public static double? Of(BenchmarkRun run)
    {
        if (run[Metric.Throughput]?.Typical is > 0 and var rows && run.Workload.BatchSize is > 0 and var batch)
            return rows / batch;
        // One caller's next request begins where the one before ends.
        return run.Workload.Concurrency is null or 1 && run[Metric.Latency] is { } latency && (latency.Mean ?? latency.Typical) is > 0 and var seconds ? 1 / seconds : null;
    }

    private static MeasuringMethod Method(BenchmarkRun run) => new(run.Suite, run.BenchmarkVersion, run.Workload.Scenario, run.Workload.OfferedRate);
}
