namespace Gpux.Registries.Store;

/// <summary>Whom to ask what a reference means.</summary>
public enum Lookup
{
    /// <summary>A full commit: this machine if it knows it. A branch or tag: the registry, once; this machine if that cannot be
    /// reached.</summary>
    Default,

    /// <summary>This machine if it knows the model, else the registry: no request for what was fetched before.</summary>
    PreferStore,

    /// <summary>The registry alone.</summary>
    Registry,
}

/// <summary>A reference pinned to a commit.</summary>
/// <param name="Asked">What the user wrote; the manifest has the registry's own spelling.</param>
/// <param name="ListsEveryFile">False if the manifest lists only what is here, because another client left no list of the rest:
/// whoever misses a file resolves again with <see cref="Lookup.Registry"/>.</param>
/// <param name="FromStore">Whether the registry was not asked, or did not answer.</param>
/// <param name="Note">What the user should know of how it was resolved, as a sentence; null for nothing.</param>
public sealed record ResolvedModel(
    ModelReference Asked, ModelManifest Manifest, bool ListsEveryFile, bool FromStore, string? Note = null);

/// <summary>A file of a model that is on this machine.</summary>
/// <param name="File">As published, or as it was found in its archive.</param>
/// <param name="Path">Where its bytes lie.</param>
/// <param name="Archive">The published archive that held it; null if it is published as it is.</param>
public sealed record HeldFile(ModelFile File, string Path, ModelFile? Archive);

/// <summary>A model of which something is kept on this machine.</summary>
/// <param name="Folder">Holds manifest.json and the runnable variants.</param>
/// <param name="Revisions">Branches, tags and commits that meant this commit when last asked; "" is the registry's
/// default.</param>
/// <param name="SizeBytes">Of the published files that are here. Models may share them.</param>
/// <param name="ResolvedAt">When the registry was last asked.</param>
public sealed record StoredModel(
    ModelManifest Manifest, string Folder, IReadOnlyCollection<string> Revisions, long SizeBytes,
    DateTimeOffset ResolvedAt, DateTimeOffset LastUsed);
