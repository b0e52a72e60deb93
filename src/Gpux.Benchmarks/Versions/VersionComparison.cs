using System.Globalization;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Statistics;

namespace Gpux.Benchmarks.Versions;

/// <summary>How the compatibility with hardware changed between two versions of a model, by their last snapshots.</summary>
/// <param name="Changes">Hardware that both snapshots have, by name.</param>
/// <param name="OnlyBefore">Hardware that the first snapshot alone has.</param>
/// <param name="OnlyAfter">Hardware that the second snapshot alone has.</param>
/// <param name="Notes">What a reader of the scores should know, in sentences.</param>
public sealed record VersionComparison(CompatibilitySnapshot Before, CompatibilitySnapshot After, IReadOnlyList<HardwareChange> Changes,
    IReadOnlyList<string> OnlyBefore, IReadOnlyList<string> OnlyAfter, IReadOnlyList<string> Notes);

/// <summary>One machine in both snapshots.</summary>
/// <param name="Compatibility">Of scores, which compare the machine with the others of its snapshot: that it is the best of them says
/// nothing of whether it became faster. The workloads do.</param>
/// <param name="Workloads">What was measured in the same way on both sides.</param>
/// <param name="NotComparable">What differs where nothing, or not all, can be compared, such as "driver 550 -&gt; 570".</param>
public sealed record HardwareChange(string Hardware, HardwareKind Kind, Change Compatibility, Change Suitability, Change Memory,
    IReadOnlyList<WorkloadChange> Workloads, IReadOnlyList<string> NotComparable)
{
    /// <summary>The rules of the first snapshot's scores; null: unknown. Scores of unlike or unknown ones are not compared.</summary>
    public required ScoreFormula? FormulaBefore { get; init; }

    /// <summary>Those of the second snapshot's.</summary>
    public required ScoreFormula? FormulaAfter { get; init; }

    /// <summary>The seed's rule: the compatibility changed by more than 10 %. It asks neither for noise nor for the number of runs.</summary>
    public bool IsLarge => Compatibility.IsLarge;

    /// <summary>Whether a workload became better or worse by more than chance explains.</summary>
    public bool IsSignificant => Workloads.Any(workload => workload.Verdict is ChangeVerdict.Better or ChangeVerdict.Worse);
}

/// <summary>A number before and after.</summary>
/// <param name="Before">Null where it is not known.</param>
public readonly record struct Change(double? Before, double? After)
{
    private const double LargePercent = 10;

    /// <summary>Of the number before; null where either is not known, or the number before is 0.</summary>
    public double? Percent => Before is { } before && After is { } after ? before == after ? 0 : before == 0 ? null : (after - before) / before * 100 : null;

    /// <summary>Whether it grew from nothing, which is no percentage.</summary>
    public bool IsFromZero => Before == 0 && After is not (null or 0);

    public bool IsLarge => IsFromZero || Math.Abs(Percent ?? 0) > LargePercent;

    /// <summary>"+12.5 %", "from 0", or "unknown".</summary>
    public override string ToString() => IsFromZero ? "from 0"
        : Percent is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent:+0.0;-0.0;0.0} %") : "unknown";
}

/// <summary>A metric of a workload that both versions ran on the same machine with the same runtime.</summary>
public sealed record WorkloadChange
{
    /// <summary>Without the precision, which may be what a version changed.</summary>
    public required Workload Workload { get; init; }

    public required string? PrecisionBefore { get; init; }
    public required string? PrecisionAfter { get; init; }
    public required Metric Metric { get; init; }

    /// <summary>The geometric mean of the independent values, in the metric's unit.</summary>
    public required double Before { get; init; }

    public required double After { get; init; }

    /// <summary>After / before, of independent values: runs where there are three or more, else their launches, where a snapshot has their medians.</summary>
    public required LogRatio Factor { get; init; }

    /// <summary>Lower end of the ratio's 95 % interval; null where the values are too few.</summary>
    public double? Low => Factor.IsBounded ? Factor.Low : null;

    public double? High => Factor.IsBounded ? Factor.High : null;

    /// <summary>The test's p-value, adjusted for all tests of the comparison together; null where it was not.</summary>
    public double? AdjustedPValue { get; init; }

    public ChangeVerdict Verdict => Factor.Verdict(AdjustedPValue ?? Factor.PValue) switch
    {
        RatioVerdict.Greater => Metric.HigherIsBetter ? ChangeVerdict.Better : ChangeVerdict.Worse,
        RatioVerdict.Less => Metric.HigherIsBetter ? ChangeVerdict.Worse : ChangeVerdict.Better,
        RatioVerdict.Equivalent => ChangeVerdict.Equivalent,
        RatioVerdict.Inconclusive => ChangeVerdict.Inconclusive,
        _ => ChangeVerdict.TooFewValues,
    };
}

public enum ChangeVerdict
{
    Better,
    Worse,

    /// <summary>No change of more than 5 %, with 95 % confidence.</summary>
    Equivalent,

    /// <summary>There may be a change or none: more runs would tell.</summary>
    Inconclusive,

    /// <summary>Fewer than three on a side.</summary>
    TooFewValues,
}
