using System.Globalization;
using System.Text;

namespace Gpux.Cli.Terminals;

/// <summary>Text of strangers, which must not give commands to a terminal.</summary>
internal static class TerminalText
{
    /// <summary>Spells control characters out, but for tabs.</summary>
    public static string Safe(string text)
    {
        if (!text.Any(IsUnsafe))
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (IsUnsafe(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }
        return safe.ToString();
    }

    private static bool IsUnsafe(char c) => char.IsControl(c) && c != '\t';
}
