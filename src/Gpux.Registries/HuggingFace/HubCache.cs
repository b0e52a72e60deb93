using System.Text;
using System.Text.Json;
using Gpux.Registries.Store;

namespace Gpux.Registries.HuggingFace;

/// <summary>The Hub's own cache folder, shared with the tools that people already have.</summary>
/// <remarks>Source: layout of huggingface_hub 2.4.0: blobs by ETag, snapshots of links by commit, refs, trees, .no_exist,
/// .locks.</remarks>
internal sealed class HubCache(HubSettings settings) : IFileStore
{
    private const int ListingLimitBytes = 64 << 20;
    private const int FileLimit = 100_000;

    private static readonly JsonWriterOptions TreeStyle = new() { Indented = true, IndentSize = 1, NewLine = "\n" };

    // The content that the Python client writes, so that backup tools skip the folder whoever made it.
    private static ReadOnlySpan<byte> CacheTag => """
        Signature: 8a477f597d28d172789f06886806bc55
        # This file is a cache directory tag created by huggingface_hub.
        # For information about cache directory tags, see:
        #	https://bford.info/cachedir/

        """u8;

    private readonly StoreFolder _root = new(settings.CacheFolder, HubSettings.CacheVariable);

    /// <summary>The folder that holds models--org--name.</summary>
    public StoreFolder Root => _root;

    public static HubCache Open(RegistryEnvironment environment) => new(HubSettings.Read(environment));

    public string? Find(ModelManifest manifest, ModelFile file)
    {
        // The copy that an older client fetched under a name that the model had then serves as well.
        return FindIn(manifest.Model.Name) ?? (manifest.Properties.TryGetValue(ModelStore.FormerName, out var former)
            && ModelReference.HubIdProblem(former) is null ? FindIn(former) : null);

        string? FindIn(string name)
        {
            var snapshot = SnapshotFolder(ModelFolder(name), manifest.Commit);
            return StoreFolder.RealPath(RepositoryPath.Join(snapshot, file.Path, name)) is { } path
                && (file.SizeBytes is not { } size || new FileInfo(path).Length == size) ? path : null;
        }
    }

    public string PathOf(ModelManifest manifest, ModelFile file) =>
        RepositoryPath.Join(SnapshotFolder(ModelFolder(manifest.Model.Name), manifest.Commit), file.Path, manifest.Model.Name);

    public Digest? RecordedDigest(string path) => Path.GetFileName(Path.GetDirectoryName(path)) == "blobs" ? DigestOfBlob(path) : null;

