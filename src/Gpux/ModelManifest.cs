namespace Gpux;

/// <summary>One published file of a model.</summary>
/// <param name="Path">Relative to the model's root, with '/' between folders. Checked: never absolute, never with "..".</param>
/// <param name="SizeBytes">Null where the registry does not say before the download.</param>
/// <param name="Digest">Null where the registry publishes none.</param>
public sealed record ModelFile(string Path, long? SizeBytes, Digest? Digest)
{
    /// <summary>The registry's own id of the file where that is not its digest: on the Hub, the git id of a large file's pointer.</summary>
    public string? ObjectId { get; init; }

    /// <summary>An archive whose members are the model's files: the store unpacks it.</summary>
    public bool IsArchive { get; init; }
}

/// <summary>A model pinned to one commit, with its files as published.</summary>
/// <param name="Model">As resolved: the canonical name, and the revision that was asked for.</param>
/// <param name="Commit">40 or 64 hexadecimal digits that change whenever a file changes.</param>
/// <param name="Licence">An SPDX-like id such as "apache-2.0"; null where none is stated.</param>
/// <param name="Source">Where a person can look at it: a web address or a folder.</param>
public sealed record ModelManifest(
    ModelReference Model, string Commit, IReadOnlyList<ModelFile> Files, string? Licence = null, string? Source = null)
{
    /// <summary>What else the registry says of the model, such as "pipeline_tag", "downloads" or "library_name".</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    public ModelFile? Find(string path) => Files.FirstOrDefault(file => file.Path == path);
}
