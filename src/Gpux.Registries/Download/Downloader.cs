using System.Net.Http.Headers;
using Gpux.Registries.Http;
using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>Brings one file here, whichever registry it comes from: resumes, retries, verifies.</summary>
internal sealed class Downloader(RegistryEnvironment environment, Retry retry)
{
    private const int BufferBytes = 1 << 20;

    // An attempt that brought this much was no failure: a long download may be interrupted more often than a short one.
    private const long ProgressBytes = 1 << 20;

    /// <summary>Downloads a file to its target, going on where an interrupted download of it stopped.</summary>
    /// <returns>The verified file, not yet under its final name.</returns>
    /// <exception cref="DownloadInterruptedException">It broke off too often; what came is kept.</exception>
    /// <exception cref="ContentMismatchException">Twice it came with other bytes than published.</exception>
    public async Task<DownloadedFile> DownloadAsync(DownloadTask task, CancellationToken cancellationToken)
    {
        try
        {
            return await TransferAsync(task, task.Target.PartialPath, cancellationToken);
        }
        catch (ContentMismatchException)
        {
            // Kept bytes may have been damaged, by a power failure or by a second writer where the file system ignores locks:
            // a name that nobody else uses rules both out. No later download would find it, so it goes if this one fails.
            var clean = $"{Path.ChangeExtension(task.Target.PartialPath, null)}.{Random.Shared.Next():x8}.incomplete";
            try
            {
                return await TransferAsync(task, clean, cancellationToken);
            }
            catch
            {
                Delete(clean);
                throw;
            }
        }
    }

    private async Task<DownloadedFile> TransferAsync(DownloadTask task, string path, CancellationToken cancellationToken)
    {
        var file = task.File;
        // What was written earlier can be told from another version's bytes by the digest in the end, or by the tag that was
        // noted.
        var tag = file.Digest is null ? ReadTag(path) : null;
        var expected = file.Digest;
        using var partial = new PartialFile(path, task.Target.Folder);
        if (partial.Length > (file.SizeBytes ?? long.MaxValue) || (expected is null && tag is null))
            partial.Restart();
        // Before the request, which might time out while gigabytes are read back.
        if (file is { Digest: { } published, SizeBytes: { } sizeBytes })
            Hash(task, partial, published, sizeBytes, cancellationToken);

        var failures = 0;
        // A process that died just before the end, or an empty file: nothing is missing.
        while (expected is null || partial.Length != file.SizeBytes)
        {
            var before = partial.Length;
            try
            {
                await using var content = await task.Registry.OpenAsync(
                    task.Manifest, file, new FileRange(before, null, tag), cancellationToken);
                if (content.Offset != before || (before > 0 && file.Digest is null && content.EntityTag != tag))
                    partial.Restart();
                if (content.Offset != partial.Length)
                    continue; // Later bytes of another version.
                if (content.EntityTag is not null && content.EntityTag != tag)
                {
                    tag = content.EntityTag;
                    if (file.Digest is null)
                        task.Target.Folder.Write(() => File.WriteAllText(TagPath(path), tag));
                }
                expected = file.Digest ?? content.Digest;
                await CopyAsync(task, content, partial, expected, cancellationToken);
                break;
            }
            catch (ContentMismatchException)
            {
                Delete(path);
                throw;
            }
            catch (Exception exception) when (Retry.Interruption(exception, file.Path, cancellationToken) is { } interruption)
            {
                if (partial.Length - before >= ProgressBytes)
                    failures = 0;
                if (failures == Retry.Limit && interruption.IfItLasts is RegistryUnreachableException reason)
                    throw new DownloadInterruptedException(task.Manifest.Model, file.Path, partial.Length, file.SizeBytes, reason);
                if (failures == Retry.Limit)
                    throw interruption.IfItLasts;
                await retry.WaitAsync(failures++, interruption, task.OnWait, cancellationToken);
                if (expected is null && tag is null)
                    partial.Restart();
            }
        }
        return Verified(task, path, partial, expected);
    }

    private async Task CopyAsync(
        DownloadTask task, FileContent content, PartialFile partial, Digest? expected, CancellationToken cancellationToken)
    {
        var size = task.File.SizeBytes ?? content.TotalBytes;
        if (content.TotalBytes is { } total && total != size)
            throw Mismatch(total);
        Hash(task, partial, expected, size, cancellationToken);
        task.OnBytes(partial.Length);

        using var silence = new SilenceTimer(environment, cancellationToken);
        var bufferBytes = (int)Math.Clamp((size ?? BufferBytes) - partial.Length, 1, BufferBytes);
        var (arriving, arrived) = (new byte[bufferBytes], new byte[bufferBytes]);
        // One buffer is hashed and written while the other fills.
        var reading = content.Stream.ReadAsync(arriving, silence.Restarted()).AsTask();
        for (int read; (read = await reading) > 0;)
        {
            (arriving, arrived) = (arrived, arriving);
            if (partial.Length + read > (size ?? long.MaxValue))
                throw Mismatch(partial.Length + read);
            reading = content.Stream.ReadAsync(arriving, silence.Restarted()).AsTask();
            partial.Append(arrived.AsSpan(0, read));
            task.OnBytes(partial.Length);
        }
        if (partial.Length < size)
            throw new TransferInterruptedException(
                new RegistryUnreachableException(task.File.Path, $"it ended after {partial.Length:N0} of {size:N0} bytes."));

        ContentMismatchException Mismatch(long actual) =>
            new(task.Manifest.Model, task.File.Path, $"{size:N0} bytes long", $"{actual:N0} bytes or more");
    }

    private static void Hash(
        DownloadTask task, PartialFile partial, Digest? expected, long? sizeBytes, CancellationToken cancellationToken)
    {
        if (expected is { } published)
            partial.HashWith(published.Algorithm, sizeBytes ?? 0, cancellationToken);
        if (task.Target.NeedsSha256)
            partial.HashWith(DigestAlgorithm.Sha256, sizeBytes ?? 0, cancellationToken);
    }

    private static DownloadedFile Verified(DownloadTask task, string path, PartialFile partial, Digest? expected)
    {
        if (expected is { } published && partial.Finish(published.Algorithm) is var actual && !published.Matches(actual))
        {
            Delete(path);
            throw new ContentMismatchException(task.Manifest.Model, task.File.Path, published.ToString(), actual.ToString());
        }
        var sha256 = expected is { Algorithm: DigestAlgorithm.Sha256 } known ? known.Hex
            : task.Target.NeedsSha256 ? partial.Finish(DigestAlgorithm.Sha256).Hex : null;
        partial.Complete();
        File.Delete(TagPath(path));
        return new DownloadedFile(path, partial.Length, expected, sha256);
    }

    private static string? ReadTag(string path) => File.Exists(TagPath(path))
        && EntityTagHeaderValue.TryParse(File.ReadAllText(TagPath(path)), out var tag) && !tag.IsWeak ? tag.ToString() : null;

    private static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(TagPath(path));
    }

    private static string TagPath(string path) => $"{path}.etag";
}

/// <summary>What to download, and whom to tell.</summary>
/// <param name="OnBytes">Told how many bytes of the file are here.</param>
/// <param name="OnWait">Told before each wait after a failure.</param>
internal sealed record DownloadTask(
    IModelRegistry Registry, ModelManifest Manifest, ModelFile File, DownloadTarget Target,
    Action<long> OnBytes, Action<TimeSpan> OnWait);
