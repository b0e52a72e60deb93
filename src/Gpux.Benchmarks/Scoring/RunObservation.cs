using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>What a valid run says for scores and comparisons.</summary>
public sealed record RunObservation
{
    public required long RunId { get; init; }
    public required string RunKey { get; init; }
    public required long HardwareId { get; init; }
    public required Workload Workload { get; init; }
    public required Engine Engine { get; init; }
    public required string Suite { get; init; }
    public required string BenchmarkVersion { get; init; }
    public required string MachineFingerprint { get; init; }

    /// <summary>Of the model; null where the run is linked to none, and in snapshots, which are of one version.</summary>
    public string? VersionTag { get; init; }

    /// <summary>Separate processes that measured: what is independent in the run.</summary>
    public required int LaunchCount { get; init; }

    /// <summary>The median, else the mean, of each metric that the run has, of those that scores and comparisons use.</summary>
    public required IReadOnlyDictionary<Metric, double> Values { get; init; }

    /// <summary>The median of each launch, in seconds, of the latencies whose raw samples were read; else empty.</summary>
    public IReadOnlyDictionary<Metric, IReadOnlyList<double>> LaunchLatencies { get; init; } = new Dictionary<Metric, IReadOnlyList<double>>();

    public WorkloadStratum Stratum => WorkloadStratum.Of(Workload, Suite, BenchmarkVersion);

    /// <returns>Null for a run that is not valid: only valid ones make scores.</returns>
    public static RunObservation? Of(StoredRun stored)
    {
        var run = stored.Run;
        if (run.Verdict != RunVerdict.Valid)
            return null;
        return new RunObservation
        {
            RunId = stored.Id,
            RunKey = run.Key,
            HardwareId = stored.HardwareId,
            Workload = run.Workload,
            Engine = run.Engine,
            Suite = run.Suite,
            BenchmarkVersion = run.BenchmarkVersion,
            MachineFingerprint = run.MachineFingerprint,
            VersionTag = run.VersionTag,
            LaunchCount = run.LaunchCount,
            Values = ObservationColumns.Metrics.Where(metric => run[metric]?.Typical is not null).ToDictionary(metric => metric, metric => run[metric]!.Typical!.Value), // filtered so
        };
    }
}
