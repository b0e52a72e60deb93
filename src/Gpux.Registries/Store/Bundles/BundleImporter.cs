using Gpux.Registries.Download;

namespace Gpux.Registries.Store.Bundles;

/// <param name="Missing">Files that the bundle lists and does not hold as a whole, because it was cut short.</param>
public sealed record ImportedModel(ModelManifest Manifest, int Files, long SizeBytes, IReadOnlyList<string> Missing);

/// <summary>Brings the models of a bundle into the store, as if they had been fetched: verified, resumed, and skipped where they are
/// here already.</summary>
public sealed class BundleImporter(RegistryEnvironment environment)
{
    /// <exception cref="ContentMismatchException">A file is not what the index says.</exception>
    /// <exception cref="DiskFullException">The models do not fit.</exception>
    public async Task<IReadOnlyList<ImportedModel>> ImportAsync(
        BundleReader bundle, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        // The store's own way of fetching, from a registry that is this file.
        var store = new ModelStore(environment, RegistryCatalog.All.Select(entry => entry with { Open = _ => bundle }));
        foreach (var model in bundle.Models)
        {
            if (!store.Knows(model.Manifest.Model.Registry))
                throw new UnknownRegistryException(model.Manifest.Model.Registry, RegistryCatalog.All.Select(entry => entry.Name));
        }
        var (imported, stored) = (new List<ImportedModel>(), store.List());
        foreach (var model in bundle.Models)
        {
            var whole = model.Files.Where(bundle.Has).ToArray();
            var published = model.Manifest.Files.ToDictionary(file => file.Path); // each once: the index has been checked
            var wanted = whole.DistinctBy(file => file.Path).Select(file => file.Archive is null ? published[file.Path]
                : new ModelFile(file.Path, file.SizeBytes, Digest(file))).ToArray();
            // A bundle may say what a model is, but not that another name means it; and it serves whatever server is near.
            var properties = model.Manifest.Properties.Where(property => property.Key is not (ModelStore.FormerName or ModelStore.Server)).ToDictionary();
            foreach (var asked in Asked(model, stored))
            {
                var resolved = new ResolvedModel(
                    asked, model.Manifest with { Model = asked, Properties = properties }, model.ListsEveryFile, FromStore: false);
                await store.FetchAsync(resolved, wanted, progress, cancellationToken);
            }
            // An archive is here when all that it held is.
            foreach (var archive in model.Files.Where(file => file.Archive is not null).GroupBy(file => file.Archive!).Where(members => members.All(bundle.Has)))
                store.PlaceMembers(model.Manifest, published[archive.Key], [.. archive.Select(file => new ArchiveMember(file.Path, file.SizeBytes, Digest(file)))]);
            imported.Add(new ImportedModel(model.Manifest, whole.Length, whole.Sum(file => file.SizeBytes),
                [.. model.Files.Where(file => !bundle.Has(file)).Select(file => file.Path)]));
        }
        return imported;
    }

    private static Digest Digest(BundledFile file) => new(DigestAlgorithm.Sha256, file.Sha256);

    // The names by which it was pulled where the bundle was made, as far as this machine has not learnt later what they mean.
    private static List<ModelReference> Asked(BundledModel model, IReadOnlyList<StoredModel> stored)
    {
        var name = model.Manifest.Model with { Revision = null, Path = null };
        var newer = stored.Where(other => other.Manifest.Model.Registry == name.Registry && other.Manifest.Model.Name == name.Name
            && other.Manifest.Commit != model.Manifest.Commit).ToArray();
        var asked = model.Revisions.Where(revision => !newer.Any(other => other.Revisions.Contains(revision.Key) && other.ResolvedAt > revision.Value))
            .Select(revision => name with { Revision = revision.Key.Length == 0 ? null : revision.Key }).ToList();
        return asked.Count > 0 ? asked : [name with { Revision = model.Manifest.Commit }];
    }
}
