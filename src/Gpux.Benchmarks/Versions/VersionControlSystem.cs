using System.Globalization;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Registries.Store;

namespace Gpux.Benchmarks.Versions;

/// <summary>Versions of models, and their compatibility with hardware over time.</summary>
/// <remarks>A version is named by its tag, or by "@" and an alias that means it.</remarks>
/// <example>
/// <code>
/// using var store = BenchmarkStore.Open(database, lockWait: TimeSpan.FromSeconds(10), cancellationToken);
/// var versions = new VersionControlSystem(store);
/// versions.AddModelVersion("bert-base-uncased", "v1.1.0", "abcdef123456", """{"author": "ada"}""", cancellationToken: cancellationToken);
/// versions.CreateCompatibilitySnapshot("bert-base-uncased", "v1.1.0", cancellationToken: cancellationToken);
/// var comparison = versions.CompareCompatibilityVersions("bert-base-uncased", "v1.0.0", "v1.1.0", cancellationToken);
/// foreach (var change in comparison.Changes.Where(change =&gt; change.IsLarge))
///     Console.WriteLine($"{change.Hardware}: {change.Compatibility}, {(change.IsSignificant ? "more than chance" : "may be chance")}");
/// </code>
/// </example>
/// <param name="models">The models on this machine, which know the commit and the page of a version; null for none.</param>
/// <param name="forms">How references of registries besides the Hub's are written; null for none.</param>
public sealed class VersionControlSystem(BenchmarkStore store, ModelStore? models = null, IReferenceForms? forms = null, TimeProvider? clock = null)
{
    private const int LongestHash = 128;
    private const int ShortestHash = 6;

    private readonly ModelNames _names = new(forms);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>The server whose pages show MLflow's versions; null where there is none.</summary>
    public Uri? MlflowServer { get; init; }

    /// <summary>Adds a version. What is known of one never changes: the same again changes nothing, and what was not known of it, such
    /// as the hash of a version that results were linked to, is added.</summary>
    /// <param name="modelName">A name, or a reference. Of one with a revision, such as "hf:org/name@main", hash and link are what this
    /// machine's store has: the model is not fetched.</param>
    /// <param name="versionTag">1 to 200 characters, such as "v1.0.0".</param>
    /// <param name="versionHash">6 to 128 hexadecimal digits, with an algorithm and a colon before them if wanted.</param>
    /// <param name="metadataJson">A JSON object of at most 64 KiB and 32 levels.</param>
    /// <param name="links">Commits or versions of registries: see <see cref="VersionLink.Parse"/>.</param>
    /// <exception cref="VersionChangedException">The tag has another hash or other metadata already.</exception>
    /// <exception cref="InvalidVersionException">The tag, the hash or the metadata are not of their form.</exception>
    /// <exception cref="InvalidVersionLinkException">A link names something that may change its meaning.</exception>
    public ModelVersion AddModelVersion(string modelName, string versionTag, string? versionHash = null, string? metadataJson = null,
        IReadOnlyList<string>? links = null, CancellationToken cancellationToken = default)
    {
        if (versionTag.StartsWith(VersionTable.AliasMark))
            throw new InvalidVersionException($"A version's tag does not begin with '{VersionTable.AliasMark}', which marks an alias.", "Write another tag.");
        var hash = versionHash is null ? null : CheckedHash(versionHash);
        var metadata = metadataJson is null ? null : VersionMetadata.Read(metadataJson);
        List<VersionLink> all = [.. (links ?? []).Select(link => VersionLink.Parse(link, forms, MlflowServer))];
        if (StoredCommit(modelName) is { } manifest)
        {
            hash ??= manifest.Commit;
            all.Add(VersionLink.Of(manifest, MlflowServer));
        }
        using var transaction = store.Connection.BeginTransaction();
        var named = _names.Named(modelName);
        var (modelId, model) = _names.FindWhole(store.Connection, modelName, cancellationToken) ?? (store.EnsureModel(named, cancellationToken), named.Name);
        var now = _clock.GetUtcNow();
        var (id, _) = VersionTable.Ensure(store.Connection, modelId, model, versionTag, now, cancellationToken);
        Complete(id, model, versionTag, hash, metadata, now, cancellationToken);
        foreach (var link in all.DistinctBy(link => link.Reference))
        {
            store.Connection.Execute(
                """
                INSERT INTO model_version_links (version_id, reference, registry, revision, url, created_at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (version_id, reference) DO NOTHING
                """, [id, link.Reference, link.Registry, link.Revision, link.Url, now], cancellationToken);
        }
        transaction.Commit();
        return History(modelId, model, cancellationToken).First(version => version.Id == id);
    }

    /// <returns>The versions of a model, the newest first.</returns>
    /// <exception cref="ModelNotMeasuredException">The database does not know the model.</exception>
    public IReadOnlyList<ModelVersion> GetVersionHistory(string modelName, CancellationToken cancellationToken = default)
    {
        var (modelId, model) = _names.Require(store.Connection, modelName, cancellationToken);
        return History(modelId, model, cancellationToken);
    }

