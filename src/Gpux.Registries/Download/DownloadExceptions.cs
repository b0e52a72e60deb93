namespace Gpux.Registries.Download;

/// <summary>A download broke off more often than is sensible to try again.</summary>
public sealed class DownloadInterruptedException(
    ModelReference model, string path, long keptBytes, long? sizeBytes, GpuxException reason) : GpuxException(
    ErrorCode.DownloadInterrupted,
    $"The download of {path} of {model} broke off after {keptBytes:N0}{(sizeBytes is { } size ? $" of {size:N0}" : "")} bytes: "
        + reason.Message,
    "Pull again: the download goes on where it stopped.",
    reason)
{
    public long KeptBytes { get; } = keptBytes;
}

/// <summary>A file came with other bytes than its publisher's digest or size says, and a second, clean download did
/// too.</summary>
public sealed class ContentMismatchException(ModelReference model, string path, string expected, string actual) : GpuxException(
    ErrorCode.ContentMismatch,
    $"{path} of {model} should be {expected}, but what came is {actual}.",
    "Nothing of it was kept. Pull again later; if it persists, a proxy alters downloads, or the published file is damaged.")
{
    public string Expected { get; } = expected;
    public string Actual { get; } = actual;
}
