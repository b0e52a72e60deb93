namespace Gpux.Registries.Store;

/// <summary>GPUX's own store, which links to files that other programs of this machine keep instead of fetching them
/// again.</summary>
/// <remarks>A file is borrowed once its bytes have the published digest. It is never changed or deleted here; when its owner deletes
/// it, it is fetched.</remarks>
/// <param name="elsewhere">Where another program may have a file; null where it has none.</param>
internal sealed class BorrowingStore(RegistryEnvironment environment, Func<ModelManifest, ModelFile, string?> elsewhere) : IFileStore
{
    private readonly BlobStore _own = new(environment);
    private readonly StoreLayout _layout = new(environment);

    public string? Find(ModelManifest manifest, ModelFile file) => _own.Find(manifest, file);

    public string PathOf(ModelManifest manifest, ModelFile file) => _own.PathOf(manifest, file);

    public Digest? RecordedDigest(string path) => ((IFileStore)_own).RecordedDigest(path);

    public DownloadTarget Prepare(ModelManifest manifest, ModelFile file) => _own.Prepare(manifest, file);

    public async Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        if (await _own.AdoptAsync(manifest, file, cancellationToken) is { } own)
            return own;
        if (file.Digest is not { } digest || elsewhere(manifest, file) is not { } path)
            return null;
        try
        {
            await using var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            if (!digest.Matches(await Digest.ComputeAsync(digest.Algorithm, stream, stream.Length, cancellationToken)))
                return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        var link = RepositoryPath.Join(Path.Combine(_layout.ModelFolder(manifest), "files"), file.Path, manifest.Model.Name);
        _layout.Home.Link(link, path, maySymlink: true, isNew: false);
        return _own.Find(manifest, file);
    }

    public Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, CancellationToken cancellationToken) =>
        _own.PlaceAsync(manifest, file, downloaded, cancellationToken);

    public Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken) => _own.RemoveAsync(manifest, cancellationToken);
}