    public DownloadTarget Prepare(ModelManifest manifest, ModelFile file)
    {
        var folder = ModelFolder(manifest.Model.Name);
        var name = file.Digest?.Hex ?? Digest.Sha256(
            System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"{manifest.Commit}/{file.Path}"))).Hex;
        var partial = Path.Combine(folder, "blobs", $"{name}.incomplete");
        return new DownloadTarget(_root, partial, LockPath(folder, name), NeedsSha256: file.Digest is null);
    }

    public Task<string?> AdoptAsync(ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        var folder = ModelFolder(manifest.Model.Name);
        var blob = file.Digest is { } digest ? new FileInfo(Path.Combine(folder, "blobs", digest.Hex)) : null;
        return Task.FromResult(blob is { Exists: true } && blob.Length == (file.SizeBytes ?? blob.Length)
            ? Link(folder, manifest, file, blob.FullName, isNew: false) : null);
    }

    public Task<string> PlaceAsync(
        ModelManifest manifest, ModelFile file, DownloadedFile downloaded, Action<long>? unpacked, CancellationToken cancellationToken)
    {
        var folder = ModelFolder(manifest.Model.Name);
        var name = downloaded.Digest?.Hex ?? downloaded.Sha256!; // Prepare asks for it where there is no digest
        var blob = Path.Combine(folder, "blobs", name);
        _root.Write(() => File.Move(downloaded.Path, blob, overwrite: true));
        return Task.FromResult(Link(folder, manifest, file, blob, isNew: true));
    }

    public void Remember(ModelManifest manifest)
    {
        var folder = ModelFolder(manifest.Model.Name);
        // Other clients refuse a cache whose refs point to no snapshot, or that has no refs at all.
        _root.MakeFolder(SnapshotFolder(folder, manifest.Commit));
        _root.MakeFolder(Path.Combine(folder, "refs"));
        var tag = Path.Combine(_root.Path, "CACHEDIR.TAG");
        if (!File.Exists(tag))
            _root.WriteFile(tag, CacheTag);
        var revision = manifest.Model.Revision ?? "main";
        if (!manifest.Model.IsPinned && ReadRef(folder, revision) != manifest.Commit)
            _root.WriteFile(RefPath(folder, revision), Encoding.ASCII.GetBytes(manifest.Commit));
        var tree = TreePath(folder, manifest.Commit);
        // A tree without ids is none to other clients.
        if (!File.Exists(tree) && manifest.Files.All(file => file is { SizeBytes: not null, Digest: { } digest }
            && (digest.Algorithm == DigestAlgorithm.GitBlobSha1 || file.ObjectId is not null)))
            _root.WriteFile(tree, WriteTree(manifest));
    }

    public string? FindCommit(ModelReference model) =>
        ModelReference.HubIdProblem(model.Name) is null ? ReadRef(ModelFolder(model.Name), model.Revision ?? "main") : null;

    public (ModelManifest Manifest, bool ListsEveryFile)? FindModel(ModelReference model, string commit)
    {
        if (ModelReference.HubIdProblem(model.Name) is not null)
            return null;
        var folder = ModelFolder(model.Name);
        var manifest = new ModelManifest(model with { Path = null }, commit, [], Source: $"{settings.Endpoint}/{model.Name}");
        if (ReadTree(folder, model.Name, commit) is { } tree)
            return (manifest with { Files = tree }, true);
        return ListSnapshot(SnapshotFolder(folder, commit)) is { Count: > 0 } files
            ? (manifest with { Files = files }, false) : null;
    }

    public bool IsKnownMissing(ModelManifest manifest, string path) => File.Exists(MissingPath(manifest, path));

    public void RememberMissing(ModelManifest manifest, string path) => _root.WriteFile(MissingPath(manifest, path), []);

    public Task RemoveAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        var folder = ModelFolder(manifest.Model.Name);
        var snapshots = Path.Combine(folder, "snapshots");
        if (!Directory.Exists(snapshots))
            return Task.CompletedTask;
        _root.Write(() =>
        {
            var blobs = Path.Combine(folder, "blobs");
            var own = StoreFolder.LinkedFiles(Path.Combine(snapshots, manifest.Commit), blobs);
            foreach (var other in Directory.EnumerateDirectories(snapshots))
            {
                if (Path.GetFileName(other) != manifest.Commit)
                    own.ExceptWith(StoreFolder.LinkedFiles(other, blobs));
            }
            // Held from before the first deletion: whoever fetches one of these files keeps all of them.
            var locks = new List<FileLock>();
            try
            {
                foreach (var blob in own)
                    locks.Add(FileLock.TryAcquire(_root, LockPath(folder, Path.GetFileName(blob)))
                        ?? throw new ModelInUseException(manifest.Model.ToString()));
                foreach (var (path, commit) in Refs(folder))
                {
                    if (commit == manifest.Commit)
                        File.Delete(path);
                }
                StoreFolder.DeleteUpTo(folder, Path.Combine(snapshots, manifest.Commit));
                foreach (var blob in own)
                    File.Delete(blob);
                StoreFolder.DeleteUpTo(folder, Path.Combine(folder, ".no_exist", manifest.Commit));
                File.Delete(TreePath(folder, manifest.Commit));
                // Without snapshots, what is left are remains: unfinished downloads, and empty folders.
                if (!Directory.Exists(snapshots))
                    Directory.Delete(folder, recursive: true);
            }
            finally
            {
                foreach (var held in locks)
                    held.Dispose();
            }
        });
        return Task.CompletedTask;
    }

    private string Link(string folder, ModelManifest manifest, ModelFile file, string blob, bool isNew)
    {
        var link = RepositoryPath.Join(SnapshotFolder(folder, manifest.Commit), file.Path, manifest.Model.Name);
        _root.Link(link, blob, settings.MaySymlink, isNew);
        return StoreFolder.RealPath(link) ?? throw new IOException($"'{link}' vanished as it was made.");
    }

    /// <summary>The branches, tags and other refs of a model's folder: the file of each, and the commit that it names.</summary>
    public static IEnumerable<(string Path, string? Commit)> Refs(string folder)
    {
        var refs = Path.Combine(folder, "refs");
        if (!Directory.Exists(refs))
            yield break;
        foreach (var path in Directory.GetFiles(refs, "*", SearchOption.AllDirectories))
            yield return (path, ReadCommit(path));
    }

    private static string? ReadRef(string folder, string revision) =>
        ModelReference.RevisionProblem(revision) is null ? ReadCommit(RefPath(folder, revision)) : null;

    private static string? ReadCommit(string path)
    {
        try
        {
            var text = new FileInfo(path) is { Exists: true, Length: < 1024 } ? File.ReadAllText(path).Trim() : "";
            return HubModelInfo.IsHex(text, 40) ? text.ToLowerInvariant() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static List<ModelFile>? ReadTree(string folder, string model, string commit)
    {
        var path = TreePath(folder, commit);
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: < ListingLimitBytes })
                return null;
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.GetProperty("format_version").GetInt32() != 1)
                return null;
            var files = new List<ModelFile>();
            foreach (var entry in json.RootElement.GetProperty("files").EnumerateObject())
            {
                RepositoryPath.Check(model, entry.Name);
                var id = entry.Value.GetProperty("blob_id").GetString()?.ToLowerInvariant();
                var sha256 = entry.Value.TryGetProperty("lfs_sha256", out var lfs) ? lfs.GetString()?.ToLowerInvariant() : null;
                var size = entry.Value.GetProperty(sha256 is null ? "size" : "lfs_size").GetInt64();
                if (id is null || !HubModelInfo.IsHex(id, 40) || (sha256 is not null && !HubModelInfo.IsHex(sha256, 64)) || size < 0)
                    return null;
                files.Add(sha256 is null
                    ? new ModelFile(entry.Name, size, new Digest(DigestAlgorithm.GitBlobSha1, id))
                    : new ModelFile(entry.Name, size, new Digest(DigestAlgorithm.Sha256, sha256)) { ObjectId = id });
            }
            return files;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or IOException or UnauthorizedAccessException)
        {
            return null; // Damaged, or of a later form: as if it were not there.
        }
    }

    private static byte[] WriteTree(ModelManifest manifest)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, TreeStyle))
        {
            json.WriteStartObject();
            json.WriteNumber("format_version", 1);
            json.WriteStartObject("files");
            foreach (var file in manifest.Files.OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                var (size, digest) = (file.SizeBytes!.Value, file.Digest!.Value); // Remember writes no tree without them
                json.WriteStartObject(file.Path);
                json.WriteNumber("size", size);
                if (digest.Algorithm == DigestAlgorithm.Sha256)
                {
                    json.WriteString("blob_id", file.ObjectId);
                    json.WriteString("lfs_sha256", digest.Hex);
                    json.WriteNumber("lfs_size", size);
                }
                else
                {
                    json.WriteString("blob_id", digest.Hex);
                }
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <returns>What the snapshot holds, which may be a part of the repository; null if there is none.</returns>
    private static List<ModelFile>? ListSnapshot(string snapshot)
    {
        if (!Directory.Exists(snapshot))
            return null;
        var files = new List<ModelFile>();
        foreach (var path in Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories).Take(FileLimit))
        {
            var name = Path.GetRelativePath(snapshot, path).Replace(Path.DirectorySeparatorChar, '/');
            if (RepositoryPath.Problem(name) is not null || StoreFolder.RealPath(path) is not { } real)
                continue;
            // A file without a blob says nothing of itself.
            files.Add(new ModelFile(name, new FileInfo(real).Length, real == Path.GetFullPath(path) ? null : DigestOfBlob(real)));
        }
        files.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return files;
    }

    // A blob's name is the file's digest.
    private static Digest? DigestOfBlob(string path)
    {
        var etag = Path.GetFileName(path).ToLowerInvariant();
        return HubModelInfo.IsHex(etag, 64) ? new Digest(DigestAlgorithm.Sha256, etag)
            : HubModelInfo.IsHex(etag, 40) ? new Digest(DigestAlgorithm.GitBlobSha1, etag) : null;
    }

    private string ModelFolder(string id) => Path.Combine(_root.Path, "models--" + id.Replace("/", "--"));

    private static string SnapshotFolder(string folder, string commit) => Path.Combine(folder, "snapshots", commit);

    private static string RefPath(string folder, string revision) =>
        RepositoryPath.Join(Path.Combine(folder, "refs"), revision, revision);

    private static string TreePath(string folder, string commit) => Path.Combine(folder, "trees", $"{commit}.json");

    private string MissingPath(ModelManifest manifest, string path) =>
        RepositoryPath.Join(
            Path.Combine(ModelFolder(manifest.Model.Name), ".no_exist", manifest.Commit), path, manifest.Model.Name);

    /// <summary>The lock that whoever fetches a blob of a model's folder holds.</summary>
    public string LockPath(string folder, string name) =>
        Path.Combine(_root.Path, ".locks", Path.GetFileName(folder), $"{name}.lock");
}
