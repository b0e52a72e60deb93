using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Archives;

namespace Gpux.Registries.Store;

/// <summary>Finds a file in the cache of another tool, as complete as that tool knows.</summary>
/// <returns>Its full path; of an archive, the folder that it is unpacked in; null if it is not there.</returns>
internal delegate string? OtherCache(ModelManifest manifest, ModelFile file);

/// <summary>Keeps files by their SHA-256 below $GPUX_HOME, each once, with a folder of links per model.</summary>
/// <param name="cache">Where another tool may have what is asked for: it is used where it lies; null for nowhere.</param>
internal sealed class BlobStore(RegistryEnvironment environment, OtherCache? cache = null) : IFileStore
{
    private readonly StoreLayout _layout = new(environment);

    public string? Find(ModelManifest manifest, ModelFile file)
    {
        if (file.IsArchive)
            return FindMembers(manifest, file) is null ? null : IndexPath(manifest, file);
        return Find(manifest, file.Path, file.SizeBytes);
    }

    public IReadOnlyDictionary<string, string>? FindMembers(ModelManifest manifest, ModelFile archive)
    {
        if (Members(manifest, archive) is not { } members)
            return null;
        var paths = new Dictionary<string, string>();
        foreach (var member in members)
        {
            if (Find(manifest, member.Path, member.SizeBytes) is not { } path)
                return null;
            paths[member.Path] = path;
        }
        return paths;
    }

    public IReadOnlyList<ArchiveMember>? Members(ModelManifest manifest, ModelFile archive) => MemberIndex.Read(IndexPath(manifest, archive));

    public void PlaceMembers(ModelManifest manifest, ModelFile archive, IReadOnlyList<ArchiveMember> members) =>
        _layout.Home.WriteFile(IndexPath(manifest, archive), MemberIndex.Write(members));

    public string PathOf(ModelManifest manifest, ModelFile file) =>
        file.IsArchive ? IndexPath(manifest, file) : LinkPath(manifest, file.Path);

    public bool IsElsewhere(string path) => !RepositoryPath.IsInside(_layout.Home.Path, path);

    public Digest? RecordedDigest(string path) => _layout.Sha256OfBlob(path) is { } hex ? new Digest(DigestAlgorithm.Sha256, hex) : null;

