using System.Security.Cryptography;

namespace Gpux.Registries.Store.Bundles;

/// <summary>Writes models of the store into one file, to be carried to a machine without a network.</summary>
public sealed class BundleWriter(ModelStore store)
{
    private const string Step = "Bundling";
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes a bundle. It gets its name when it is complete.</summary>
    /// <param name="models">Of each, the files that are here, and the revision that means it where the bundle is imported; null for the
    /// registry's default. A file that several have is written once.</param>
    /// <param name="version">Of the program, for people who read the index.</param>
    /// <exception cref="NotPublishedException">One is a local folder.</exception>
    /// <exception cref="StoreFileDamagedException">A file of the store is not what it was when it came.</exception>
    /// <exception cref="BundleException">The file cannot be written.</exception>
    public async Task<IReadOnlyList<BundledModel>> WriteAsync(
        string path, IReadOnlyList<(StoredModel Model, string? Revision)> models, string version, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var (bundled, paths) = (new List<BundledModel>(), new Dictionary<string, (string Path, BundledFile File, ModelManifest Of)>());
        foreach (var (model, revision) in models)
        {
            if (!StoreVerifier.IsPublished(model.Manifest))
                throw new NotPublishedException(model.Manifest.Model.ToString());
            bundled.Add(await DescribeAsync(model, revision, paths, cancellationToken));
        }
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                await WriteEntryAsync(file, BundleIndex.Name, BundleIndex.Write(bundled, version), cancellationToken);
                var (done, total) = (0L, paths.Values.Sum(each => each.File.SizeBytes));
                foreach (var (sha256, (source, entry, of)) in paths)
                {
                    await file.WriteAsync(TarHeader.Of(BundleReader.EntryName(sha256), entry.SizeBytes), cancellationToken);
                    await CopyAsync(source, entry, of, file, bytes => progress?.Report(
                        new Progress(Step, null, done += bytes, total, ProgressUnit.Bytes)), cancellationToken);
                    await FillAsync(file, cancellationToken);
                }
                await file.WriteAsync(new byte[BundleReader.EndBytes], cancellationToken);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
            return bundled;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BundleException(path, $"it cannot be written: {exception.Message}", "Name another file with -o, or free some space.", exception);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    private async Task<BundledModel> DescribeAsync(
        StoredModel model, string? revision, Dictionary<string, (string Path, BundledFile File, ModelManifest Of)> paths, CancellationToken cancellationToken)
    {
        var files = new List<BundledFile>();
        foreach (var (file, source, archive) in store.HeldFiles(model.Manifest).OrderBy(held => held.File.Path, StringComparer.Ordinal))
        {
            var sha256 = file.Digest is { Algorithm: DigestAlgorithm.Sha256 } digest ? digest.Hex : await HashAsync(source, cancellationToken);
            var entry = new BundledFile(file.Path, new FileInfo(source).Length, sha256, archive?.Path);
            files.Add(entry);
            paths.TryAdd(sha256, (source, entry, model.Manifest));
        }
        var recorded = ManifestFile.Read(model.Folder);
        var revisions = recorded?.Revisions.ToDictionary() ?? [];
        // Of a model that another tool fetched, the cache knows what the revision means, and the manifest does not.
        revisions.TryAdd(revision ?? "", model.ResolvedAt);
        return new BundledModel(model.Manifest, files)
        {
            ListsEveryFile = recorded?.ListsEveryFile ?? false,
            Revisions = revisions,
        };
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    private static async Task CopyAsync(
        string source, BundledFile entry, ModelManifest of, FileStream to, Action<int> onBytes, CancellationToken cancellationToken)
    {
        await using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Clamp(entry.SizeBytes, 1, BufferBytes)];
        for (int read; (read = await from.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            onBytes(read);
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != entry.Sha256 || from.Length != entry.SizeBytes)
            throw new StoreFileDamagedException(of, entry.Path);
    }

    private static async Task WriteEntryAsync(FileStream file, string name, byte[] content, CancellationToken cancellationToken)
    {
        await file.WriteAsync(TarHeader.Of(name, content.Length), cancellationToken);
        await file.WriteAsync(content, cancellationToken);
        await FillAsync(file, cancellationToken);
    }

    private static async Task FillAsync(FileStream file, CancellationToken cancellationToken)
    {
        if (file.Position % TarHeader.BlockBytes is > 0 and var over)
            await file.WriteAsync(new byte[TarHeader.BlockBytes - over], cancellationToken);
    }
}

/// <summary>A local folder was named where only published models are of use.</summary>
public sealed class NotPublishedException(string model) : GpuxException(ErrorCode.NotPublished,
    $"'{model}' is a folder of this machine, not a model of a registry: it has no commit that means the same elsewhere.",
    "Copy the folder itself, or put it under version control.");

/// <summary>A file of the store has changed since it came.</summary>
public sealed class StoreFileDamagedException(ModelManifest model, string path) : GpuxException(ErrorCode.StoreFileDamaged,
    $"{path} of {model.Model} is not what it was when it was fetched.", "Repair the store: gpux verify-store --repair.");
