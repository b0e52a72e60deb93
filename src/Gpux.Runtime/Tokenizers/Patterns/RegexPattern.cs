using Gpux.Runtime.Tokenizers.Patterns.Regex;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Patterns;

/// <summary>Every match of a regular expression, as Oniguruma finds them.</summary>
internal sealed class RegexPattern(RegexProgram program) : Pattern
{
    /// <exception cref="RegexSyntaxException">The expression is not valid or uses what this engine lacks.</exception>
    public static RegexPattern Parse(string pattern) => new(RegexCompiler.Compile(RegexParser.Parse(pattern)));

    public override void FindMatches(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        var matcher = new RegexMatcher(program, text, scratch);
        var previous = 0; // the end of the last part
        var from = 0;
        var lastEnd = -1; // of a match: an empty match there is not another one
        while (from <= text.Length && matcher.Search(from, out var start, out var end))
        {
            if (start == end && end == lastEnd)
            {
                from += from < text.Length ? Utf8.LengthOf(text[from]) : 1;
                continue;
            }
            from = end;
            lastEnd = end;
            if (previous != start)
                scratch.Matches.Add(previous, start, false);
            scratch.Matches.Add(start, end, true);
            previous = end;
        }
        if (previous != text.Length)
            scratch.Matches.Add(previous, text.Length, false);
        matcher.Dispose();
    }
}
