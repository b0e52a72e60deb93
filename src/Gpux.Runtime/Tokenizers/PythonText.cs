using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers;

/// <summary>String methods of Python where .NET's differ.</summary>
internal static class PythonText
{
    private const char CapitalSigma = 'Σ';

    /// <summary>Takes white space off both ends, which for Python includes the separators U+001C to U+001F.</summary>
    public static string Strip(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsSpace(text[start]))
            start++;
        while (end > start && IsSpace(text[end - 1]))
            end--;
        return text[start..end];
    }

    /// <summary>Brings a text to a normalization form by the tables that tokenizers use, whatever the machine has.</summary>
    public static string Normalize(string text, UnicodeForm form)
    {
        if (System.Text.Ascii.IsValid(text))
            return text;
        var aligned = new AlignedText();
        aligned.Load(System.Text.Encoding.UTF8.GetBytes(text), 0, false);
        new UnicodeNormalizer(form).Normalize(aligned, new TextScratch());
        return System.Text.Encoding.UTF8.GetString(aligned.Bytes);
    }

    /// <summary>The words between white space.</summary>
    public static List<string> Split(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && !IsSpace(text[end]))
                end++;
            if (end > start)
                words.Add(text[start..end]);
            start = end + 1;
        }
        return words;
    }

    /// <summary>Lower case, where a capital I with a dot becomes two characters and a sigma that ends a word another one.</summary>
    public static string Lower(string text)
    {
        var lower = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == CaseMapping.CapitalIWithDot)
                lower.Append('i').Append((char)CaseMapping.CombiningDotAbove);
            else if (c == CapitalSigma)
                lower.Append(EndsWord(text, i) ? 'ς' : 'σ');
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                lower.Append(char.ConvertFromUtf32(CaseMapping.ToLower(char.ConvertToUtf32(c, text[++i]))));
            else
                lower.Append((char)CaseMapping.ToLower(c));
        }
        return lower.ToString();
    }

    private static bool EndsWord(string text, int sigma)
    {
        var before = sigma - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
            before--;
        var behind = sigma + 1;
        while (behind < text.Length && IsCaseIgnorable(text[behind]))
            behind++;
        return before >= 0 && char.IsLetter(text[before]) && !(behind < text.Length && char.IsLetter(text[behind]));
    }

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '\u00B7' or '\u2019' || Characters.Has(c, CharacterFlags.NonspacingMark);

    public static bool IsSpace(char c) => c is >= '\x1C' and <= '\x1F' || Characters.IsWhiteSpace(c);
}
