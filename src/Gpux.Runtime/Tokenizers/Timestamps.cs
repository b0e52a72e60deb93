using System.Text;

namespace Gpux.Runtime.Tokenizers;

/// <summary>The time stamps that Whisper writes between words, such as <c>&lt;|12.34|&gt;</c>.</summary>
internal static class Timestamps
{
    private const string Start = "<|";
    private const string End = "|>";

    public static string Remove(string text)
    {
        if (!text.Contains(Start, StringComparison.Ordinal))
            return text;
        var kept = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var length = LengthAt(text.AsSpan(i));
            if (length == 0)
                kept.Append(text[i++]);
            i += length;
        }
        return kept.ToString();
    }

    // "<|", digits, ".", digits, "|>"
    private static int LengthAt(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith(Start))
            return 0;
        var whole = Digits(text[Start.Length..]);
        var point = Start.Length + whole;
        if (whole == 0 || point >= text.Length || text[point] != '.')
            return 0;
        var fraction = Digits(text[(point + 1)..]);
        var end = point + 1 + fraction;
        return fraction > 0 && text[end..].StartsWith(End) ? end + End.Length : 0;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && char.IsDigit(text[count]))
            count++;
        return count;
    }
}
