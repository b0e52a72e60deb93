using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.Local;

/// <summary>A path that lies in a Hub cache, as another client or a user names it.</summary>
/// <param name="Id">The model's id on the Hub.</param>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Path">The snapshot, or a file in it.</param>
/// <param name="BlobsFolder">Where links of the snapshot may lead.</param>
internal sealed record HubCachePath(string Id, string Commit, string Path, string BlobsFolder)
{
    private const string Prefix = "models--";

    /// <param name="path">A full path that exists.</param>
    /// <returns>Null if it is not in the cache of a model.</returns>
    /// <exception cref="LocalModelUnreadableException">It is the folder of a model whose snapshot cannot be told.</exception>
    public static HubCachePath? Find(string path)
    {
        for (var folder = path; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            var name = System.IO.Path.GetFileName(folder);
            if (!name.StartsWith(Prefix, StringComparison.Ordinal)
                || !Directory.Exists(System.IO.Path.Combine(folder, "snapshots")))
                continue;
            // "--" cannot be part of an id, so this is unambiguous.
            var id = name[Prefix.Length..].Replace("--", "/");
            if (ModelReference.HubIdProblem(id) is not null)
                return null;
            var blobs = System.IO.Path.Combine(folder, "blobs");
            var rest = System.IO.Path.GetRelativePath(folder, path).Split(System.IO.Path.DirectorySeparatorChar);
            return rest switch
            {
                ["."] when CurrentCommit(folder) is var commit =>
                    new HubCachePath(id, commit, System.IO.Path.Combine(folder, "snapshots", commit), blobs),
                ["snapshots", var commit, ..] when HubModelInfo.IsHex(commit, 40) => new HubCachePath(id, commit, path, blobs),
                ["blobs", _] => FindLinkTo(folder, id, path),
                _ => null,
            };
        }
        return null;
    }

    // What refs/main says, else the only snapshot.
    private static string CurrentCommit(string folder)
    {
        var main = new FileInfo(System.IO.Path.Combine(folder, "refs", "main"));
        if (main is { Exists: true, Length: < 1024 } && File.ReadAllText(main.FullName).Trim() is var named
            && HubModelInfo.IsHex(named, 40)
            && Directory.Exists(System.IO.Path.Combine(folder, "snapshots", named)))
            return named;
        var snapshots = Directory.GetDirectories(System.IO.Path.Combine(folder, "snapshots"));
        return snapshots is [var only] ? System.IO.Path.GetFileName(only) : throw new LocalModelUnreadableException(folder,
            $"refs/main names no snapshot, and there are {snapshots.Length}", "Name one of the folders in snapshots/.");
    }

    // A blob's name in the repository is known only by the links to it.
    private static HubCachePath? FindLinkTo(string folder, string id, string blob)
    {
        foreach (var snapshot in Directory.EnumerateDirectories(System.IO.Path.Combine(folder, "snapshots")))
        {
            foreach (var file in Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories))
            {
                if (File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName != blob)
                    continue;
                var commit = System.IO.Path.GetFileName(snapshot);
                return new HubCachePath(id, commit, file, System.IO.Path.Combine(folder, "blobs"));
            }
        }
        return null;
    }
}
