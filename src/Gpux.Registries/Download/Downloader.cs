using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>Brings files here, whichever registry they come from: resumes, retries, verifies.</summary>
internal sealed class Downloader(RegistryEnvironment environment, Retry retry)
{
    // Made on first use: what the variables say must not hinder a model that is here.
    private readonly Lazy<(Connections Connections, RateLimit? Limit)> _shared = new(() => (
        new Connections(DownloadSettings.Connections(environment), environment.Clock),
        DownloadSettings.Rate(environment) is { } rate ? new RateLimit(rate, environment.Clock) : null));

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
                PartialFile.Delete(clean);
                throw;
            }
        }
    }

    private async Task<DownloadedFile> TransferAsync(DownloadTask task, string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var transfer = new FileTransfer(
                task, path, environment, _shared.Value.Connections, _shared.Value.Limit, retry, cancellationToken);
            var file = await transfer.RunAsync(cancellationToken);
            string? sha256 = null;
            foreach (var actual in file.Digests)
            {
                if (file.Expected is { } published && published.Algorithm == actual.Algorithm && !published.Matches(actual))
                    throw new ContentMismatchException(task.Manifest.Model, task.File.Path, published.ToString(), actual.ToString());
                if (actual.Algorithm == DigestAlgorithm.Sha256)
                    sha256 = actual.Hex;
            }
            if (task.File.SizeBytes is null && IsPointer(path, file.SizeBytes))
            {
                PartialFile.Delete(path);
                throw new UnexpectedReplyException(task.Manifest.Model.Registry, task.File.Path,
                    "it sends a pointer of Git LFS instead of the file; the address of the file itself is another.");
            }
            transfer.Complete();
            return new DownloadedFile(path, file.SizeBytes, file.Expected, sha256);
        }
        catch (ContentMismatchException)
        {
            PartialFile.Delete(path);
            throw;
        }
    }

    // The text that stands in a Git repository for a large file (git-lfs specification, version 1).
    private static bool IsPointer(string path, long sizeBytes) =>
        sizeBytes is > 0 and < 1024 && File.ReadAllText(path).StartsWith("version https://git-lfs.github.com/spec/", StringComparison.Ordinal);
}

/// <summary>What to download, and whom to tell.</summary>
/// <param name="OnBytes">Told how many bytes of the file are here.</param>
/// <param name="OnWait">Told before each wait after a failure.</param>
internal sealed record DownloadTask(
    IModelRegistry Registry, ModelManifest Manifest, ModelFile File, DownloadTarget Target,
    Action<long> OnBytes, Action<TimeSpan> OnWait);
