using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Takes the white space at the ends of byte-level tokens out of their offsets.</summary>
internal static class OffsetTrimmer
{
    private static readonly int SpaceCharacter = ByteCharacters.ToCharacter((byte)' ');

    /// <summary>The UTF-8 of a token.</summary>
    internal delegate ReadOnlySpan<byte> TextOf(in TokenEntry entry);

    /// <param name="addedSpace">Whether a space was put before the text, which is not part of it.</param>
    public static void Trim(Span<TokenEntry> window, bool addedSpace, TextOf textOf)
    {
        for (var i = 0; i < window.Length; i++)
        {
            ref var entry = ref window[i];
            var text = textOf(entry);
            var leading = 0;
            for (var at = 0; at < text.Length && IsSpace(Utf8.Next(text, ref at));)
                leading++;
            var trailing = 0;
            for (var at = text.Length; at > 0 && IsSpace(Utf8.Previous(text, ref at));)
                trailing++;
            if (leading + trailing == 0)
                continue;
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
    private static bool IsSpace(int c) => c == SpaceCharacter || Characters.IsWhiteSpace(c);

    private static TextRange Trim(TextRange range, int leading, int trailing)
    {
        var start = Math.Min(range.Start + leading, range.End);
        return new TextRange(start, trailing <= range.End ? Math.Max(range.End - trailing, start) : range.End);
    }
}
