namespace Gpux.Registries.Configuration;

/// <summary>Reads the INI files in which other tools keep credentials.</summary>
internal static class IniFile
{
    private const int LimitBytes = 1 << 20;

    /// <summary>The keys and values of a section, keys in lower case; null where there is no such file or section.</summary>
    public static IReadOnlyDictionary<string, string>? Section(string path, string section)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= LimitBytes } ? Read(File.ReadAllText(path), section) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // As if it were not there: a server that wants a credential says so itself.
        }
    }

    internal static IReadOnlyDictionary<string, string>? Read(string text, string section)
    {
        Dictionary<string, string>? values = null;
        var inside = false;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text.AsSpan()[range].Trim();
            if (line.IsEmpty || line[0] is '#' or ';')
                continue;
            if (line[0] == '[')
            {
                inside = line[^1] == ']' && line[1..^1].Trim().SequenceEqual(section);
                if (inside)
                    values ??= [];
                continue;
            }
            if (inside && line.IndexOf('=') is > 0 and var equals)
                values![line[..equals].Trim().ToString().ToLowerInvariant()] = line[(equals + 1)..].Trim().ToString(); // inside sets it
        }
        return values;
    }
}
