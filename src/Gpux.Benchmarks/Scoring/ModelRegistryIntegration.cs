using System.Globalization;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.Migrations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Models.Precision;
using Gpux.Models.Storage;
using Gpux.Registries.Store;

namespace Gpux.Benchmarks.Scoring;

/// <summary>Joins results with versions of models, and scores hardware by them.</summary>
/// <example>
/// <code>
/// using var store = BenchmarkStore.Open(database, lockWait: TimeSpan.FromSeconds(10), cancellationToken);
/// var integration = new ModelRegistryIntegration(store);
/// integration.LinkTestResults("bert-base-uncased", "v1.0.0", [1, 2, 3, 4], cancellationToken: cancellationToken);
/// foreach (var score in integration.CalculateSuitabilityScores(cancellationToken: cancellationToken))
///     Console.WriteLine($"{score.Model} on {score.Hardware.Name}: {score.Compatibility:0.00}");
/// </code>
/// </example>
/// <param name="forms">How references of registries besides the Hub's are written; null for none.</param>
public sealed class ModelRegistryIntegration(BenchmarkStore store, IReferenceForms? forms = null, TimeProvider? clock = null)
{
    private readonly ModelNames _names = new(forms);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>Makes the tables that are missing. <see cref="BenchmarkStore.Open"/> has done so already; this is for a connection of
    /// one's own. Doing it again changes nothing.</summary>
    /// <exception cref="DatabaseException">The database has a newer schema, or cannot be changed.</exception>
    public void CreateSchemaExtensions(CancellationToken cancellationToken = default) =>
        new Migrator(store.Connection, "the database", Migration.Known, _clock).Apply(cancellationToken);

    /// <summary>Says which version of a model results are of: all of them or none. A version that does not exist is added, without a
    /// hash; results that are linked to it already stay so.</summary>
    /// <param name="modelName">As the database has it, or a reference such as "hf:org/name".</param>
    /// <param name="resultIds">Ids of runs; one that is given twice counts once.</param>
    /// <param name="relink">Whether results of another version are moved to this one, instead of refused.</param>
    /// <exception cref="ModelNotMeasuredException">The database does not know the model.</exception>
    /// <exception cref="RunNotFoundException">There are no such results.</exception>
    /// <exception cref="RunOfOtherModelException">Some are another model's.</exception>
    /// <exception cref="RunOfOtherVersionException">Some are another version's, and <paramref name="relink"/> is false.</exception>
    /// <exception cref="InvalidVersionException">The tag is not of the form that it must have.</exception>
    public LinkedResults LinkTestResults(
        string modelName, string modelVersion, IReadOnlyList<long> resultIds, bool relink = false, CancellationToken cancellationToken = default)
    {
        if (resultIds.Count == 0)
            throw new ArgumentException("No result is named.", nameof(resultIds));
        return store.InTransaction(() => Link(modelName, modelVersion, resultIds, relink, cancellationToken), cancellationToken);
    }

    private LinkedResults Link(string modelName, string modelVersion, IReadOnlyList<long> resultIds, bool relink, CancellationToken cancellationToken)
    {
        var (modelId, model) = _names.Require(store.Connection, modelName, cancellationToken);
        var ids = resultIds.Distinct().Order().ToArray();
        var found = FindRuns(ids, cancellationToken);
        if (ids.Except(found.Keys).ToArray() is { Length: > 0 } missing)
            throw new RunNotFoundException(missing);
        if (found.Where(run => run.Value.ModelId != modelId).Select(run => (run.Key, run.Value.Model)).ToArray() is { Length: > 0 } others)
            throw new RunOfOtherModelException(model, others);
        var (versionId, isNew) = VersionTable.Ensure(store.Connection, modelId, model, modelVersion, _clock.GetUtcNow(), cancellationToken);
        var elsewhere = found.Where(run => run.Value.VersionId is { } version && version != versionId).ToArray();
        if (elsewhere.Length > 0 && !relink)
            throw new RunOfOtherVersionException(modelVersion, [.. elsewhere.Select(run => (run.Key, run.Value.VersionTag!))]); // it has an id
        var linked = found.Where(run => run.Value.VersionId is null).Select(run => run.Key).ToArray();
        foreach (var run in linked)
            store.Connection.Execute("INSERT INTO test_run_versions (test_run_id, version_id) VALUES ($1, $2)", [run, versionId], cancellationToken);
        foreach (var (run, _) in elsewhere)
            store.Connection.Execute("UPDATE test_run_versions SET version_id = $2 WHERE test_run_id = $1", [run, versionId], cancellationToken);
        return new LinkedResults(model, modelVersion, versionId, isNew, linked, [.. elsewhere.Select(run => run.Key)], ids.Length - linked.Length - elsewhere.Length);
    }

    /// <summary>Scores hardware by the valid results there are, with score version 1: see docs/guides/hardware-scores.md.</summary>
    /// <param name="modelId">Null for all models.</param>
    /// <param name="hardwareId">Which hardware's scores to return; null for all. A machine is compared with all others that the model
    /// was measured on, whichever are returned.</param>
    /// <param name="updateDatabase">Whether the scores of all the model's hardware replace those that are stored: all or none.</param>
    /// <returns>By model; of a model the best first.</returns>
    /// <exception cref="NothingMeasuredException">There is no valid result of what is asked for.</exception>
    public IReadOnlyList<HardwareScore> CalculateSuitabilityScores(long? modelId = null, long? hardwareId = null, bool updateDatabase = true,
        ScoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        // Who scores at the same time as another reads all results anew, and comes after.
        var (models, hardware, scores) = store.InTransaction(() => Score(modelId, updateDatabase, options ?? ScoreOptions.Default, cancellationToken), cancellationToken);
        HardwareScore[] asked = [.. scores.OrderBy(entry => models[entry.Key], StringComparer.Ordinal).SelectMany(entry => entry.Value)
            .Where(score => hardwareId is null || score.HardwareId == hardwareId)];
        if (asked.Length == 0)
        {
            var name = modelId is { } id ? models.GetValueOrDefault(id, id.ToString(CultureInfo.InvariantCulture)) : "any model";
            throw new NothingMeasuredException(hardwareId is { } machine && hardware.TryGetValue(machine, out var platform) ? $"{name} on {platform.Name}" : name,
                $"gpux bench {(modelId is null ? "<model>" : ShellWord.Of(name))} --save");
        }
        return asked;
    }

