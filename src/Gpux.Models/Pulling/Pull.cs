using Gpux.Models.Verification;
using Gpux.Registries.Download;
using Gpux.Registries.Store;

namespace Gpux.Models.Pulling;

/// <summary>Which files a pull brings.</summary>
/// <param name="All">Every published file.</param>
/// <param name="Include">Patterns of names; only these files.</param>
/// <param name="Exclude">Patterns of names; not these files.</param>
public sealed record PullOptions(bool All, IReadOnlyList<string> Include, IReadOnlyList<string> Exclude)
{
    public static PullOptions Default { get; } = new(All: false, [], []);

    /// <summary>Whether the user chose, rather than the conversion.</summary>
    public bool IsChosen => All || Include.Count > 0 || Exclude.Count > 0;
}

/// <summary>What a pull would do, or has done.</summary>
/// <param name="Selection">What is fetched, and what is left and why.</param>
/// <param name="Refusal">Why the model cannot be run from what is fetched; null if it can.</param>
public sealed record PullPlan(ResolvedModel Resolved, FileSelection Selection, GpuxException? Refusal)
{
    /// <summary>What of the selection is here, and what must be fetched.</summary>
    public required DownloadPlan Download { get; init; }
}

/// <summary>A model that was pulled.</summary>
/// <param name="Files">Those that are here now.</param>
/// <param name="Prepared">Ready to run; null where <paramref name="Refusal"/> says why not.</param>
public sealed record PulledModel(PullPlan Plan, ModelFiles Files, PreparedModel? Prepared, GpuxException? Refusal)
{
    /// <summary>How the model did on the test data that its publisher ships; null where there are none.</summary>
    public TestDataReport? TestData { get; init; }
}

/// <summary>No file of the model is left to fetch.</summary>
public sealed class NothingToFetchException(string model, string problem) : GpuxException(
    ErrorCode.NothingToFetch,
    $"{model}: {problem}",
    "See the model's files with gpux info, and correct the patterns. '*' stands for any text, with or without '/'.");
