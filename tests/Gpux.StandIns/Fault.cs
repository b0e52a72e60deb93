namespace Gpux.StandIns;

/// <summary>How a reply differs from a good one. What is not set is as it should be.</summary>
public sealed record Fault
{
    /// <summary>This status, <see cref="Headers"/> and <see cref="Body"/> alone, instead of the answer.</summary>
    public int? Status { get; init; }
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    public string Body { get; init; } = "";

    /// <summary>The connection ends after so many bytes of the body, all of which arrive.</summary>
    public long? BreakAfter { get; init; }

    /// <summary>After so many bytes of the body nothing more comes.</summary>
    public long? StallAfter { get; init; }

    /// <summary>The range is ignored: status 200 and the whole file.</summary>
    public bool IgnoresRange { get; init; }

    /// <summary>One bit of the body is wrong.</summary>
    public bool Damages { get; init; }

    /// <summary>The body comes compressed although nobody asked for it.</summary>
    public bool Compresses { get; init; }

    /// <summary>The size that the headers claim, whatever the body is.</summary>
    public long? ClaimsSize { get; init; }

    /// <summary>The header X-Repo-Commit is left out.</summary>
    public bool HidesCommit { get; init; }
}
