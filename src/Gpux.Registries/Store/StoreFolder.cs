namespace Gpux.Registries.Store;

/// <summary>Writes below one of the user's folders, telling which variable to change where that is impossible.</summary>
internal sealed class StoreFolder(string path, string variable)
{
    public string Path { get; } = path;
    public string Variable { get; } = variable;

    /// <exception cref="NotWritableException">The folder cannot be written.</exception>
    public void MakeFolder(string folder) => Write(() => Directory.CreateDirectory(folder));

    /// <summary>Writes a whole small file: readers see the old content or the new, never a part.</summary>
    /// <exception cref="NotWritableException">The folder cannot be written.</exception>
    public void WriteFile(string file, ReadOnlySpan<byte> content)
    {
        var temporary = $"{file}.{Random.Shared.Next():x8}.tmp";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!); // Below Path, so never a root
            using (var handle = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(handle, content, 0);
                RandomAccess.FlushToDisk(handle);
            }
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception);
        }
    }

    /// <summary>Makes <paramref name="link"/> show the file <paramref name="target"/>, replacing what was there.</summary>
    /// <remarks>The link is relative, so that the folder can be moved. Where links are impossible the file itself comes to lie in
    /// the link's place, as with the Hub's own clients on Windows.</remarks>
    /// <param name="isNew">Whether nobody else uses the target, so that it may move instead of being copied.</param>
    /// <exception cref="NotWritableException">The folder cannot be written.</exception>
    public void Link(string link, string target, bool maySymlink, bool isNew)
    {
        Write(() =>
        {
            var folder = System.IO.Path.GetDirectoryName(link)!; // Below Path, so never a root
            Directory.CreateDirectory(folder);
            var temporary = $"{link}.{Random.Shared.Next():x8}.tmp";
            if (maySymlink)
            {
                try
                {
                    File.CreateSymbolicLink(temporary, System.IO.Path.GetRelativePath(folder, target));
                    File.Move(temporary, link, overwrite: true);
                    return;
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
                    or PlatformNotSupportedException)
                {
                    // This file system has no links, or this user may not make them.
                }
            }
            if (!isNew)
                File.Copy(target, temporary);
            File.Move(isNew ? target : temporary, link, overwrite: true);
        });
    }

    /// <exception cref="NotWritableException">The folder cannot be written.</exception>
    public void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception);
        }
    }

    /// <summary>What it means that writing failed.</summary>
    public GpuxException Failure(Exception exception) => WriteFailure.Of(exception, this);

    /// <summary>The file itself behind a link or chain of links; null if there is none.</summary>
    public static string? RealPath(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return !file.Exists ? null : file.LinkTarget is null ? file.FullName
                : file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target ? target.FullName : null;
        }
        catch (IOException)
        {
            return null; // A circle of links.
        }
    }

    /// <summary>The files that links below a folder lead to, as far as they lie in <paramref name="within"/>: no link that somebody
    /// put there may make a removal delete anything else.</summary>
    public static HashSet<string> LinkedFiles(string folder, string within)
    {
        var files = new HashSet<string>();
        if (!Directory.Exists(folder))
            return files;
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (new FileInfo(path) is { LinkTarget: not null } link
                && link.ResolveLinkTarget(returnFinalTarget: false)?.FullName is { } target && RepositoryPath.IsInside(within, target))
                files.Add(target);
        }
        return files;
    }

    /// <summary>Deletes a file, and the folders above it that it leaves empty, up to <paramref name="top"/>, which stays.</summary>
    public static void DeleteFileUpTo(string top, string file)
    {
        File.Delete(file);
        DeleteUpTo(top, file);
    }

    public static void DeleteIfEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    /// <summary>Deletes a folder, and those above it that it leaves empty, up to <paramref name="top"/>, which stays.</summary>
    public static void DeleteUpTo(string top, string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        for (var parent = System.IO.Path.GetDirectoryName(folder); parent is not null && RepositoryPath.IsInside(top, parent);
            parent = System.IO.Path.GetDirectoryName(parent))
        {
            if (!Directory.Exists(parent))
                continue;
            if (Directory.EnumerateFileSystemEntries(parent).Any())
                return;
            Directory.Delete(parent);
        }
    }
}
