using System.Globalization;
using System.Text;
using Gpux.Runtime.Tokenizers.Normalizers;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>Brings transcripts of any language to a form in which they can be compared.</summary>
/// <remarks>Source: arXiv:2212.04356, appendix C; transformers 4.57.1, BasicTextNormalizer.</remarks>
internal static class BasicTextNormalizer
{
    public static string Normalize(string text, bool removesDiacritics)
    {
        text = RemoveAsides(PythonText.Lower(text));
        text = removesDiacritics ? RemoveSymbolsAndDiacritics(text, "") : RemoveSymbols(text);
        return JoinSpaces(PythonText.Lower(text));
    }

    /// <summary>Drops what stands in brackets, and the brackets.</summary>
    public static string RemoveAsides(string text)
    {
        text = Remove(text, "<[", ">]", mayBeEmpty: true);
        return Remove(text, "(", ")", mayBeEmpty: false);
    }

    /// <summary>Writes a space for marks, symbols and punctuation, and drops diacritics.</summary>
    /// <param name="keep">Characters that stay.</param>
    public static string RemoveSymbolsAndDiacritics(string text, string keep)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in PythonText.Normalize(text, UnicodeForm.Nfkd).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(c);
            if (c.IsBmp && keep.Contains((char)c.Value, StringComparison.Ordinal))
                result.Append((char)c.Value);
            else if (WithoutDiacritic(c.Value) is { } letters)
                result.Append(letters);
            else if (category == UnicodeCategory.NonSpacingMark)
                continue;
            else if (IsSymbol(category))
                result.Append(' ');
            else
                result.Append(c.ToString());
        }
        return result.ToString();
    }

    /// <summary>Makes every run of white space one space.</summary>
    public static string JoinSpaces(string text)
    {
        var result = new StringBuilder(text.Length);
        var afterSpace = false;
        foreach (var c in text)
        {
            var isSpace = PythonText.IsSpace(c);
            if (!isSpace || !afterSpace)
                result.Append(isSpace ? ' ' : c);
            afterSpace = isSpace;
        }
        return result.ToString();
    }

    private static string RemoveSymbols(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in PythonText.Normalize(text, UnicodeForm.Nfkc).EnumerateRunes())
            result.Append(IsSymbol(Rune.GetUnicodeCategory(c)) ? " " : c.ToString());
        return result.ToString();
    }

    private static string Remove(string text, string open, string close, bool mayBeEmpty)
    {
        var result = new StringBuilder(text.Length);
        var kept = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (!open.Contains(text[at], StringComparison.Ordinal))
                continue;
            var length = text.AsSpan(at + 1).IndexOfAny(close);
            if (length < 0)
                break;
            if (length == 0 && !mayBeEmpty)
                continue;
            result.Append(text, kept, at - kept);
            at += length + 1;
            kept = at + 1;
        }
        return result.Append(text, kept, text.Length - kept).ToString();
    }

    private static bool IsSymbol(UnicodeCategory category) => category is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherSymbol;

    // Letters whose strokes and ligatures no decomposition takes apart.
    private static string? WithoutDiacritic(int c) => c switch
    {
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        'ẞ' => "SS",
        'đ' or 'ð' => "d",
        'Đ' or 'Ð' => "D",
        'þ' or 'Þ' => "th",
        'ł' => "l",
        'Ł' => "L",
        _ => null,
    };
}
