namespace Gpux.Registries.Archives;

/// <summary>An archive is damaged, of a form that is not known, or holds what no model's archive needs.</summary>
public sealed class InvalidArchiveException(string archive, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidArchive,
    $"The archive {Printable.Text(archive)} cannot be unpacked: {Printable.Text(problem)}.",
    "Nothing of it was kept. Pull again; if it persists, the published archive is damaged or was not made to be unpacked safely.",
    inner);

/// <summary>An archive unpacks to more than a model's archive ever does.</summary>
public sealed class ArchiveTooLargeException(string archive, string limit) : GpuxException(
    ErrorCode.ArchiveTooLarge,
    $"The archive {Printable.Text(archive)} is refused: it unpacks to more than {limit}.",
    "Nothing of it was kept. If its publisher vouches for it, unpack it by hand and use the folder as a local model.");
