using System.Text;

namespace Gpux.Registries.PyTorch;

/// <summary>Splits Python source into statements, without running any of it.</summary>
/// <remarks>Source: the Python language reference, chapter 2, as far as it decides where a statement ends: strings, brackets,
/// comments, continued lines.</remarks>
internal static class PythonText
{
    /// <param name="Indent">Blanks before it; 0 at the top level.</param>
    /// <param name="Start">Where its text begins in the source.</param>
    public readonly record struct Statement(int Indent, int Start, int End);

    public static List<Statement> Statements(string source)
    {
        var found = new List<Statement>();
        for (var at = 0; at < source.Length;)
        {
            var line = at;
            while (at < source.Length && source[at] is ' ' or '\t')
                at++;
            var (indent, start) = (at - line, at);
            at = EndOfStatement(source, at);
            var text = source.AsSpan(start, at - start).TrimEnd();
            if (!text.IsEmpty && text[0] != '#')
                found.Add(new Statement(indent, start, start + text.Length));
            at++; // The line's end
        }
        return found;
    }

    /// <summary>Reads the string literal that begins at <paramref name="at"/>; null where none does, or where it is bytes.</summary>
    public static string? ReadString(string source, ref int at)
    {
        var quote = at;
        var isRaw = false;
        while (quote < source.Length && quote - at < 2 && source[quote] is 'r' or 'R' or 'u' or 'U' or 'f' or 'F')
            isRaw |= source[quote++] is 'r' or 'R';
        if (quote >= source.Length || source[quote] is not ('"' or '\''))
            return null;
        var end = EndOfString(source, quote);
        var length = IsTriple(source, quote) ? 3 : 1;
        var closed = end - length >= quote + length;
        var content = source.AsSpan(quote + length, closed ? end - length - quote - length : 0);
        at = end;
        return isRaw ? content.ToString() : Unescaped(content);
    }

    private static int EndOfStatement(string source, int at)
    {
        for (var depth = 0; at < source.Length; at++)
        {
            switch (source[at])
            {
                case '#':
                    while (at + 1 < source.Length && source[at + 1] != '\n')
                        at++;
                    break;
                case '"' or '\'':
                    at = EndOfString(source, at) - 1;
                    break;
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}':
                    depth--;
                    break;
                case '\\':
                    at++;
                    break;
                case '\n' when depth <= 0:
                    return at;
            }
        }
        return source.Length;
    }

    // One past the closing quote. A string that is not closed ends with its line, one in triple quotes with the source.
    private static int EndOfString(string source, int quote)
    {
        var isTriple = IsTriple(source, quote);
        for (var at = quote + (isTriple ? 3 : 1); at < source.Length; at++)
        {
            if (source[at] == '\\')
                at++;
            else if (isTriple ? IsTriple(source, at) && source[at] == source[quote] : source[at] == source[quote])
                return at + (isTriple ? 3 : 1);
            else if (!isTriple && source[at] == '\n')
                return at;
        }
        return source.Length;
    }

    private static bool IsTriple(string source, int at) =>
        at + 2 < source.Length && source[at] is '"' or '\'' && source[at + 1] == source[at] && source[at + 2] == source[at];

    private static string Unescaped(ReadOnlySpan<char> content)
    {
        if (!content.Contains('\\'))
            return content.ToString();
        var text = new StringBuilder(content.Length);
        for (var i = 0; i < content.Length; i++)
        {
            if (content[i] != '\\' || i + 1 == content.Length)
            {
                text.Append(content[i]);
                continue;
            }
            switch (content[++i])
            {
                case '\n': break;
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case '\\' or '\'' or '"': text.Append(content[i]); break;
                default: text.Append('\\').Append(content[i]); break;
            }
        }
        return text.ToString();
    }
}
