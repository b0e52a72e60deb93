namespace Gpux;

/// <summary>The files of a model on this machine: each name in the repository, and where its bytes lie.</summary>
/// <remarks>Names use '/' between folders. A path is that of a real file, whatever it is called there: caches keep files under
/// their digest.</remarks>
/// <param name="model">What errors call the model.</param>
public sealed class ModelFiles(IReadOnlyDictionary<string, string> paths, string model)
{
    public IEnumerable<string> Names => paths.Keys;

    /// <summary>The path of a file, or null if the model has none of that name.</summary>
    public string? Find(string name) => paths.GetValueOrDefault(name);

    /// <exception cref="MissingFileException">The model has no file of that name.</exception>
    public string Require(string name) => Find(name) ?? throw new MissingFileException(model, name);

    /// <summary>The files of one folder of the repository, under the names that they have in it.</summary>
    public ModelFiles Folder(string name)
    {
        var prefix = name.TrimEnd('/') + "/";
        return name.Length == 0 ? this : new ModelFiles(paths
            .Where(file => file.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(file => file.Key[prefix.Length..], file => file.Value), $"{model}/{name.TrimEnd('/')}");
    }

    /// <summary>All files below a folder, links followed.</summary>
    public static ModelFiles InFolder(string folder) => new(
        Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 8, AttributesToSkip = 0 })
            .ToDictionary(path => Path.GetRelativePath(folder, path).Replace('\\', '/'), path => path), folder);
}

/// <summary>A file that is needed is not among the model's.</summary>
public sealed class MissingFileException(string model, string name) : GpuxException(
    ErrorCode.MissingFile,
    $"{model} has no file '{name}'.",
    "Check that the folder or repository is complete, or pull it again: gpux pull.")
{
    public string Name { get; } = name;
}