    /// <summary>Writes down how a version does on the hardware that it was measured on: scores, the setting to use, and the numbers of
    /// the runs that are linked to it. Neither later results nor deletions change it.</summary>
    /// <exception cref="VersionNotFoundException">The model has no such version.</exception>
    /// <exception cref="NothingMeasuredException">No valid result is linked to it.</exception>
    public CompatibilitySnapshot CreateCompatibilitySnapshot(
        string modelName, string versionTag, ScoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var transaction = store.Connection.BeginTransaction();
        var (modelId, model) = _names.Require(store.Connection, modelName, cancellationToken);
        var (versionId, tag) = VersionTable.Require(store.Connection, modelId, model, versionTag, cancellationToken);
        var runs = ObservationReader.Read(store.Connection, modelId, versionId, cancellationToken).SelectMany(found => found.Observations).Select(run => WithLaunches(run, cancellationToken)).ToList();
        if (runs.Count == 0)
        {
            throw new NothingMeasuredException($"{model} {VersionText.Shown(tag)}",
                $"gpux bench {ShellWord.Of(model)} --version {ShellWord.Of(tag)} --save, or link results to it: gpux db link-tests --model {ShellWord.Of(model)} --version {ShellWord.Of(tag)} --result-ids 1,2");
        }
        var proofs = PrecisionProofs.Read(store.Connection, cancellationToken)[modelId].ToHashSet(StringComparer.OrdinalIgnoreCase);
        var scores = ModelScores.Of(modelId, model, runs, HardwareReader.Read(store.Connection, cancellationToken), proofs, options ?? ScoreOptions.Default);
        var number = SnapshotTable.Add(store.Connection, modelId, versionId, scores, runs.ToLookup(run => run.HardwareId), _clock.GetUtcNow(), cancellationToken);
        transaction.Commit();
        return SnapshotTable.Read(store.Connection, model, tag, versionId, number, cancellationToken);
    }

    /// <summary>Compares the last snapshots of two versions: the change of each score in percent, and of each workload that was
    /// measured in the same way whether the change is more than chance explains.</summary>
    /// <exception cref="VersionNotFoundException">The model has no such version.</exception>
    /// <exception cref="SnapshotNotFoundException">A version has no snapshot.</exception>
    /// <exception cref="SameSnapshotException">Both tags mean one version.</exception>
    public VersionComparison CompareCompatibilityVersions(string modelName, string versionTag1, string versionTag2, CancellationToken cancellationToken = default)
    {
        var (modelId, model) = _names.Require(store.Connection, modelName, cancellationToken);
        var (before, after) = (LastSnapshot(modelId, model, versionTag1, cancellationToken), LastSnapshot(modelId, model, versionTag2, cancellationToken));
        // An alias and a tag may mean the same.
        return before.VersionTag != after.VersionTag ? VersionComparer.Compare(before, after) : throw new SameSnapshotException(model, VersionText.Shown(after.VersionTag), after.Number);
    }

    /// <summary>Makes an alias mean a version, or none. The history of its meanings is kept.</summary>
    /// <param name="alias">Letters, digits, '-', '_' and '.', such as "champion".</param>
    /// <param name="versionTag">Null removes the alias.</param>
    /// <param name="expected">The tag that the alias must mean now for the move to happen; null for any.</param>
    /// <exception cref="AliasMovedException">It means another version than expected.</exception>
    public AliasMove MoveAlias(string modelName, string alias, string? versionTag, string? expected = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        AliasTable.RequireForm(alias);
        if (reason is not null)
            VersionText.Require("A reason", reason, longest: 1000);
        using var transaction = store.Connection.BeginTransaction();
        var (modelId, model) = _names.Require(store.Connection, modelName, cancellationToken);
        // Two who move it at a time are told apart by this row: the later one waits, or fails.
        store.Connection.Execute("UPDATE models SET updated_at = $2 WHERE id = $1", [modelId, _clock.GetUtcNow()], cancellationToken);
        var meant = AliasTable.Meaning(store.Connection, modelId, alias, cancellationToken)?.Tag;
        if (expected is not null && expected != meant)
            throw new AliasMovedException(model, alias, meant, expected);
        var version = versionTag is null ? default((long Id, string Tag)?) : VersionTable.Require(store.Connection, modelId, model, versionTag, cancellationToken);
        var now = _clock.GetUtcNow();
        AliasTable.Move(store.Connection, modelId, alias, version?.Id, reason, now, cancellationToken);
        transaction.Commit();
        return new AliasMove(alias, meant, version?.Tag, reason, now);
    }

    /// <returns>Every move of every alias of a model, the oldest first.</returns>
    public IReadOnlyList<AliasMove> GetAliasHistory(string modelName, CancellationToken cancellationToken = default) =>
        AliasTable.History(store.Connection, _names.Require(store.Connection, modelName, cancellationToken).Id, cancellationToken);

