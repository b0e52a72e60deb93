namespace Gpux.Registries;

/// <summary>Checks the names of files that come from outside, and joins them to a folder.</summary>
internal static class RepositoryPath
{
    /// <summary>The rule that <paramref name="path"/> breaks, or null if it may be used below a folder on every
    /// platform.</summary>
    public static string? Problem(string path)
    {
        if (path.Length is 0 or > 1024)
            return "a name has 1 to 1024 characters";
        if (path[0] == '/' || (path.Length > 1 && path[1] == ':'))
            return "a name is relative to the model's folder";
        foreach (var c in path)
        {
            if (c is '\\' or < ' ' or '\u007f')
                return "a name has no backslash and no control character";
        }
        foreach (var range in path.AsSpan().Split('/'))
        {
            var part = path.AsSpan()[range];
            if (part is "" or "." or "..")
                return "no part of a name is empty, '.' or '..'";
            if (IsReservedOnWindows(part))
                return "Windows reserves this name for a device";
        }
        return null;
    }

    /// <exception cref="UnsafePathException">The name would leave the folder.</exception>
    public static void Check(string owner, string path)
    {
        if (Problem(path) is { } rule)
            throw new UnsafePathException(owner, path, rule);
    }

    /// <summary>Checks the names of one listing.</summary>
    /// <exception cref="UnsafePathException">A name would leave the folder, or two would be one file where case is
    /// ignored.</exception>
    public static void CheckAll(string owner, IEnumerable<ModelFile> files)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            Check(owner, file.Path);
            if (!seen.Add(file.Path))
                throw new UnsafePathException(owner, file.Path, "another file has the same name, or one that differs only in case");
        }
    }

    /// <summary>The full path of a checked name below <paramref name="folder"/>.</summary>
    /// <exception cref="UnsafePathException">The name would leave the folder.</exception>
    public static string Join(string folder, string path, string owner)
    {
        Check(owner, path);
        var joined = Path.GetFullPath(Path.Combine(folder, path));
        return IsInside(Path.GetFullPath(folder), joined) ? joined
            : throw new UnsafePathException(owner, path, "it leads out of the model's folder");
    }

    /// <summary>Whether a full path lies below a full folder.</summary>
    public static bool IsInside(string folder, string path) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static bool IsReservedOnWindows(ReadOnlySpan<char> part)
    {
        var dot = part.IndexOf('.');
        var stem = (dot < 0 ? part : part[..dot]).TrimEnd(' ');
        return stem.Equals("con", StringComparison.OrdinalIgnoreCase) || stem.Equals("prn", StringComparison.OrdinalIgnoreCase)
            || stem.Equals("aux", StringComparison.OrdinalIgnoreCase) || stem.Equals("nul", StringComparison.OrdinalIgnoreCase)
            || (stem.Length == 4 && char.IsAsciiDigit(stem[3]) && stem[3] != '0'
                && (stem.StartsWith("com", StringComparison.OrdinalIgnoreCase)
                || stem.StartsWith("lpt", StringComparison.OrdinalIgnoreCase)));
    }
}
