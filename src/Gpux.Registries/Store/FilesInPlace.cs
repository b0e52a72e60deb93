namespace Gpux.Registries.Store;

/// <summary>Files of a local model: used where they lie, never copied, moved or deleted.</summary>
internal sealed class FilesInPlace : IFileStore
{
    public static FilesInPlace Open(RegistryEnvironment _) => new();

    public string? Find(ModelManifest manifest, ModelFile file) => StoreFolder.RealPath(PathOf(manifest, file));

    public string PathOf(ModelManifest manifest, ModelFile file)
    {
        // Source is the folder, or the one file itself.
        var folder = Directory.Exists(manifest.Source) ? manifest.Source : Path.GetDirectoryName(manifest.Source)
            ?? throw new ArgumentException("A local manifest names its folder.", nameof(manifest));
        return RepositoryPath.Join(folder, file.Path, folder);
    }

    public bool IsElsewhere(string path) => true;

    // A file that vanished since the folder was read cannot be fetched from anywhere.
    public DownloadTarget Prepare(ModelManifest manifest, ModelFile file) =>
        throw new FileNotInModelException(manifest, file.Path);

    public Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    public Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, Action<long>? unpacked, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("Local files are never downloaded.");

    public Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken) => Task.CompletedTask;
}
