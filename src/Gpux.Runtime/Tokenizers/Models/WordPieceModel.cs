using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The longest token first, then the longest that continues the word, and so on.</summary>
/// <remarks>Source: arXiv:1609.08144 as BERT applies it. A word with a part that no token covers is unknown as a whole.</remarks>
internal sealed class WordPieceModel(Vocabulary vocabulary, byte[] unknownToken, byte[] continuingPrefix, int longestWord)
    : Model(vocabulary)
{
    private readonly int _unknown = vocabulary.Find(unknownToken);

    public override bool HasSubwordPrefix => continuingPrefix.Length > 0;

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        var tokens = scratch.Tokens;
        var first = tokens.Count;
        var known = Utf8.Count(piece) <= longestWord;
        for (var start = 0; start < piece.Length && known;)
        {
            var id = FindLongest(piece[start..], start == 0 ? [] : continuingPrefix, scratch, out var length);
            known = id >= 0;
            if (known)
                tokens.Add(id, start, start + length);
            start += length;
        }
        if (known)
            return;
        tokens.Truncate(first);
        tokens.Add(_unknown >= 0 ? _unknown : throw new MissingUnknownTokenException(), 0, piece.Length);
    }

    private int FindLongest(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> prefix, ModelScratch scratch, out int length)
    {
        var most = Math.Min(rest.Length, Math.Max(0, Vocabulary.LongestToken - prefix.Length));
        scratch.ReserveBytes(prefix.Length + most);
        var token = scratch.Bytes;
        var hashes = scratch.Hashes;
        prefix.CopyTo(token);
        rest[..most].CopyTo(token.AsSpan(prefix.Length));
        var hash = new Vocabulary.RollingHash();
        for (var i = 0; i < prefix.Length + most; i++)
        {
            hash.Add(token[i]);
            hashes[i] = hash.Value;
        }
        for (length = most; length > 0; length--)
        {
            // Tokens are whole characters, so only places between characters can end one.
            if (length < rest.Length && (rest[length] & 0xC0) == 0x80)
                continue;
            var end = prefix.Length + length;
            if (Vocabulary.Find(token.AsSpan(0, end), hashes[end - 1]) is var id and >= 0)
                return id;
        }
        return -1;
    }
}
