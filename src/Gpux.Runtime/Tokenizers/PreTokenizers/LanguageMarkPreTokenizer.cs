using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Takes Marian's <c>&gt;&gt;lang&lt;&lt;</c> out of a text: in front it is a token, elsewhere it is dropped.</summary>
/// <remarks>Source: transformers 4.57.1, MarianTokenizer.remove_language_code, whose pattern reaches to the last mark of a line.</remarks>
internal sealed class LanguageMarkPreTokenizer(Vocabulary vocabulary, int unknown) : PreTokenizer
{
    private static ReadOnlySpan<byte> Open => ">>"u8;

    private static ReadOnlySpan<byte> Close => "<<"u8;

    public override void PreTokenize(TextScratch scratch)
    {
        var (pieces, result, aligned) = (scratch.Pieces, scratch.Spare, scratch.Aligned);
        var found = false;
        foreach (var piece in pieces.Pieces)
            found |= !piece.IsToken && MarkIn(pieces.TextOf(piece), 0).Length > 0;
        if (!found)
            return;
        result.Clear(pieces.IsTracked);
        foreach (var piece in pieces.Pieces)
        {
            if (piece.IsToken)
            {
                result.Append(pieces, piece);
                continue;
            }
            var text = pieces.TextOf(piece);
            if (MarkIn(text, 0) is { Start: 0, Length: > 0 } first)
            {
                var mark = text[..first.Length];
                result.Append(pieces, piece with { End = piece.Start + first.Length, Token = vocabulary.Find(mark) is var id and >= 0 ? id : unknown });
            }
            pieces.Load(piece, aligned);
            scratch.Matches.Clear();
            for (var at = 0; MarkIn(text, at) is { Length: > 0 } next; at = next.Start + next.Length)
                scratch.Matches.Add(next.Start, next.Start + next.Length, isMatch: true);
            aligned.Replace(scratch.Matches, []);
            var start = result.Append(aligned);
            result.Add(new Piece(start, start + aligned.Length, piece.Origin, Piece.NoToken));
        }
        scratch.SwapPieces();
    }

    private static (int Start, int Length) MarkIn(ReadOnlySpan<byte> text, int from)
    {
        for (var start = from; start < text.Length;)
        {
            var distance = text[start..].IndexOf(Open);
            if (distance < 0)
                return default;
            start += distance;
            var line = text[start..];
            var end = line.IndexOf((byte)'\n');
            var last = (end < 0 ? line : line[..end]).LastIndexOf(Close);
            // At least one character stands between both.
            if (last > Open.Length)
                return (start, last + Close.Length);
            start += end < 0 ? line.Length : end;
        }
        return default;
    }
}
