using System.Collections.Concurrent;

namespace Gpux.Registries.Store;

/// <summary>Reads every file of the store again and compares it with the digest under which it was published or placed.</summary>
public sealed class StoreVerifier(ModelStore store)
{
    private const string Step = "Verifying";
    private const int BufferBytes = 1 << 20;

    /// <summary>What there is to verify: the models of the store, and what other tools keep in the Hub's cache.</summary>
    public IReadOnlyList<ModelManifest> Models(CancellationToken cancellationToken) =>
        [.. StoreSurvey.Of(store, cancellationToken).Models.Select(model => model.Manifest).Where(IsPublished)];

    /// <summary>Whether a model's files are the store's and not the user's own.</summary>
    public static bool IsPublished(ModelManifest manifest) => manifest.Model.Registry != ModelReference.Local;

    /// <summary>Hashes the files of models, several at once, each file of the disk once.</summary>
    /// <param name="progress">Bytes of all files, with a null item.</param>
    /// <returns>Of each file of a model that is or should be here, what it was found to be; in the order of the models and
    /// their files.</returns>
    public async Task<IReadOnlyList<VerifiedFile>> VerifyAsync(
        IReadOnlyCollection<ModelManifest> models, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var found = models.SelectMany(Expected).ToArray();
        var hashes = new Dictionary<(string Path, DigestAlgorithm Algorithm), Digest?>();
        foreach (var file in found)
        {
            if (file is { State: FileState.Whole, Path: { } path, Expected: { } digest })
                hashes[(path, digest.Algorithm)] = null;
        }
        var lengths = hashes.Keys.ToDictionary(key => key, key => new FileInfo(key.Path).Length);
        var (done, total, results) = (0L, lengths.Values.Sum(), new ConcurrentDictionary<(string, DigestAlgorithm), Digest?>());
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = Math.Clamp(System.Environment.ProcessorCount, 2, 8), CancellationToken = cancellationToken };
        // The largest first: it decides when all are done.
        await Parallel.ForEachAsync(hashes.Keys.OrderByDescending(key => lengths[key]), atOnce, (key, token) =>
        {
            results[key] = Hash(key.Path, key.Algorithm, bytes =>
                progress?.Report(new Progress(Step, null, Interlocked.Add(ref done, bytes), total, ProgressUnit.Bytes)), token);
            return ValueTask.CompletedTask;
        });
        return [.. found.Select(file => file is { State: FileState.Whole, Path: { } path, Expected: { } digest }
            ? Judged(file, results[(path, digest.Algorithm)]) : file)];
    }

    /// <summary>Fetches what is damaged or missing, and nothing else, and verifies it.</summary>
    /// <returns>The same files, as they are now; where one could not be fetched, with the reason.</returns>
    public async Task<IReadOnlyList<VerifiedFile>> RepairAsync(
        IReadOnlyCollection<VerifiedFile> files, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var repaired = new List<VerifiedFile>();
        var deleted = new HashSet<string>();
        // What an archive held comes back with it.
        foreach (var group in files.GroupBy(file => (file.Model, Published: file.Archive ?? file.File)))
        {
            var (model, published) = group.Key;
            try
            {
                foreach (var file in group)
                {
                    // Models may share the file: the first of them brings it back for all.
                    if (file is { State: FileState.Damaged, Path: { } path } && deleted.Add(path))
                        await DeleteAsync(file, path, cancellationToken);
                }
                await store.FetchAsync(
                    new ResolvedModel(model.Model, model, ListsEveryFile: false, FromStore: true), [published], progress, cancellationToken);
                var now = await VerifyAsync([model with { Files = [published] }], progress, cancellationToken);
                foreach (var file in group)
                {
                    // Of an archive whose record was damaged, all that it held.
                    var state = now.FirstOrDefault(each => each.File.Path == file.File.Path) ?? now.FirstOrDefault(each => each.IsBad) ?? now[0];
                    repaired.Add(state with { Model = model, File = file.File, WasRepaired = state.State == FileState.Whole });
                }
            }
            catch (GpuxException reason)
            {
                repaired.AddRange(group.Select(file => file with { Problem = reason.Message }));
            }
        }
        return repaired;
    }

    // A file that was never fetched is none of the store's; a link that leads nowhere is one that went missing.
    private IEnumerable<VerifiedFile> Expected(ModelManifest manifest)
    {
        var files = store.FilesOf(manifest.Model);
        foreach (var file in manifest.Files)
        {
            if (file.IsArchive && files.Members(manifest, file) is { } members)
            {
                // It was unpacked, so all that it held should be here.
                foreach (var member in members.Select(member => member.AsFile))
                    yield return Expected(files, manifest, member, file) ?? new VerifiedFile(manifest, member, Path: null, FileState.Missing, member.Digest) { Archive = file };
            }
            else if (Expected(files, manifest, file, archive: null) is { } expected)
            {
                yield return expected;
            }
        }
    }

    private static VerifiedFile? Expected(IFileStore files, ModelManifest manifest, ModelFile file, ModelFile? archive)
    {
        if (files.Find(manifest, file) is { } path)
        {
            var digest = file.Digest ?? files.RecordedDigest(path);
            return new VerifiedFile(manifest, file, path, digest is null ? FileState.Unknown : FileState.Whole, digest) { Archive = archive };
        }
        var seen = new FileInfo(files.PathOf(manifest, file));
        if (seen is { LinkTarget: null, Exists: false })
            return null;
        if (StoreFolder.RealPath(seen.FullName) is not { } found)
            return new VerifiedFile(manifest, file, Path: null, FileState.Missing, file.Digest) { Archive = archive };
        return new VerifiedFile(manifest, file, found, FileState.Damaged, file.Digest)
        {
            Archive = archive,
            Problem = file.IsArchive ? "the list of what it held cannot be read"
                : $"{new FileInfo(found).Length:N0} bytes long, where {file.SizeBytes:N0} were published",
        };
    }

    private static VerifiedFile Judged(VerifiedFile file, Digest? actual) => actual == file.Expected ? file
        : file with { State = FileState.Damaged, Problem = actual is null ? "it cannot be read" : $"its content is {actual}" };

    private static Digest? Hash(string path, DigestAlgorithm algorithm, Action<long> onBytes, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            using var hash = Digest.Begin(algorithm, file.Length);
            var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                for (int read; (read = file.Read(buffer, 0, BufferBytes)) > 0;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    hash.AppendData(buffer, 0, read);
                    onBytes(read);
                }
            }
            finally
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            }
            return new Digest(algorithm, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // A disk that fails to read is what this is for.
        }
    }

    // Whoever fetches the same file waits, and brings it whole.
    private async Task DeleteAsync(VerifiedFile file, string path, CancellationToken cancellationToken)
    {
        var files = store.FilesOf(file.Model.Model);
        var target = files.Prepare(file.Model, file.File);
        using var alone = await FileLock.AcquireAsync(
            target.Folder, target.LockPath, shared: false, store.Environment.Clock, onWait: null, cancellationToken);
        // Of what is another tool's, only the link to it.
        target.Folder.Write(() => File.Delete(files.IsElsewhere(path) ? files.PathOf(file.Model, file.File) : path));
    }
}

public enum FileState
{
    /// <summary>Its bytes are those that were published.</summary>
    Whole,

    /// <summary>Its bytes have changed, or cannot be read.</summary>
    Damaged,

    /// <summary>It was fetched once, and is gone.</summary>
    Missing,

    /// <summary>Neither the registry nor the store knows what it should hash to; its size is as published.</summary>
    Unknown,
}

/// <summary>A file of a model, compared with its digest.</summary>
/// <param name="Path">Where its bytes lie; null if it is missing.</param>
/// <param name="Expected">The published digest, else the one that the store noted; null if there is neither.</param>
public sealed record VerifiedFile(ModelManifest Model, ModelFile File, string? Path, FileState State, Digest? Expected)
{
    /// <summary>What is wrong with it, or why it could not be repaired; null if nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>The archive that held it; null if it is published as it is.</summary>
    public ModelFile? Archive { get; init; }

    /// <summary>Whether it was damaged or missing before.</summary>
    public bool WasRepaired { get; init; }

    public bool IsBad => State is FileState.Damaged or FileState.Missing;
}
