using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Patterns;

/// <summary>Every occurrence of a string that is not empty, from left to right.</summary>
internal sealed class LiteralPattern(byte[] literal) : Pattern
{
    public bool IsOneCharacter { get; } = Utf8.Count(literal) == 1;

    public override bool MayMatch(ReadOnlySpan<byte> text) => text.IndexOf(literal) >= 0;

    public override void FindMatches(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        var end = 0;
        while (text[end..].IndexOf(literal) is var distance and >= 0)
        {
            if (distance > 0)
                scratch.Matches.Add(end, end + distance, false);
            end += distance + literal.Length;
            scratch.Matches.Add(end - literal.Length, end, true);
        }
        if (end < text.Length)
            scratch.Matches.Add(end, text.Length, false);
    }
}
