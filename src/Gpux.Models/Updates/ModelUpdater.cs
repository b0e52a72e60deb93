using System.Collections.Concurrent;
using Gpux.Conversion;
using Gpux.Models.Storage;
using Gpux.Registries;
using Gpux.Registries.Store;

namespace Gpux.Models.Updates;

public enum FileChangeKind
{
    Added,
    Changed,
    Removed,
}

/// <param name="SizeBytes">Of the new file; of the old one if it was removed; null where the registry does not say.</param>
public sealed record FileChange(FileChangeKind Kind, string Path, long? SizeBytes);

/// <summary>What a branch or tag of a stored model means by now.</summary>
/// <param name="Asked">The reference that was pulled.</param>
/// <param name="Latest">Null if the registry did not say.</param>
/// <param name="FetchBytes">What an update fetches: files that are wanted and whose bytes are not here.</param>
/// <param name="Failure">Why the registry did not say.</param>
public sealed record UpdateCheck(
    ModelReference Asked, StoredModel Current, ModelManifest? Latest, IReadOnlyList<FileChange> Changes, long FetchBytes, GpuxException? Failure)
{
    public bool IsOutdated => Latest is not null && Latest.Commit != Current.Manifest.Commit;
}

/// <summary>Asks registries for newer commits, and brings them.</summary>
public sealed class ModelUpdater(ModelLibrary library, TimeProvider clock)
{
    private const int RegistriesAtOnce = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Asks for each branch and tag by which models were pulled; pinned commits and local folders do not change.</summary>
    /// <returns>In the order of the models. A registry that fails is reported in its models' checks.</returns>
    public async Task<IReadOnlyList<UpdateCheck>> CheckAsync(IReadOnlyCollection<StoredModel> models, CancellationToken cancellationToken)
    {
        var moving = Moving(models);
        var checks = new ConcurrentDictionary<int, UpdateCheck>();
        await Parallel.ForAsync(0, moving.Count, new ParallelOptions { MaxDegreeOfParallelism = RegistriesAtOnce, CancellationToken = cancellationToken },
            async (i, token) => checks[i] = await CheckAsync(moving[i].Asked, moving[i].Model, token));
        return [.. checks.OrderBy(check => check.Key).Select(check => check.Value)];
    }

    /// <summary>Fetches the latest commit, and converts it as the one that is here was converted. Files that did not change are
    /// not fetched.</summary>
    /// <param name="pruneOld">Whether the former commit goes when the new one is ready.</param>
    /// <exception cref="GpuxException">It cannot be fetched or converted; the former commit stays.</exception>
    public async Task<ModelManifest> UpdateAsync(UpdateCheck check, bool pruneOld, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var store = library.Store;
        var latest = await store.ResolveAsync(check.Asked, Lookup.Registry, progress, cancellationToken);
        var variants = StoredVariant.Of(check.Current).Where(variant => variant.Variant is not null).Select(variant => variant.Options(Lookup.PreferStore)).Distinct().ToArray();
        // Also without variants the files come before the branch means them.
        await store.FetchAsync(latest, Wanted(check.Current, latest.Manifest), progress, cancellationToken);
        foreach (var options in variants)
            await library.PrepareAsync(check.Asked, options, progress, cancellationToken);
        if (pruneOld && latest.Manifest.Commit != check.Current.Manifest.Commit)
            await store.RemoveAsync(check.Current.Manifest, cancellationToken);
        return latest.Manifest;
    }

    // Of several commits that a branch has meant, the last.
    private static List<(ModelReference Asked, StoredModel Model)> Moving(IEnumerable<StoredModel> models) =>
        [.. from model in models
            where StoreVerifier.IsPublished(model.Manifest)
            from revision in model.Revisions
            let asked = new ModelReference(model.Manifest.Model.Registry, model.Manifest.Model.Name, revision.Length == 0 ? null : revision)
            where !asked.IsPinned
            group model by asked into commits
            orderby commits.Key.ToString()
            select (commits.Key, commits.MaxBy(model => model.ResolvedAt)!)]; // a group is not empty

    private async Task<UpdateCheck> CheckAsync(ModelReference asked, StoredModel current, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var latest = (await library.Store.ResolveAsync(asked, Lookup.Registry, progress: null, either.Token)).Manifest;
            return new UpdateCheck(asked, current, latest, Changes(current.Manifest, latest), FetchBytes(current, latest), Failure: null);
        }
        catch (GpuxException failure)
        {
            return new UpdateCheck(asked, current, Latest: null, [], 0, failure);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new UpdateCheck(asked, current, Latest: null, [], 0,
                new RegistryUnreachableException(asked.Registry, $"it did not answer within {Patience.TotalSeconds:0} s."));
        }
    }

    private static List<FileChange> Changes(ModelManifest before, ModelManifest after)
    {
        var changes = new List<FileChange>();
        if (before.Commit == after.Commit)
            return changes;
        var old = before.Files.ToDictionary(file => file.Path);
        foreach (var file in after.Files)
        {
            if (!old.Remove(file.Path, out var former))
                changes.Add(new FileChange(FileChangeKind.Added, file.Path, file.SizeBytes));
            else if (former.SizeBytes != file.SizeBytes || former.Digest is null || former.Digest != file.Digest)
                changes.Add(new FileChange(FileChangeKind.Changed, file.Path, file.SizeBytes));
        }
        changes.AddRange(old.Values.Select(file => new FileChange(FileChangeKind.Removed, file.Path, file.SizeBytes)));
        changes.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return changes;
    }

    // What was fetched of the former commit, and what says how to read it.
    private ModelFile[] Wanted(StoredModel current, ModelManifest latest)
    {
        var here = library.Store.FindFiles(current.Manifest);
        return [.. latest.Files.Where(file => here.Find(file.Path) is not null || WeightFiles.IsConfiguration(file))];
    }

    private long FetchBytes(StoredModel current, ModelManifest latest)
    {
        if (current.Manifest.Commit == latest.Commit)
            return 0;
        var here = library.Store.FindFiles(current.Manifest);
        var digests = current.Manifest.Files.Where(file => here.Find(file.Path) is not null).Select(file => file.Digest).OfType<Digest>().ToHashSet();
        return Wanted(current, latest).Where(file => file.Digest is not { } digest || !digests.Contains(digest)).Sum(file => file.SizeBytes ?? 0);
    }
}
