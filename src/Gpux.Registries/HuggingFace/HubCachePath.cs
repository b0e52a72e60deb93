namespace Gpux.Registries.HuggingFace;

/// <summary>What a path in a Hub cache says of the model that it belongs to, on whatever machine it was written.</summary>
/// <remarks>Source: layout of huggingface_hub 2.4.0. "--" cannot be part of an id, so a folder's name is unambiguous.</remarks>
/// <param name="Id">The model's id on the Hub.</param>
/// <param name="Folder">The path up to and with <c>models--org--name</c>.</param>
/// <param name="Commit">40 hexadecimal digits, where the path names a snapshot.</param>
/// <param name="File">The file's name in the repository, where the path goes so far.</param>
/// <param name="Blob">The name below blobs/, where the path leads there: the file's name is then known by links to it alone.</param>
public sealed record HubCachePath(string Id, string Folder, string? Commit, string? File, string? Blob)
{
    private const string Prefix = "models--";

    /// <summary>The snapshot, or the file in it; null where the commit is not known.</summary>
    public string? SnapshotPath => Commit is null ? null : Path.Combine(Folder, "snapshots", Commit, File ?? "");

    /// <summary>Where links of snapshots lead.</summary>
    public string BlobsFolder => Path.Combine(Folder, "blobs");

    /// <param name="text">Parts of it may be separated by '/' or '\'. It need not exist.</param>
    /// <returns>Null if no part of it is the folder of a model.</returns>
    public static HubCachePath? Parse(string text)
    {
        var parts = text.Split('/', '\\');
        // The innermost: a cache may lie in the folder of another.
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (!parts[i].StartsWith(Prefix, StringComparison.Ordinal))
                continue;
            var id = parts[i][Prefix.Length..].Replace("--", "/");
            if (ModelReference.HubIdProblem(id) is not null)
                return null;
            var folder = text[..(parts[..i].Sum(part => part.Length + 1) + parts[i].Length)];
            return parts[(i + 1)..] switch
            {
                [] or [""] => new HubCachePath(id, folder, null, null, null),
                ["snapshots", var commit, .. var file] when HubModelInfo.IsHex(commit, 40) =>
                    new HubCachePath(id, folder, commit.ToLowerInvariant(), file.All(part => part.Length == 0) ? null : string.Join('/', file), null),
                ["blobs", var blob] => new HubCachePath(id, folder, null, null, blob),
                _ => null,
            };
        }
        return null;
    }

    /// <summary>Adds what the folder on this machine tells: which commit is current, or which snapshot links to a blob.</summary>
    public HubCachePath Complete()
    {
        if (Commit is not null || !Directory.Exists(Path.Combine(Folder, "snapshots")))
            return this;
        try
        {
            return Blob is null ? this with { Commit = CurrentCommit() } : FindLink();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return this; // The id is known all the same.
        }
    }

    // What refs/main says, else the only snapshot.
    private string? CurrentCommit()
    {
        var main = new FileInfo(Path.Combine(Folder, "refs", "main"));
        if (main is { Exists: true, Length: < 1024 } && System.IO.File.ReadAllText(main.FullName).Trim() is var named && HubModelInfo.IsHex(named, 40)
            && Directory.Exists(Path.Combine(Folder, "snapshots", named)))
            return named;
        return Snapshots() is [var only] ? Path.GetFileName(only) : null;
    }

    private HubCachePath FindLink()
    {
        var blob = Path.GetFullPath(Path.Combine(BlobsFolder, Blob!)); // the caller has looked
        foreach (var snapshot in Snapshots())
        {
            foreach (var file in Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories))
            {
                if (System.IO.File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName == blob)
                    return this with { Commit = Path.GetFileName(snapshot), File = Path.GetRelativePath(snapshot, file).Replace('\\', '/') };
            }
        }
        return this;
    }

    private string[] Snapshots() =>
        [.. Directory.GetDirectories(Path.Combine(Folder, "snapshots")).Where(folder => HubModelInfo.IsHex(Path.GetFileName(folder), 40))];
}
