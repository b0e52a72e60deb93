namespace Gpux.Registries;

/// <summary>Names that may contain '@' themselves: what follows the last one is a revision only if it is a full
/// commit.</summary>
internal static class PinnedName
{
    public static (string Name, string? Revision) Split(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && text.Length - at - 1 is 40 or 64 && text.AsSpan(at + 1).IndexOfAnyExcept(Hex) < 0
            ? (text[..at], text[(at + 1)..].ToLowerInvariant()) : (text, null);
    }

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
}
