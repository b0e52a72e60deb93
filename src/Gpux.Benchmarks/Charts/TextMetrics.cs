using System.Globalization;
using System.Text;

namespace Gpux.Benchmarks.Charts;

/// <summary>How wide a text may become: as in DejaVu Sans, which is wider than the other fonts that the pictures ask for.</summary>
internal static class TextMetrics
{
    // Advances of the characters from U+0020 to U+007E in hundredths of the font's size (DejaVu Sans 2.37).
    private static ReadOnlySpan<byte> Advances =>
    [
        32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73,
        68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
    ];

    private const int MostShown = 200;

    /// <param name="size">Of the font, in the picture's units.</param>
    /// <param name="isBold">Bold letters are an eighth wider.</param>
    public static double Width(string text, double size, bool isBold = false)
    {
        var hundredths = 0.0;
        foreach (var rune in text.EnumerateRunes())
        {
            hundredths += rune.Value switch
            {
                >= 0x20 and <= 0x7E => Advances[rune.Value - 0x20],
                _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => 0,
                'µ' or '–' => 64,
                // Letters of other scripts are narrower than this; ideographs and pictures are as wide as high, and some a little wider.
                < 0x2E80 => 105,
                _ => 140,
            };
        }
        return hundredths / 100 * size * (isBold ? 1.13 : 1);
    }

    /// <summary>The text, or as much of its two ends as there is room for: names differ there.</summary>
    public static string Fit(string text, double room, double size, bool isBold = false)
    {
        if (Width(text, size, isBold) <= room)
            return text;
        // No picture is as wide as the rest of a text that is longer.
        var elements = text.Length > 2 * MostShown ? Elements(text[..MostShown] + text[^MostShown..]) : Elements(text);
        for (var kept = elements.Count - 1; kept > 1; kept--)
        {
            var cut = $"{string.Concat(elements.Take((kept + 1) / 2))}…{string.Concat(elements.TakeLast(kept / 2))}";
            if (Width(cut, size, isBold) <= room)
                return cut;
        }
        return "…";
    }

    /// <summary>The text in lines, broken at blanks and, where a word is too long, after slashes, hyphens and the like or anywhere.</summary>
    public static IReadOnlyList<string> Wrap(string text, double room, double size, int mostLines, bool isBold = false)
    {
        List<string> lines = [];
        var line = "";
        foreach (var piece in Pieces(text.Length > 10 * MostShown ? text[..(10 * MostShown)] : text, room, size, isBold))
        {
            if (Width((line + piece).TrimEnd(), size, isBold) <= room)
            {
                line += piece;
                continue;
            }
            lines.Add(line.TrimEnd());
            line = piece.TrimStart();
        }
        lines.Add(line.TrimEnd());
        lines.RemoveAll(each => each.Length == 0);
        if (lines.Count > mostLines)
            return [.. lines.Take(mostLines - 1), Fit(string.Join(' ', lines.Skip(mostLines - 1)), room, size, isBold)];
        return lines;
    }

    private static IEnumerable<string> Pieces(string text, double room, double size, bool isBold)
    {
        var piece = new StringBuilder();
        foreach (var element in Elements(text))
        {
            if (piece.Length > 0 && Width(piece + element, size, isBold) > room)
            {
                yield return piece.ToString();
                piece.Clear();
            }
            piece.Append(element);
            if (element is " " or "/" or "-" or "_" or "@" or ",")
            {
                yield return piece.ToString();
                piece.Clear();
            }
        }
        if (piece.Length > 0)
            yield return piece.ToString();
    }

    // What is one letter to a reader stays whole.
    private static List<string> Elements(string text)
    {
        List<string> elements = [];
        for (var each = StringInfo.GetTextElementEnumerator(text); each.MoveNext();)
            elements.Add(each.GetTextElement());
        return elements;
    }
}
