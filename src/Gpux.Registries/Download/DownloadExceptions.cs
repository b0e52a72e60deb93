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

/// <summary>A variable or option for downloads holds what it cannot.</summary>
/// <param name="name">The variable or option.</param>
/// <param name="rule">What it may hold.</param>
public sealed class InvalidSettingException(string name, string value, string rule) : GpuxException(
    ErrorCode.InvalidSetting,
    $"{name} is '{Printable.Text(value)}', which is not {rule}.",
    $"Correct {name}, or leave it out.")
{
    public string Name { get; } = name;
}

/// <summary>The user stopped a download. What came is kept.</summary>
/// <param name="keptBytes">Of all files that were asked for, complete or not.</param>
/// <param name="totalBytes">Of all of them; null where a size is unknown.</param>
public sealed class DownloadCancelledException(long keptBytes, long? totalBytes, CancellationToken token) : OperationCanceledException(
    $"{keptBytes:N0}{(totalBytes is { } total ? $" of {total:N0}" : "")} bytes are kept: the next pull goes on from there.", token)
{
    public long KeptBytes { get; } = keptBytes;
    public long? TotalBytes { get; } = totalBytes;
}
