using System.Globalization;
using System.Text;

namespace Gpux.Registries;

/// <summary>Makes text from outside fit to be shown: one line, of bounded length, without codes that a terminal obeys.</summary>
internal static class Printable
{
    private const int Limit = 300;

    public static string Text(string text)
    {
        var shown = new StringBuilder(Math.Min(text.Length, Limit));
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= Limit)
                return shown.Append("...").ToString();
            var isInvisible = Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;
            shown.Append(isInvisible ? "?" : rune.ToString());
        }
        return shown.ToString();
    }
}
