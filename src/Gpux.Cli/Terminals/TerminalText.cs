using System.Globalization;
using System.Text;

namespace Gpux.Cli.Terminals;

/// <summary>Text of strangers, which must not give commands to a terminal, nor look like another text.</summary>
internal static class TerminalText
{
    private const char Escape = '\e';

    /// <summary>Spells out control characters but for tabs, line separators, and what cannot be seen: letters of no width, and those that turn the
    /// direction of writing, by which a name can look like another one.</summary>
    public static string Safe(string text) => Spelled(text, static rune => rune.Value == '\t');

    /// <summary>As <see cref="Safe"/>, of prose: the joiners between letters stay, which Persian, Hindi and pictographs are written with.</summary>
    public static string SafeProse(string text) => Spelled(text, static rune => rune.Value is '\t' or 0x200C or 0x200D);

    /// <summary>As <see cref="Safe"/>, of a text of several lines.</summary>
    public static string SafeLines(string text) => Spelled(text, static rune => rune.Value is '\t' or '\n');

    /// <summary>As <see cref="SafeProse"/>, of a text that has this terminal's own styles in it.</summary>
    public static string SafeStyled(string text)
    {
        if (!text.Contains(Escape))
            return SafeProse(text);
        var safe = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var style = StyleAt(text, at);
            var end = style > 0 ? at + style : text.IndexOf(Escape, at + 1) is > 0 and var next ? next : text.Length;
            safe.Append(style > 0 ? text[at..end] : SafeProse(text[at..end]));
            at = end;
        }
        return safe.ToString();
    }

    /// <summary>Cuts a text that is wider than so many columns, and ends it with an ellipsis.</summary>
    public static string Cut(string text, int columns)
    {
        if (TextWidth.Of(text) <= columns)
            return text;
        var cut = new StringBuilder(columns);
        var width = 1; // of the ellipsis
        foreach (var rune in text.EnumerateRunes())
        {
            width += TextWidth.Of(rune.ToString());
            if (width > columns)
                break;
            cut.Append(rune);
        }
        return cut.Append('…').ToString();
    }

    private static string Spelled(string text, Func<Rune, bool> isKept)
    {
        var isSafe = true;
        foreach (var rune in text.EnumerateRunes())
            isSafe &= !IsUnsafe(rune) || isKept(rune);
        if (isSafe)
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsUnsafe(rune) && !isKept(rune))
                safe.Append(rune.IsBmp ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}");
            else
                safe.Append(rune);
        }
        return safe.ToString();
    }

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        // Letters by their category, and as empty as a blank: the fillers of Hangul.
        || rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0;

    /// <returns>The length of the style that begins here, such as "\e[32m"; 0 for anything else.</returns>
    private static int StyleAt(string text, int at)
    {
        if (text[at] != Escape || at + 1 >= text.Length || text[at + 1] != '[')
            return 0;
        var end = at + 2;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == ';'))
            end++;
        return end < text.Length && text[end] == 'm' ? end + 1 - at : 0;
    }
}
