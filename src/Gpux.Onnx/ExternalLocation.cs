namespace Gpux.Onnx;

/// <summary>Which files a model may name as the place of its tensors: those in its folder, and no others.</summary>
/// <remarks>Source: ONNX, docs/ExternalData.md and docs/ExternalDataSecurity.md. Hard links are allowed, as in ONNX Runtime: the
/// download caches that people use make them.</remarks>
internal static class ExternalLocation
{
    private const int MaxLinks = 40;

    /// <returns>What is wrong with the text of a location, on any operating system; null if nothing.</returns>
    public static string? Problem(string location)
    {
        if (location.Length == 0)
            return "no location is stated";
        if (location.Contains('\0'))
            return "its location has a NUL character";
        if (location.Contains('\\'))
            return $"its location '{location}' has a backslash";
        if (location[0] == '/' || (location.Length > 1 && location[1] == ':' && char.IsAsciiLetter(location[0])))
            return $"its location '{location}' is absolute";
        return $"/{location}/".Contains("/../", StringComparison.Ordinal) ? $"its location '{location}' leads out of the model's folder" : null;
    }

    /// <returns>The path of a location without <see cref="Problem"/>; null if it leads through a link to a place that is not trusted.</returns>
    /// <exception cref="IOException">Links that lead in circles.</exception>
    public static string? Resolve(string folder, string location, params ReadOnlySpan<string> trustedFolders)
    {
        var path = Path.GetFullPath(folder);
        var hasLink = false;
        foreach (var part in location.Split('/'))
        {
            path = Path.Join(path, part);
            hasLink |= new FileInfo(path).LinkTarget is not null;
        }
        if (!hasLink)
            return path;
        var real = RealPath(path);
        if (Contains(folder, real))
            return real;
        foreach (var trusted in trustedFolders)
        {
            if (Contains(trusted, real))
                return real;
        }
        return null;
    }

    private static bool Contains(string folder, string realPath) =>
        realPath.StartsWith(Path.TrimEndingDirectorySeparator(RealPath(folder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>An absolute path without links in any of its parts; .NET resolves only the last part.</summary>
    /// <exception cref="IOException">Links that lead in circles.</exception>
    public static string RealPath(string path)
    {
        path = Path.GetFullPath(path);
        var links = 0;
        var root = Path.GetPathRoot(path)!; // not null: the path is absolute
        var real = root;
        var left = new Stack<string>(path[root.Length..].Split(Path.DirectorySeparatorChar).Reverse());
        while (left.TryPop(out var part))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? root;
                continue;
            }
            var next = Path.Join(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MaxLinks)
                throw new IOException($"Too many links in '{path}'.");
            var targetRoot = Path.GetPathRoot(target) ?? "";
            if (targetRoot.Length > 0)
                real = targetRoot;
            foreach (var step in target[targetRoot.Length..].Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Reverse())
                left.Push(step);
        }
        return real;
    }
}
