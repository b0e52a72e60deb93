using Gpux.Conversion.Verification;

namespace Gpux.Models.Verification;

public enum Verdict
{
    /// <summary>Everything recorded was computed, and lies within its tolerance.</summary>
    Passed,

    /// <summary>Something differs, or an error came that the original does not give.</summary>
    Failed,

    /// <summary>GPUX does not do this, and says so by name.</summary>
    Unsupported,
}

/// <summary>How one output of one run compares.</summary>
/// <param name="Run">The run's name, or what else was judged, such as "steps".</param>
public sealed record OutputResult(string Run, string Output, TensorComparison Comparison);

/// <summary>The verdict on one recording.</summary>
/// <param name="Case">Area and name, such as "models/bert".</param>
/// <param name="Reason">Why it failed or is unsupported; null if it passed.</param>
/// <param name="Outputs">Every comparison of tensors that was made.</param>
public sealed record CaseResult(string Case, Verdict Verdict, string? Reason, IReadOnlyList<OutputResult> Outputs)
{
    /// <summary>The comparison that is furthest off: one that is outside its tolerance before any that is within. Null if no tensors
    /// were compared.</summary>
    public OutputResult? Worst => Outputs.OrderBy(output => output.Comparison.Within)
        .ThenByDescending(output => double.IsNaN(output.Comparison.MaxAbs) ? double.PositiveInfinity : output.Comparison.MaxAbs).FirstOrDefault();

    internal static CaseResult Unsupported(Recording recording, string reason) => new(NameOf(recording), Verdict.Unsupported, reason, []);

    internal static CaseResult Failed(Recording recording, string reason) => new(NameOf(recording), Verdict.Failed, reason, []);

    internal static CaseResult Passed(Recording recording) => new(NameOf(recording), Verdict.Passed, null, []);

    /// <summary>Passed if every output is within its tolerance, else failed by the first that is not.</summary>
    internal static CaseResult Of(Recording recording, IReadOnlyList<OutputResult> outputs)
    {
        var bad = outputs.FirstOrDefault(output => !output.Comparison.Within);
        return new CaseResult(NameOf(recording), bad is null ? Verdict.Passed : Verdict.Failed, bad is null ? null : Describe(bad), outputs);
    }

    internal static string NameOf(Recording recording) => $"{recording.Area}/{recording.Name}";

    private static string Describe(OutputResult output) => $"{output.Run}: {output.Output} "
        + (output.Comparison.Problem ?? $"differs by {output.Comparison.MaxAbs:G3} (relative {output.Comparison.MaxRel:G3})");
}
