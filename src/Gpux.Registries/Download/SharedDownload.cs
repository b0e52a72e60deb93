using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>Waits while another process brings a file, and shows how far that one is.</summary>
internal static class SharedDownload
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <returns>The file's lock: the other process has brought the file, given up or died.</returns>
    public static async Task<FileLock> WaitAsync(
        DownloadTarget target, ModelFile file, TransferProgress progress, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (var first = true; ; first = false)
        {
            if (FileLock.TryAcquire(target.Folder, target.LockPath) is { } taken)
                return taken;
            if (first)
                progress.Waiting("Waiting for another process", file);
            progress.Bytes(file, PartialFile.KeptBytes(target.PartialPath));
            await Task.Delay(Poll, clock, cancellationToken);
        }
    }
}
