using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>The way of one text to its tokens: added tokens, normalizer, pre-tokenizer, model. Immutable once loaded.</summary>
internal sealed class TextPipeline(Normalizer? normalizer, PreTokenizer? preTokenizer, Model model, AddedVocabulary added)
{
    private const int LongestText = 1 << 28; // UTF-16 units; keeps three bytes for each within an array
    private const int RegexStepsAByte = 1000;
    private const int RegexSteps = 10_000_000;

    // Where an added space depends on a piece's place, and the normalizer moves places, they must be followed.
    private readonly bool _needsTracking = preTokenizer is { NeedsOrigin: true } && normalizer is { KeepsStart: false };

    /// <summary>Whether a token that was found with the space around it is written with that space.</summary>
    public bool WritesSpaces { get; init; } = true;

    public Model Model { get; } = model;

    public AddedVocabulary Added { get; } = added;

    /// <summary>Adds the ids of a text's tokens.</summary>
    public void AppendIds(ReadOnlySpan<char> text, PipelineScratch scratch, IdList ids)
    {
        Cut(text, _needsTracking, scratch);
        var pieces = scratch.Text.Pieces;
        var tokens = scratch.Model.Tokens;
        foreach (ref readonly var piece in pieces.Pieces)
        {
            if (piece.IsToken)
            {
                ids.Add(piece.Token);
                continue;
            }
            tokens.Clear(keepsTexts: false);
            Model.Tokenize(pieces.TextOf(piece), scratch.Model);
            var found = tokens.Tokens;
            var into = ids.Extend(found.Length);
            for (var i = 0; i < found.Length; i++)
                into[i] = found[i].Id;
        }
    }

    /// <summary>Adds the tokens of a text to the scratch's row.</summary>
    /// <param name="word">The number of the word that the text is; -1: words are the pre-tokenizer's pieces.</param>
    public void AppendEntries(ReadOnlySpan<char> text, PipelineScratch scratch, int word, int sequence, bool withOffsets)
    {
        var utf8 = Cut(text, withOffsets || _needsTracking, scratch);
        if (withOffsets)
            scratch.Offsets.Load(utf8);
        var pieces = scratch.Text.Pieces;
        var tokens = scratch.Model.Tokens;
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces.Pieces[i];
            var wordOfPiece = word < 0 ? i : word;
            if (piece.IsToken)
            {
                var written = withOffsets && WritesSpaces ? WrittenAs(pieces.TextOf(piece), piece.Token) : null;
                Add(scratch, piece, new TokenList.Token(piece.Token, 0, piece.End - piece.Start), wordOfPiece, sequence, withOffsets, written);
                continue;
            }
            tokens.Clear(keepsTexts: withOffsets);
            Model.Tokenize(pieces.TextOf(piece), scratch.Model);
            var found = tokens.Tokens;
            for (var t = 0; t < found.Length; t++)
            {
                var written = tokens.Texts.Count == 0 ? null : tokens.Texts.GetValueOrDefault(t);
                Add(scratch, piece, found[t], wordOfPiece, sequence, withOffsets, written);
            }
        }
    }

    private ReadOnlySpan<byte> Cut(ReadOnlySpan<char> text, bool tracked, PipelineScratch scratch)
    {
        if (text.Length > LongestText)
            throw new ArgumentException($"A text may have at most {LongestText} characters, not {text.Length}.", nameof(text));
        scratch.ReserveUtf8(System.Text.Encoding.UTF8.GetMaxByteCount(text.Length));
        var utf8 = scratch.Utf8.AsSpan(0, System.Text.Encoding.UTF8.GetBytes(text, scratch.Utf8));
        scratch.Text.RegexBudget = RegexSteps + (long)utf8.Length * RegexStepsAByte;
        Added.Split(utf8, normalizer, tracked, scratch.Text, scratch.Parts);
        preTokenizer?.PreTokenize(scratch.Text);
        return utf8;
    }

    private string? WrittenAs(ReadOnlySpan<byte> text, int id)
    {
        var written = System.Text.Encoding.UTF8.GetString(text);
        return Added.TokenOf(id)?.Content == written ? null : written;
    }

    private static void Add(
        PipelineScratch scratch, in Piece piece, TokenList.Token token, int word, int sequence, bool withOffsets, string? written)
    {
        var pieces = scratch.Text.Pieces;
        var (utf16, codePoints) = (default(TextRange), default(TextRange));
        if (withOffsets)
        {
            // An empty token, or one that seems to reach over its piece, has no origin: the reference says this of it.
            var (start, end) = (token.Start, token.End);
            if (start == end)
                (start, end) = (piece.Origin + start, piece.Origin + start);
            else if (piece.Start + end <= piece.End)
                (start, end) = (pieces.Starts[piece.Start + start], pieces.Ends[piece.Start + end - 1]);
            (utf16, codePoints) = scratch.Offsets.Convert(start, end);
        }
        scratch.Row.Add(new TokenEntry(token.Id, sequence, utf16, codePoints, word, sequence, false, false, written));
    }
}
