using System.Globalization;
using System.Text;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>Replacements at the edges of words, where words are made of what Python's <c>\w</c> matches.</summary>
internal static class WordEdges
{
    /// <summary>Whether a word starts or ends at a place.</summary>
    public static bool Is(string text, int place) =>
        (place > 0 && IsWord(text, place - 1)) != (place < text.Length && IsWord(text, place));

    /// <summary>Replaces every <paramref name="word"/> that ends a word and, if asked, starts one.</summary>
    public static string Replace(string text, string word, string replacement, bool startsWord)
    {
        StringBuilder? result = null;
        var kept = 0;
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0;)
        {
            var end = at + word.Length;
            var matches = Is(text, end) && (!startsWord || Is(text, at));
            if (matches)
            {
                (result ??= new StringBuilder()).Append(text, kept, at - kept).Append(replacement);
                kept = end;
            }
            at = text.IndexOf(word, matches ? end : at + 1, StringComparison.Ordinal);
        }
        return result is null ? text : result.Append(text, kept, text.Length - kept).ToString();
    }

    private static bool IsWord(string text, int place) => text[place] == '_' || CharUnicodeInfo.GetUnicodeCategory(text, WholeCharacter(text, place)) is
        <= UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static int WholeCharacter(string text, int place) =>
        place > 0 && char.IsLowSurrogate(text[place]) && char.IsHighSurrogate(text[place - 1]) ? place - 1 : place;
}
