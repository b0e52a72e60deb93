namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>Files by which Linux tells of itself. What is not there, or may not be read, is unknown.</summary>
internal static class SystemFile
{
    /// <returns>Without the line's end; null if there is none.</returns>
    public static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static string[] Lines(string path) => Text(path)?.Split('\n') ?? [];

    public static long? Number(string path) => long.TryParse(Text(path), out var number) ? number : null;

    /// <summary>Folders whose names begin so, in order; none if the parent is not there.</summary>
    public static string[] Folders(string parent, string pattern)
    {
        try
        {
            var folders = Directory.GetDirectories(parent, pattern);
            Array.Sort(folders, StringComparer.Ordinal);
            return folders;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
