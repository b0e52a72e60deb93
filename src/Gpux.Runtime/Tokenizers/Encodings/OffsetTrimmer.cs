using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Takes the white space at the ends of byte-level tokens out of their offsets.</summary>
internal static class OffsetTrimmer
{
    private static readonly int SpaceCharacter = ByteCharacters.ToCharacter((byte)' ');

    /// <param name="addedSpace">Whether a space was put before the text, which is not part of it.</param>
    /// <param name="textOf">The UTF-16 text of an entry.</param>
    public static void Trim(Span<TokenEntry> window, bool addedSpace, Func<TokenEntry, string> textOf)
    {
        for (var i = 0; i < window.Length; i++)
        {
            ref var entry = ref window[i];
            var text = textOf(entry);
            var leading = 0;
            while (leading < text.Length && IsSpace(text[leading]))
                leading++;
            var trailing = 0;
            while (trailing < text.Length && IsSpace(text[^(trailing + 1)]))
                trailing++;
            if (leading == 1 && addedSpace && (i == 0 || entry.CodePoints.Start == 0))
                leading = 0;
            // Each such character stands for one of the text, in UTF-16 too.
            entry = entry with
            {
                Offsets = Trim(entry.Offsets, leading, trailing),
                CodePoints = Trim(entry.CodePoints, leading, trailing),
            };
        }
    }

    // All white space is in the basic plane.
    private static bool IsSpace(char c) => c == SpaceCharacter || Characters.IsWhiteSpace(c);

    private static TextRange Trim(TextRange range, int leading, int trailing)
    {
        var start = Math.Min(range.Start + leading, range.End);
        return new TextRange(start, trailing <= range.End ? Math.Max(range.End - trailing, start) : range.End);
    }
}
