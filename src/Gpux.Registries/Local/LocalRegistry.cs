using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Store;

namespace Gpux.Registries.Local;

/// <summary>Reads a model that lies in a folder, or in one file, of this machine.</summary>
/// <remarks>
/// The commit changes when a file's name, size or time of change does, or the content of a file up to 1 MiB: weights are not
/// read. Folders whose name begins with '.' and links to folders are left out. A link to a file may lead to another file of the
/// folder, or from a Hub snapshot to its blobs; any other is refused, as an unpacked archive could name any file of this machine
/// by one.
/// </remarks>
public sealed class LocalRegistry : IModelRegistry
{
    /// <summary>Properties of a model that lies in a Hub cache: its id and commit there.</summary>
    public const string HubId = "hf_hub_id", HubRevision = "hf_hub_revision";

    private const int FileLimit = 20_000;
    private const int DepthLimit = 16;
    private const long ContentLimitBytes = 1 << 20;

    public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Name));
        try
        {
            var hub = FindInHubCache(path);
            var here = hub?.SnapshotPath ?? path;
            var files = Directory.Exists(here) ? ListFolder(here, hub?.BlobsFolder, cancellationToken) : ListFile(here, hub?.BlobsFolder);
            if (files.Count == 0)
                throw new LocalModelUnreadableException(
                    path, "there is no file in it", "Name the folder that holds the model's files.");
            return Task.FromResult(new ModelManifest(model with { Name = path, Path = null }, Commit(files),
                [.. files.Select(file => new ModelFile(file.Name, file.File.Length, null))], Source: here)
            {
                Properties = hub is null ? new Dictionary<string, string>()
                    : new Dictionary<string, string> { [HubId] = hub.Id, [HubRevision] = hub.Commit! } // found with it,
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalModelUnreadableException(path, exception.Message, "Check that you may read it.", exception);
        }
    }

    public Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var path = new FilesInPlace().Find(manifest, file) ?? throw new FileNotInModelException(manifest, file.Path);
        var stream = File.OpenRead(path);
        stream.Position = range.Offset;
        return Task.FromResult(new FileContent(stream, range.Offset, stream.Length));
    }

    private static HubCachePath? FindInHubCache(string path)
    {
        if (HubCachePath.Parse(path) is not { } cached || !Directory.Exists(Path.Combine(cached.Folder, "snapshots")))
            return null;
        cached = cached.Complete();
        return cached.Commit is not null ? cached
            : cached.Blob is not null ? null // No snapshot links to it: a file like any other.
            : throw new LocalModelUnreadableException(
                cached.Folder, "refs/main names no snapshot, and there is not one alone", "Name one of the folders in snapshots/.");
    }

    private static List<(string Name, FileInfo File)> ListFolder(string root, string? blobs, CancellationToken cancellationToken)
    {
        var files = new List<(string, FileInfo)>();
        var folders = new Stack<(DirectoryInfo Folder, int Depth)>([(new DirectoryInfo(root), 0)]);
        while (folders.TryPop(out var next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var entry in next.Folder.EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo folder)
                {
                    if (folder.LinkTarget is null && folder.Name[0] != '.' && next.Depth < DepthLimit)
                        folders.Push((folder, next.Depth + 1));
                    continue;
                }
                if (files.Count == FileLimit)
                    throw new LocalModelUnreadableException(
                        root, $"it holds more than {FileLimit:N0} files", "Name the folder that holds the model alone.");
                var name = Path.GetRelativePath(root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');
                if (Checked(root, blobs, name, (FileInfo)entry) is { } file)
                    files.Add((name, file));
            }
        }
        files.Sort((left, right) => string.CompareOrdinal(left.Item1, right.Item1));
        return files;
    }

    // With an ONNX file come those beside it that hold its weights by the exporters' naming.
    private static List<(string Name, FileInfo File)> ListFile(string path, string? blobs)
    {
        var (root, name) = (Path.GetDirectoryName(path)!, Path.GetFileName(path)); // A file's path has a folder
        var files = new List<(string, FileInfo)>();
        foreach (var entry in new DirectoryInfo(root).EnumerateFiles($"{name}*"))
        {
            var rest = entry.Name.AsSpan(name.Length);
            if ((rest.IsEmpty || rest.StartsWith(".data") || rest.StartsWith("_data"))
                && Checked(root, blobs, entry.Name, entry) is { } file)
                files.Add((entry.Name, file));
        }
        files.Sort((left, right) => string.CompareOrdinal(left.Item1, right.Item1));
        return files;
    }

    /// <returns>The file that an entry of a folder stands for; null for a link to nothing.</returns>
    private static FileInfo? Checked(string root, string? blobs, string name, FileInfo entry)
    {
        RepositoryPath.Check(root, name);
        if (entry.LinkTarget is null)
            return entry;
        if (entry.ResolveLinkTarget(returnFinalTarget: true) is not FileInfo { Exists: true } target)
            return null;
        if (RepositoryPath.IsInside(root, target.FullName)
            || (blobs is not null && RepositoryPath.IsInside(blobs, target.FullName)))
            return target;
        throw new UnsafePathException(root, name, $"it is a link to '{Printable.Text(target.FullName)}', outside of the folder");
    }

    private static string Commit(List<(string Name, FileInfo File)> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, file) in files)
        {
            var facts = string.Create(CultureInfo.InvariantCulture, $"{name}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}\0");
            hash.AppendData(Encoding.UTF8.GetBytes(facts));
            // Not of length 0: that is what pipes and devices have, and opening them might wait for ever.
            if (file.Length is > 0 and <= ContentLimitBytes)
                hash.AppendData(File.ReadAllBytes(file.FullName));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..40];
    }
}

/// <summary>A local folder or file is there, but no model can be read from it.</summary>
public sealed class LocalModelUnreadableException(
    string path, string problem, string remedy, Exception? inner = null) : GpuxException(
    ErrorCode.LocalModelUnreadable, $"No model can be read from '{path}': {problem}.", remedy, inner)
{
    public string Path { get; } = path;
}
