namespace Gpux.Registries.Store;

/// <summary>Tells a full disk from a folder that may not be written.</summary>
internal static class WriteFailure
{
    public static GpuxException Of(Exception exception, StoreFolder folder) => DiskFullException.Explains(exception)
        ? new DiskFullException(folder.Path, folder.Variable, neededBytes: null, freeBytes: null, exception)
        : new NotWritableException(folder.Path, folder.Variable, exception);
}

/// <summary>Something must be written to a folder where this user may not write.</summary>
/// <param name="variable">The environment variable that chooses the folder.</param>
public sealed class NotWritableException(string folder, string variable, Exception inner) : GpuxException(
    ErrorCode.NotWritable,
    $"The folder '{folder}' cannot be written: {inner.Message}",
    $"Set {variable} to a folder that you may write, or change the permissions. What is there already can be used as it is.",
    inner)
{
    public string Folder { get; } = folder;
    public string Variable { get; } = variable;
}

/// <summary>The disk has too little room for what is to be fetched.</summary>
/// <param name="neededBytes">Null if the disk filled up only during the download.</param>
public sealed class DiskFullException(
    string folder, string variable, long? neededBytes, long? freeBytes, Exception? inner = null) : GpuxException(
    ErrorCode.DiskFull,
    neededBytes is { } needed && freeBytes is { } free
        ? $"'{folder}' needs {needed:N0} more bytes, but its disk has {free:N0} free."
        : $"The disk of '{folder}' is full.",
    $"Free some space (gpux rm removes models), or set {variable} to a folder on another disk. What came so far is kept.",
    inner)
{
    // ENOSPC, EDQUOT (Linux, macOS); ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL.
    private static readonly int[] Codes = OperatingSystem.IsWindows()
        ? [unchecked((int)0x80070070), unchecked((int)0x80070027)]
        : OperatingSystem.IsMacOS() ? [28, 69] : [28, 122];

    public long? NeededBytes { get; } = neededBytes;
    public long? FreeBytes { get; } = freeBytes;

    /// <summary>Whether the system refused to write for want of room.</summary>
    public static bool Explains(Exception exception) => Codes.Contains(exception.HResult);
}
