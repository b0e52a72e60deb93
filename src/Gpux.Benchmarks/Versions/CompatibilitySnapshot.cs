using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Versions;

/// <summary>What was known at a moment of a version's compatibility with hardware. It never changes, whatever is measured or deleted later.</summary>
/// <param name="Number">From 1 for each version.</param>
/// <param name="Entries">By hardware: the best first.</param>
public sealed record CompatibilitySnapshot(string Model, string VersionTag, int Number, DateTimeOffset CreatedAt, IReadOnlyList<SnapshotEntry> Entries);

/// <summary>One machine of a snapshot.</summary>
public sealed record SnapshotEntry
{
    public required string Hardware { get; init; }
    public required HardwareKind Kind { get; init; }

    /// <summary>Above 0, at most 1; null where it could not be compared.</summary>
    public required double? CompatibilityScore { get; init; }

    public required double? SuitabilityScore { get; init; }
    public required int? RecommendedBatchSize { get; init; }
    public required string? RecommendedPrecision { get; init; }

    /// <summary>In bytes.</summary>
    public required double? MemoryRequirement { get; init; }

    public required int ScoreVersion { get; init; }
    public required ScoreForm Form { get; init; }

    /// <summary>The rules that made the scores; null: unknown, of a snapshot of GPUX before formulas had revisions.</summary>
    public required ScoreFormula? Formula { get; init; }

    /// <summary>In words: "geometric 2", or "unknown formula".</summary>
    public string FormulaText => Formula?.ToString() ?? $"unknown formula ({Names.Of(Form)})";

    public required bool IsPartial { get; init; }
    public required int LaunchCount { get; init; }
    public required double Confidence { get; init; }

    /// <summary>SHA-256 of what was known of the hardware.</summary>
    public required string HardwareSha256 { get; init; }

    /// <summary>The valid runs of the version on this machine, with their numbers.</summary>
    public required IReadOnlyList<RunObservation> Runs { get; init; }
}
