namespace Gpux.Registries.Store;

/// <summary>A lock file, held by this process and released by its end, however it ends.</summary>
/// <remarks>The runtime locks with flock, as the Hub's Python client does, so that the two exclude each other. The file stays:
/// deleting it would let two processes hold locks of the same name.</remarks>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, or gives null if another process or task holds it.</summary>
    /// <param name="shared">Whether others may hold it in the same way.</param>
    /// <exception cref="NotWritableException">The file cannot be made.</exception>
    public static FileLock? TryAcquire(StoreFolder folder, string path, bool shared = false)
    {
        folder.MakeFolder(Path.GetDirectoryName(path)!); // Below the store's folder
        try
        {
            return new FileLock(shared
                ? new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read, bufferSize: 0)
                : new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw folder.Failure(exception);
        }
    }

    /// <summary>Waits for the lock.</summary>
    /// <param name="onWait">Called once if another holds it.</param>
    /// <exception cref="NotWritableException">The file cannot be made.</exception>
    public static async Task<FileLock> AcquireAsync(
        StoreFolder folder, string path, bool shared, TimeProvider clock, Action? onWait, CancellationToken cancellationToken)
    {
        for (var first = true; ; first = false)
        {
            if (TryAcquire(folder, path, shared) is { } taken)
                return taken;
            if (first)
                onWait?.Invoke();
            await Task.Delay(Poll, clock, cancellationToken);
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK of Linux and of macOS; ERROR_SHARING_VIOLATION.
    private static bool IsHeld(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);
}

/// <summary>Another process uses what is to be removed.</summary>
public sealed class ModelInUseException(string model) : GpuxException(
    ErrorCode.ModelInUse,
    $"{model} is being fetched or converted by another process.",
    "Wait until it is done, or stop that process.");
