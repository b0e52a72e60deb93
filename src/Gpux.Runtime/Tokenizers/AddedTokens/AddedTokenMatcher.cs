using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.AddedTokens;

/// <summary>Finds added tokens in a text: from left to right, and of those that start at one place the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private const int LongestToken = 1024; // bytes
    private readonly Vocabulary _contents;
    private readonly Dictionary<int, AddedToken> _tokens;
    private readonly int[]?[] _lengths = new int[]?[256]; // of the tokens by first byte, longest first

    private AddedTokenMatcher(List<Candidate> tokens)
    {
        _contents = new Vocabulary(tokens.Count);
        _tokens = new Dictionary<int, AddedToken>(tokens.Count);
        foreach (var (id, token, content) in tokens)
        {
            if (content.Length > LongestToken)
                throw new UnsupportedTokenizerException($"an added token of {content.Length} bytes");
            if (_contents.Find(content) >= 0)
                continue;
            _contents.Add(content, id);
            _tokens[id] = token;
            ref var lengths = ref _lengths[content[0]];
            if (lengths is null || Array.IndexOf(lengths, content.Length) < 0)
                lengths = [.. lengths ?? [], content.Length];
        }
        foreach (var lengths in _lengths)
        {
            if (lengths is null)
                continue;
            Array.Sort(lengths);
            Array.Reverse(lengths);
        }
    }

    /// <returns>Null if there is nothing to look for.</returns>
    public static AddedTokenMatcher? Create(List<Candidate> tokens) =>
        tokens.Count == 0 ? null : new AddedTokenMatcher(tokens);

    /// <summary>Adds the parts of <paramref name="text"/>: a token's id, or -1 for what lies between tokens.</summary>
    public void Find(ReadOnlySpan<byte> text, PartList parts)
    {
        var previous = 0;
        for (var from = 0; from < text.Length;)
        {
            // A plain loop: vectorised searches are compiled at start-up and cost more there than they ever save.
            var start = from;
            while (start < text.Length && _lengths[text[start]] is null)
                start++;
            if (start == text.Length)
                break;
            var id = LongestAt(text[start..], out var length);
            if (id < 0)
            {
                from = start + 1;
                continue;
            }
            var end = start + length;
            from = end;
            var token = _tokens[id];
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
                continue;
            // White space that the token before took stays with that one.
            if (token.LeftStrip)
                start = Math.Max(previous, start - TrailingSpace(text[..start]));
            if (token.RightStrip)
                end += LeadingSpace(text[end..]);
            if (previous < start)
                parts.Add(previous, start, Piece.NoToken);
            parts.Add(start, end, id);
            previous = end;
        }
        if (previous < text.Length)
            parts.Add(previous, text.Length, Piece.NoToken);
    }

    /// <summary>The id of the longest token that a text starts with, or -1.</summary>
    public int LongestAt(ReadOnlySpan<byte> text, out int length)
    {
        foreach (var candidate in _lengths[text[0]] ?? [])
        {
            if (candidate <= text.Length && _contents.Find(text[..candidate]) is var id and >= 0)
            {
                length = candidate;
                return id;
            }
        }
        length = 0;
        return -1;
    }

    /// <param name="Content">What is looked for, which may be the normalized form of the token.</param>
    internal sealed record Candidate(int Id, AddedToken Token, byte[] Content);

    private static bool EndsWithWord(ReadOnlySpan<byte> text)
    {
        var position = text.Length;
        return position > 0 && Characters.Has(Utf8.Previous(text, ref position), CharacterFlags.Word);
    }

    private static bool StartsWithWord(ReadOnlySpan<byte> text)
    {
        var position = 0;
        return !text.IsEmpty && Characters.Has(Utf8.Next(text, ref position), CharacterFlags.Word);
    }

    private static int TrailingSpace(ReadOnlySpan<byte> text)
    {
        var start = text.Length;
        for (var i = start; i > 0 && Characters.IsWhiteSpace(Utf8.Previous(text, ref i));)
            start = i;
        return text.Length - start;
    }

    private static int LeadingSpace(ReadOnlySpan<byte> text)
    {
        var end = 0;
        for (var i = 0; i < text.Length && Characters.IsWhiteSpace(Utf8.Next(text, ref i));)
            end = i;
        return end;
    }
}
