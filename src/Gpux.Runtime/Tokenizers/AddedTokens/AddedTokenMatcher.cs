using System.Buffers;
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
    private readonly SearchValues<byte> _firstBytes;
    private readonly int[]?[] _lengths = new int[]?[256]; // of the tokens by first byte, longest first

    private AddedTokenMatcher(List<(int Id, AddedToken Token, byte[] Content)> tokens)
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
        var first = new List<byte>();
        for (var b = 0; b < _lengths.Length; b++)
        {
            if (_lengths[b] is not { } lengths)
                continue;
            first.Add((byte)b);
            Array.Sort(lengths);
            Array.Reverse(lengths);
        }
        _firstBytes = SearchValues.Create([.. first]);
    }

    /// <returns>Null if there is nothing to look for.</returns>
    public static AddedTokenMatcher? Create(List<(int Id, AddedToken Token, byte[] Content)> tokens) =>
        tokens.Count == 0 ? null : new AddedTokenMatcher(tokens);

    /// <summary>Adds the parts of <paramref name="text"/>: a token's id, or -1 for what lies between tokens.</summary>
    public void Find(ReadOnlySpan<byte> text, List<(int Start, int End, int Id)> parts)
    {
        var previous = 0;
        for (var from = 0; from < text.Length;)
        {
            var distance = text[from..].IndexOfAny(_firstBytes);
            if (distance < 0)
                break;
            var start = from + distance;
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
                parts.Add((previous, start, Piece.NoToken));
            parts.Add((start, end, id));
            previous = end;
        }
        if (previous < text.Length)
            parts.Add((previous, text.Length, Piece.NoToken));
    }

    private int LongestAt(ReadOnlySpan<byte> text, out int length)
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
