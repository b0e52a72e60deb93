namespace Gpux.Registries.Download;

/// <summary>Tells the page of a proxy, a sign-in or an error from the file that was asked for.</summary>
internal static class WebPage
{
    private static readonly string[] Endings = [".html", ".htm", ".xhtml", ".md"];

    /// <param name="mediaType">What the reply says that it is; null where it does not say.</param>
    public static bool IsInsteadOf(string path, string? mediaType) =>
        mediaType is not null && (mediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/xhtml+xml", StringComparison.OrdinalIgnoreCase))
        && !Array.Exists(Endings, ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
}