    private (Dictionary<long, string> Models, Dictionary<long, HardwarePlatform> Hardware, Dictionary<long, IReadOnlyList<HardwareScore>> Scores) Score(
        long? modelId, bool updateDatabase, ScoreOptions options, CancellationToken cancellationToken)
    {
        var models = ReadModels(cancellationToken);
        var hardware = HardwareReader.Read(store.Connection, cancellationToken);
        var proofs = PrecisionProofs.Read(store.Connection, cancellationToken);
        var now = _clock.GetUtcNow();
        var scores = ObservationReader.Read(store.Connection, modelId, versionId: null, cancellationToken)
            .ToDictionary(found => found.ModelId, found => ModelScores.Of(found.ModelId, models[found.ModelId], found.Observations, hardware,
                proofs[found.ModelId].ToHashSet(StringComparer.OrdinalIgnoreCase), options));
        if (updateDatabase)
        {
            ModelScores.Reset(store.Connection, modelId, now, cancellationToken);
            foreach (var (model, its) in scores)
                ModelScores.Store(store.Connection, model, its, now, cancellationToken);
        }
        return (models, hardware, scores);
    }

    /// <returns>The database's id of a model.</returns>
    /// <param name="modelName">As the database has it, or a reference such as "hf:org/name".</param>
    /// <exception cref="ModelNotMeasuredException">The database does not know it.</exception>
    public long FindModel(string modelName, CancellationToken cancellationToken = default) => _names.Require(store.Connection, modelName, cancellationToken).Id;

    /// <summary>Stores what a precision of a model costs in accuracy, in place of an earlier measurement. Only fp32 and precisions with a
    /// proof that is within its bound are recommended.</summary>
    public void StorePrecisionProof(string modelName, PrecisionProof proof, CancellationToken cancellationToken = default)
    {
        store.InTransaction(
            () =>
            {
                var modelId = store.EnsureModel(_names.Named(modelName), cancellationToken);
                PrecisionProofs.Store(store.Connection, modelId, proof, _clock.GetUtcNow(), cancellationToken);
                return modelId;
            }, cancellationToken);
    }

    /// <summary>As <see cref="StorePrecisionProof"/>, of every proof that this machine's models have, if the database knows the model.</summary>
    /// <returns>How many there were.</returns>
    public int CollectPrecisionProofs(ModelStore models, CancellationToken cancellationToken = default)
    {
        // Of several commits of a model the one that was asked for last counts.
        var proofs = models.List().OrderBy(model => model.ResolvedAt).SelectMany(model => StoredVariant.Of(model))
            .Where(variant => variant.State == VariantState.Usable)
            .Select(variant => (Name: variant.Model.Manifest.Model.ToString(), Proof: PrecisionProof.Read(variant.Folder)))
            .Where(found => found.Proof is not null && _names.FindWhole(store.Connection, found.Name, cancellationToken) is not null).ToArray();
        foreach (var (name, proof) in proofs)
            StorePrecisionProof(name, proof!, cancellationToken); // filtered so
        return proofs.Length;
    }

    private Dictionary<long, string> ReadModels(CancellationToken cancellationToken)
    {
        Dictionary<long, string> models = [];
        using var rows = store.Connection.Query("SELECT id, name FROM models", [], cancellationToken);
        while (rows.Read())
            models.Add(rows.Int64(0), rows.Text(1));
        return models;
    }

    private Dictionary<long, (long ModelId, string Model, long? VersionId, string? VersionTag)> FindRuns(long[] ids, CancellationToken cancellationToken)
    {
        Dictionary<long, (long, string, long?, string?)> runs = [];
        using var rows = store.Connection.Query(
            """
            SELECT r.id, r.model_id, m.name, l.version_id, v.version_tag
            FROM test_runs r
            JOIN models m ON m.id = r.model_id
            LEFT JOIN test_run_versions l ON l.test_run_id = r.id
            LEFT JOIN model_registry_versions v ON v.id = l.version_id
            WHERE r.id IN (SELECT unnest(CAST(string_to_array($1, ',') AS BIGINT[])))
            ORDER BY r.id
            """, [string.Join(',', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))], cancellationToken);
        while (rows.Read())
            runs.Add(rows.Int64(0), (rows.Int64(1), rows.Text(2), rows.IsNull(3) ? null : rows.Int64(3), rows.IsNull(4) ? null : rows.Text(4)));
        return runs;
    }
}

/// <summary>What linking did.</summary>
/// <param name="IsNewVersion">Whether the version was added by it.</param>
/// <param name="Linked">Results that belonged to no version before.</param>
/// <param name="Relinked">Results that belonged to another one.</param>
/// <param name="UnchangedCount">How many were linked to it already.</param>
public sealed record LinkedResults(
    string Model, string VersionTag, long VersionId, bool IsNewVersion, IReadOnlyList<long> Linked, IReadOnlyList<long> Relinked, int UnchangedCount);
