namespace Gpux.Registries.Mlflow;

/// <summary>Folders as MLflow writes them: file:///path, file:path or the path alone.</summary>
internal static class FileUri
{
    /// <summary>The full path; null where the text has another scheme.</summary>
    public static string? ToPath(string text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 1) // A letter alone is a drive.
            return text.Length > 0 ? Path.GetFullPath(text) : null;
        if (!text.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return null;
        if (!text.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
            return Path.GetFullPath(Uri.UnescapeDataString(text[5..]));
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Host: "" or "localhost" } ? Path.GetFullPath(uri.LocalPath) : null;
    }
}
