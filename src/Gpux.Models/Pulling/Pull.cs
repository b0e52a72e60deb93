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
    /// <summary>What is wanted and not here.</summary>
    public required IReadOnlyList<ModelFile> Missing { get; init; }
}

/// <summary>A model that was pulled.</summary>
/// <param name="Files">Those that are here now.</param>
/// <param name="Prepared">Ready to run; null where the plan says why not.</param>
public sealed record PulledModel(PullPlan Plan, ModelFiles Files, PreparedModel? Prepared);

/// <summary>No file of the model is left to fetch.</summary>
public sealed class NothingToFetchException(string model, string problem) : GpuxException(
    ErrorCode.NothingToFetch,
    $"{model}: {problem}",
    "See the model's files with gpux info, and correct the patterns. '*' stands for any text, with or without '/'.");