    /// <summary>Adds to a version what was not known of it.</summary>
    private void Complete(long id, string model, string tag, string? hash, string? metadata, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string? knownHash, knownMetadata;
        using (var rows = store.Connection.Query("SELECT version_hash, CAST(metadata AS VARCHAR) FROM model_registry_versions WHERE id = $1", [id], cancellationToken))
        {
            rows.Read();
            (knownHash, knownMetadata) = (rows.IsNull(0) ? null : rows.Text(0), rows.IsNull(1) ? null : rows.Text(1));
        }
        if (hash is not null && knownHash is not null && hash != knownHash)
            throw new VersionChangedException(model, VersionText.Shown(tag), $"its hash is {knownHash}, not {hash}");
        if (metadata is not null && knownMetadata is not null && !VersionMetadata.Same(metadata, knownMetadata))
            throw new VersionChangedException(model, VersionText.Shown(tag), "its metadata are others");
        if ((hash is null || knownHash is not null) && (metadata is null || knownMetadata is not null))
            return;
        store.Connection.Execute(
            "UPDATE model_registry_versions SET version_hash = $2, metadata = CAST($3 AS JSON), updated_at = $4 WHERE id = $1",
            [id, knownHash ?? hash, knownMetadata ?? metadata, now], cancellationToken);
    }

    // One run of five launches is five independent values.
    private RunObservation WithLaunches(RunObservation run, CancellationToken cancellationToken) =>
        run.LaunchCount > 1 ? run with { LaunchLatencies = SampleSeries.LaunchMedians(store.Samples(run.RunId, cancellationToken)) } : run;

    private CompatibilitySnapshot LastSnapshot(long modelId, string model, string versionTag, CancellationToken cancellationToken)
    {
        var (versionId, tag) = VersionTable.Require(store.Connection, modelId, model, versionTag, cancellationToken);
        return SnapshotTable.Latest(store.Connection, versionId, cancellationToken) is { } number
            ? SnapshotTable.Read(store.Connection, model, tag, versionId, number, cancellationToken)
            : throw new SnapshotNotFoundException(model, VersionText.Shown(tag));
    }

    private List<ModelVersion> History(long modelId, string model, CancellationToken cancellationToken)
    {
        var links = ReadLinks(modelId, cancellationToken);
        var aliases = AliasTable.History(store.Connection, modelId, cancellationToken).GroupBy(move => move.Alias)
            .Select(moves => moves.Last()).Where(move => move.To is not null).ToLookup(move => move.To, move => move.Alias);
        using var rows = store.Connection.Query(
            """
            SELECT v.id, v.version_tag, v.version_hash, v.created_at, CAST(v.metadata AS VARCHAR),
                (SELECT count(*) FROM test_run_versions l WHERE l.version_id = v.id),
                (SELECT count(DISTINCT s.snapshot_number) FROM hardware_compatibility_snapshots s WHERE s.version_id = v.id)
            FROM model_registry_versions v WHERE v.model_id = $1
            ORDER BY v.id DESC
            """, [modelId], cancellationToken);
        List<ModelVersion> versions = [];
        while (rows.Read())
        {
            versions.Add(new ModelVersion(rows.Int64(0), model, rows.Text(1), rows.IsNull(2) ? null : rows.Text(2), rows.Time(3), rows.IsNull(4) ? null : rows.Text(4),
                [.. links[rows.Int64(0)]], (int)rows.Int64(5), (int)rows.Int64(6), [.. aliases[rows.Text(1)].Order(StringComparer.Ordinal)]));
        }
        return versions;
    }

    private ILookup<long, VersionLink> ReadLinks(long modelId, CancellationToken cancellationToken)
    {
        List<(long VersionId, VersionLink Link)> links = [];
        using var rows = store.Connection.Query(
            """
            SELECT l.version_id, l.reference, l.registry, l.revision, l.url
            FROM model_version_links l JOIN model_registry_versions v ON v.id = l.version_id
            WHERE v.model_id = $1 ORDER BY l.version_id, l.reference
            """, [modelId], cancellationToken);
        while (rows.Read())
            links.Add((rows.Int64(0), new VersionLink(rows.Text(1), rows.Text(2), rows.Text(3), rows.IsNull(4) ? null : rows.Text(4))));
        return links.ToLookup(entry => entry.VersionId, entry => entry.Link);
    }

    /// <returns>The model as this machine has it, of a reference that says which revision is meant; null for any other text.</returns>
    private ModelManifest? StoredCommit(string modelName) => models is null || _names.Reference(modelName) is not { Revision: { } revision } reference ? null
        : models.List().FirstOrDefault(model => model.Manifest.Model.Registry == reference.Registry && model.Manifest.Model.Name == reference.Name
            && (model.Manifest.Commit == revision || model.Revisions.Contains(revision)))?.Manifest;

    private static string CheckedHash(string text)
    {
        var digits = text[(text.IndexOf(':') + 1)..];
        var algorithm = text[..^digits.Length].TrimEnd(':');
        if (digits.Length is < ShortestHash or > LongestHash || !digits.All(char.IsAsciiHexDigit) || algorithm.Length > 20 || !algorithm.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            throw new InvalidVersionException($"'{VersionText.Shown(text)}' is no hash of a version.",
                string.Create(CultureInfo.InvariantCulture, $"Write {ShortestHash} to {LongestHash} hexadecimal digits, such as abcdef123456 or sha256:0123..."));
        }
        return text.ToLowerInvariant();
    }
}
