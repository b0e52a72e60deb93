namespace Gpux.Registries.Download;

/// <summary>What fetching files would do, without doing it.</summary>
/// <param name="Source">Where they would come from: a web address, a folder or a registry's name.</param>
/// <param name="Folder">Where they would lie.</param>
/// <param name="FreeBytes">On the folder's disk; null where the system does not say.</param>
public sealed record DownloadPlan(IReadOnlyList<PlannedFile> Files, string Source, string Folder, long? FreeBytes)
{
    /// <summary>Bytes that are here already, those of unfinished downloads too.</summary>
    public long KeptBytes => Files.Sum(file => file.KeptBytes);

    /// <summary>Bytes to fetch, which the disk must have room for; null where a size is unknown.</summary>
    public long? BytesToFetch => Files.Any(file => file.BytesToFetch is null) ? null : Files.Sum(file => file.BytesToFetch);

    /// <summary>Whether the disk has room, as far as is known.</summary>
    public bool Fits => !(Files.Sum(file => file.BytesToFetch ?? 0) > FreeBytes);
}

/// <summary>A file of a plan.</summary>
/// <param name="Path">Where it is; null if it must be fetched.</param>
/// <param name="KeptBytes">All of it, or what an unfinished download has left.</param>
public sealed record PlannedFile(ModelFile File, string? Path, long KeptBytes)
{
    /// <summary>0 for what is here; null where the registry does not say how large the file is.</summary>
    public long? BytesToFetch => Path is not null ? 0 : File.SizeBytes is { } size ? Math.Max(0, size - KeptBytes) : null;
}