    public DownloadTarget Prepare(ModelManifest manifest, ModelFile file)
    {
        // Named by the content where that is known, so that two models share one download.
        var name = file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest ? digest.Hex
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
                $"{manifest.Model.Registry}\n{manifest.Model.Name}\n{manifest.Commit}\n{file.Path}")));
        var partial = Path.Combine(_layout.PartialDownloads, name);
        return new DownloadTarget(_layout.Home, partial, _layout.BlobLock(name), NeedsSha256: !file.IsArchive);
    }

    public async Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        if (!file.IsArchive && file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest)
        {
            using var claim = await ClaimAsync(cancellationToken);
            var blob = new FileInfo(_layout.Blob(digest.Hex));
            if (blob.Exists && blob.Length == (file.SizeBytes ?? blob.Length))
                return Link(manifest, file.Path, blob.FullName, isNew: false);
        }
        return cache?.Invoke(manifest, file) is { } other ? await AdoptAsync(manifest, file, other, cancellationToken) : null;
    }

    public async Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, Action<long>? unpacked, CancellationToken cancellationToken)
    {
        if (file.IsArchive)
            return await UnpackAsync(manifest, file, downloaded, unpacked, cancellationToken);
        using var claim = await ClaimAsync(cancellationToken);
        var blob = MoveToBlob(downloaded.Path, downloaded.Sha256!); // Prepare asks for it
        return Link(manifest, file.Path, blob, isNew: true);
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

    // All or nothing: no member is placed before the last one was found good, and the index comes when all are here.
    private async Task<string> UnpackAsync(
        ModelManifest manifest, ModelFile archive, DownloadedFile downloaded, Action<long>? unpacked, CancellationToken cancellationToken)
    {
        var staging = $"{downloaded.Path}.members";
        try
        {
            _layout.Home.Write(() =>
            {
                DeleteFolder(staging); // Of a process that was killed
                Directory.CreateDirectory(staging);
            });
            var unpacker = new ArchiveUnpacker(downloaded.Path, archive.Path, staging, _layout.Home, unpacked);
            var members = Own(manifest, archive, await Task.Run(() => unpacker.Unpack(cancellationToken), cancellationToken));
            unpacked?.Invoke(downloaded.SizeBytes);
            using var claim = await ClaimAsync(cancellationToken);
            var placed = new Dictionary<string, string>();
            foreach (var member in members)
            {
                var isNew = !placed.TryGetValue(member.Sha256, out var blob);
                placed[member.Sha256] = Link(manifest, member.Path, blob ?? MoveToBlob(member.File, member.Sha256), isNew);
            }
            PlaceMembers(manifest, archive, [.. members.Select(Placed)]);
            _layout.Home.Write(() => File.Delete(downloaded.Path));
        }
        catch (GpuxException exception) when (exception is InvalidArchiveException or ArchiveTooLargeException)
        {
            File.Delete(downloaded.Path);
            throw;
        }
        finally
        {
            DeleteFolder(staging);
        }
        return IndexPath(manifest, archive);
    }

    // Members without those that the registry publishes as files too.
    private List<UnpackedMember> Own(ModelManifest manifest, ModelFile archive, IReadOnlyList<UnpackedMember> members)
    {
        var others = manifest.Files.Where(file => file.IsArchive && file != archive)
            .SelectMany(other => Members(manifest, other) ?? []).DistinctBy(member => member.Path).ToDictionary(member => member.Path, member => member.Sha256.Hex);
        var taken = manifest.Files.Select(file => file.IsArchive ? file.Path + MemberIndex.Suffix : file.Path)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var own = members.Where(member => manifest.Find(member.Path) is not { IsArchive: false }).ToList();
        foreach (var member in own)
        {
            if (taken.Contains(member.Path) || others.GetValueOrDefault(member.Path, member.Sha256) != member.Sha256)
                throw new InvalidArchiveException(archive.Path, $"its member '{member.Path}' has the name of another file of the model");
        }
        return own;
    }

    private async Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, string other, CancellationToken cancellationToken)
    {
        if (file.IsArchive)
            return await AdoptFolderAsync(manifest, file, other, cancellationToken);
        if (StoreFolder.RealPath(other) is not { } path || new FileInfo(path) is var found && found.Length != (file.SizeBytes ?? found.Length))
            return null;
        try
        {
            if (file.Digest is { } expected && !expected.Matches(await DigestAsync(path, expected.Algorithm, cancellationToken)))
                return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // Not for this user: fetched then.
        }
        return Link(manifest, file.Path, path, isNew: false);
    }

    private async Task<string?> AdoptFolderAsync(ModelManifest manifest, ModelFile archive, string folder, CancellationToken cancellationToken)
    {
        var members = new List<UnpackedMember>();
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
                if (RepositoryPath.Problem(name) is not null || StoreFolder.RealPath(path) is not { } real)
                    return null;
                var digest = await DigestAsync(real, DigestAlgorithm.Sha256, cancellationToken);
                members.Add(new UnpackedMember(name, new FileInfo(real).Length, digest.Hex, real));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // Not for this user: fetched then.
        }
        // The registry states no digests of members. Once they were noted here, a folder that has changed since is of no use.
        var placed = members.ConvertAll(Placed);
        if (placed.Count == 0 || (Members(manifest, archive) is { } noted && !noted.ToHashSet().SetEquals(placed)))
            return null;
        foreach (var member in members)
            Link(manifest, member.Path, member.File, isNew: false);
        PlaceMembers(manifest, archive, placed);
        return IndexPath(manifest, archive);
    }

    private static ArchiveMember Placed(UnpackedMember member) =>
        new(member.Path, member.SizeBytes, new Digest(DigestAlgorithm.Sha256, member.Sha256));

    private static async Task<Digest> DigestAsync(string path, DigestAlgorithm algorithm, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return await Digest.ComputeAsync(algorithm, file, file.Length, cancellationToken);
    }

    private string? Find(ModelManifest manifest, string name, long? sizeBytes) =>
        StoreFolder.RealPath(LinkPath(manifest, name)) is { } path
            && (sizeBytes is not { } size || new FileInfo(path).Length == size) ? path : null;

    private string MoveToBlob(string file, string sha256)
    {
        var blob = _layout.Blob(sha256);
        _layout.Home.MakeFolder(Path.GetDirectoryName(blob)!); // Below the home
        _layout.Home.Write(() => File.Move(file, blob, overwrite: true));
        return blob;
    }

    private string Link(ModelManifest manifest, string name, string blob, bool isNew)
    {
        var link = LinkPath(manifest, name);
        _layout.Home.Link(link, blob, maySymlink: true, isNew);
        return StoreFolder.RealPath(link) ?? throw new IOException($"'{link}' vanished as it was made.");
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private string LinksFolder(ModelManifest manifest) => Path.Combine(_layout.ModelFolder(manifest), "files");

    private string LinkPath(ModelManifest manifest, string name) =>
        RepositoryPath.Join(LinksFolder(manifest), name, manifest.Model.Name);

    private string IndexPath(ModelManifest manifest, ModelFile archive) => LinkPath(manifest, archive.Path + MemberIndex.Suffix);
}
