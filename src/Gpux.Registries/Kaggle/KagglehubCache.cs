using Gpux.Registries.Store;

namespace Gpux.Registries.Kaggle;

/// <summary>The cache of Kaggle's own client, whose files are used where they lie.</summary>
/// <remarks>Source: kagglehub 0.3, cache.py.</remarks>
internal sealed class KagglehubCache(string cacheFolder)
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, MaxRecursionDepth = 32, AttributesToSkip = 0 };

    /// <summary>The folder of a version that is here as a whole; null where it is not.</summary>
    public string? FindVersion(KaggleHandle handle, string version)
    {
        var folder = Path.Combine(cacheFolder, "models", handle.ToString(), version);
        return handle.IsComplete && File.Exists($"{folder}.complete") && Directory.Exists(folder) ? folder : null;
    }

    /// <summary>A file that is here as a whole, or the folder of an archive.</summary>
    public string? Find(KaggleHandle handle, string version, ModelFile file)
    {
        if (FindVersion(handle, version) is { } folder)
            return file.IsArchive ? folder : StoreFolder.RealPath(Path.Combine(folder, file.Path));
        if (file.IsArchive || !handle.IsComplete)
            return null;
        var variation = Path.Combine(cacheFolder, "models", handle.ToString());
        return File.Exists(Path.Combine(variation, ".complete", version, $"{file.Path}.complete"))
            ? StoreFolder.RealPath(Path.Combine(variation, version, file.Path)) : null;
    }

    /// <summary>The files of a version that is here as a whole.</summary>
    /// <exception cref="UnsafePathException">One has a name that no model's file may have.</exception>
    public static IReadOnlyList<ModelFile> List(string folder, string owner)
    {
        var files = new List<ModelFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", Everything).Order(StringComparer.Ordinal))
        {
            if (StoreFolder.RealPath(path) is { } real)
                files.Add(new ModelFile(Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'),
                    new FileInfo(real).Length, Digest: null));
        }
        RepositoryPath.CheckAll(owner, files);
        return files;
    }
}
