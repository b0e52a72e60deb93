using System.Text;

namespace Gpux.Registries.Web;

/// <summary>Reads lists of checksums as sha256sum writes them: "{hex}  {name}" or "{hex} *{name}" a line.</summary>
internal static class Checksums
{
    /// <param name="only">The file that the list is about, where it is one file's own: it may be named otherwise, or not at
    /// all.</param>
    public static IEnumerable<(string Name, Digest Digest)> Read(byte[] list, string? only)
    {
        foreach (var line in Encoding.UTF8.GetString(list).Split('\n'))
        {
            var text = line.TrimEnd('\r');
            if (text.Length < 64 || !IsHex(text.AsSpan(0, 64)))
                continue;
            var name = text[64..].TrimStart(' ', '\t', '*');
            if (name.StartsWith("./", StringComparison.Ordinal))
                name = name[2..];
            var digest = new Digest(DigestAlgorithm.Sha256, text[..64].ToLowerInvariant());
            if (only is not null)
            {
                yield return (only, digest);
                yield break;
            }
            if (name.Length > 0)
                yield return (name, digest);
        }
    }

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c))
                return false;
        }
        return true;
    }
}
