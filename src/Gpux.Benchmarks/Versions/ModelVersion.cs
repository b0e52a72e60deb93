namespace Gpux.Benchmarks.Versions;

/// <summary>A version of a model: what its tag means never changes.</summary>
/// <param name="Id">What the database calls it.</param>
/// <param name="Hash">Of its content, as its source has it, such as a commit; null where nobody said.</param>
/// <param name="MetadataJson">A JSON object; null for none.</param>
/// <param name="Links">Where it comes from.</param>
/// <param name="RunCount">Results that are linked to it.</param>
/// <param name="SnapshotCount">How often its compatibility was written down.</param>
/// <param name="Aliases">Names that mean it now, such as "champion".</param>
public sealed record ModelVersion(long Id, string Model, string Tag, string? Hash, DateTimeOffset CreatedAt, string? MetadataJson,
    IReadOnlyList<VersionLink> Links, int RunCount, int SnapshotCount, IReadOnlyList<string> Aliases);

/// <summary>An alias of a model's versions began to mean another one.</summary>
/// <param name="From">The tag that it meant; null for none.</param>
/// <param name="To">Null where the alias was removed.</param>
/// <param name="Reason">As the one who moved it gave it.</param>
public sealed record AliasMove(string Alias, string? From, string? To, string? Reason, DateTimeOffset MovedAt);
