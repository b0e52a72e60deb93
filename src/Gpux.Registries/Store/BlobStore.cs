using System.Security.Cryptography;
using System.Text;

namespace Gpux.Registries.Store;

/// <summary>Keeps files by their SHA-256 below $GPUX_HOME, each once, with a folder of links per model.</summary>
internal sealed class BlobStore(RegistryEnvironment environment) : IFileStore
{
    private readonly StoreLayout _layout = new(environment);

    public string? Find(ModelManifest manifest, ModelFile file) =>
        StoreFolder.RealPath(LinkPath(manifest, file)) is { } path
            && (file.SizeBytes is not { } size || new FileInfo(path).Length == size) ? path : null;

    public string PathOf(ModelManifest manifest, ModelFile file) => LinkPath(manifest, file);

    public Digest? RecordedDigest(string path) => _layout.Sha256OfBlob(path) is { } hex ? new Digest(DigestAlgorithm.Sha256, hex) : null;

    public DownloadTarget Prepare(ModelManifest manifest, ModelFile file)
    {
        // Named by the content where that is known, so that two models share one download.
        var name = file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest ? digest.Hex
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
                $"{manifest.Model.Registry}\n{manifest.Model.Name}\n{manifest.Commit}\n{file.Path}")));
        var partial = Path.Combine(_layout.Home.Path, "blobs", "partial", name);
        return new DownloadTarget(_layout.Home, partial, _layout.BlobLock(name), NeedsSha256: true);
    }

    public async Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        if (file.Digest is not { Algorithm: DigestAlgorithm.Sha256 } digest)
            return null;
        using var claim = await ClaimAsync(cancellationToken);
        var blob = new FileInfo(_layout.Blob(digest.Hex));
        return blob.Exists && blob.Length == (file.SizeBytes ?? blob.Length)
            ? Link(manifest, file, blob.FullName, isNew: false) : null;
    }

    public async Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, CancellationToken cancellationToken)
    {
        var blob = _layout.Blob(downloaded.Sha256!); // Prepare asks for it
        _layout.Home.MakeFolder(Path.GetDirectoryName(blob)!); // Below the home
        using var claim = await ClaimAsync(cancellationToken);
        _layout.Home.Write(() => File.Move(downloaded.Path, blob, overwrite: true));
        return Link(manifest, file, blob, isNew: true);
    }

    public async Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        using var alone = await FileLock.AcquireAsync(
            _layout.Home, _layout.BlobsLock, shared: false, environment.Clock, onWait: null, cancellationToken);
        _layout.Home.Write(() =>
        {
            var all = Path.Combine(_layout.Home.Path, "blobs");
            var folder = LinksFolder(manifest);
            var blobs = StoreFolder.LinkedFiles(folder, all);
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            if (blobs.Count > 0)
                blobs.ExceptWith(StoreFolder.LinkedFiles(_layout.Models, all));
            foreach (var blob in blobs)
                File.Delete(blob);
        });
    }

    // Held while a blob has come and its link has not, lest a removal in between takes it for unused.
    private Task<FileLock> ClaimAsync(CancellationToken cancellationToken) =>
        FileLock.AcquireAsync(_layout.Home, _layout.BlobsLock, shared: true, environment.Clock, onWait: null, cancellationToken);

    private string Link(ModelManifest manifest, ModelFile file, string blob, bool isNew)
    {
        var link = LinkPath(manifest, file);
        _layout.Home.Link(link, blob, maySymlink: true, isNew);
        return StoreFolder.RealPath(link) ?? throw new IOException($"'{link}' vanished as it was made.");
    }

    private string LinksFolder(ModelManifest manifest) => Path.Combine(_layout.ModelFolder(manifest), "files");

    private string LinkPath(ModelManifest manifest, ModelFile file) =>
        RepositoryPath.Join(LinksFolder(manifest), file.Path, manifest.Model.Name);
}
