using Gpux.Registries.Archives;

namespace Gpux.Registries.Store;

/// <summary>Where the files of fetched models lie.</summary>
internal interface IFileStore
{
    /// <summary>Finds a file that is here as a whole.</summary>
    /// <returns>Its full path, links resolved; null if it must be fetched.</returns>
    string? Find(ModelManifest manifest, ModelFile file);

    /// <summary>Where a file of the model is seen: the file itself, or a link that may lead nowhere. Nothing need be there.</summary>
    string PathOf(ModelManifest manifest, ModelFile file);

    /// <summary>What the store itself noted when it placed a file, by which the bytes can be checked; null where it noted
    /// nothing.</summary>
    /// <param name="path">As <see cref="Find"/> gives it.</param>
    Digest? RecordedDigest(string path) => null;

    /// <summary>Finds what an archive held, where the store keeps that instead of the archive: <see cref="Find"/> then gives its
    /// record of the members.</summary>
    /// <returns>Each member's name and full path; null if the archive is not here, or is kept as it is.</returns>
    IReadOnlyDictionary<string, string>? FindMembers(ModelManifest manifest, ModelFile archive) => null;

    /// <summary>What an archive held when it was unpacked, by the store's record, whether all of it is still here or not; null where
    /// there is no record.</summary>
    IReadOnlyList<ArchiveMember>? Members(ModelManifest manifest, ModelFile archive) => null;

    /// <summary>Takes files of the model that were placed by their own names as what an archive held, as if it had been unpacked.</summary>
    void PlaceMembers(ModelManifest manifest, ModelFile archive, IReadOnlyList<ArchiveMember> members) =>
        throw new InvalidOperationException("This store keeps archives as they are.");

    /// <summary>Whether a file belongs to another tool, or to the user: it is used where it lies, and never deleted.</summary>
    /// <param name="path">As <see cref="Find"/> gives it.</param>
    bool IsElsewhere(string path) => false;

    /// <summary>Says where to write a file that is being fetched. The folder need not exist.</summary>
    DownloadTarget Prepare(ModelManifest manifest, ModelFile file);

    /// <summary>Makes a file whose bytes are here already, under another model or commit, a file of this one too.</summary>
    /// <returns>Its full path; null if the bytes are not here.</returns>
    Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken);

    /// <summary>Takes over a file that was downloaded to the target and verified. An archive is unpacked.</summary>
    /// <param name="unpacked">Told, often, how many bytes of an archive are unpacked.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="InvalidArchiveException">The archive is damaged, or holds what may not be unpacked.</exception>
    /// <exception cref="ArchiveTooLargeException">The archive unpacks to more than a model's archive does.</exception>
    Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, Action<long>? unpacked, CancellationToken cancellationToken);

    /// <summary>Deletes what only this commit of this model uses.</summary>
    /// <exception cref="ModelInUseException">Another process is writing one of its files.</exception>
    Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken);

    /// <summary>Notes what a revision's name means and what the commit holds, for those who read the folder without the
    /// registry.</summary>
    void Remember(ModelManifest manifest)
    {
    }

    /// <summary>The commit that a branch or tag meant, by the folder's own record; null where it keeps none.</summary>
    string? FindCommit(ModelReference model) => null;

    /// <summary>What the folder itself knows of a commit, without the registry; null where it keeps no such record.</summary>
    (ModelManifest Manifest, bool ListsEveryFile)? FindModel(ModelReference model, string commit) => null;

    /// <summary>Whether the registry once said that this commit has no such file.</summary>
    bool IsKnownMissing(ModelManifest manifest, string path) => false;

    void RememberMissing(ModelManifest manifest, string path)
    {
    }
}

/// <summary>Where a file is written while it is fetched.</summary>
/// <param name="PartialPath">Kept when the fetch is interrupted; on the volume where the file will lie.</param>
/// <param name="LockPath">Held by the process that fetches.</param>
/// <param name="Folder">The user's folder that both are in.</param>
/// <param name="NeedsSha256">Whether the store names the file by its SHA-256, whatever the registry publishes.</param>
internal sealed record DownloadTarget(StoreFolder Folder, string PartialPath, string LockPath, bool NeedsSha256);

/// <summary>A complete file, verified as far as the registry's digest and size allow.</summary>
/// <param name="Path">Where it lies: a name that nobody else uses.</param>
/// <param name="Digest">What it was verified against; null where the registry publishes none.</param>
/// <param name="Sha256">Lower-case hexadecimal; null unless it was asked for or is the digest.</param>
internal sealed record DownloadedFile(string Path, long SizeBytes, Digest? Digest, string? Sha256);
