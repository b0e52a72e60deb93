using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Writes spaces as a visible character and cuts in front of it, as SentencePiece does.</summary>
internal sealed class MetaspacePreTokenizer(byte[] replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private static readonly LiteralPattern Space = new([(byte)' ']);
    private readonly LiteralPattern _replacement = new(replacement);

    public override bool NeedsOrigin => scheme == PrependScheme.First;

    public override void PreTokenize(TextScratch scratch)
    {
        var (pieces, result, aligned) = (scratch.Pieces, scratch.Spare, scratch.Aligned);
        result.Clear(pieces.IsTracked);
        foreach (var piece in pieces.Pieces)
        {
            if (piece.IsToken)
            {
                result.Append(pieces, piece);
                continue;
            }
            pieces.Load(piece, aligned);
            if (Space.MayMatch(aligned.Bytes))
            {
                scratch.Matches.Clear();
                Space.FindMatches(aligned.Bytes, scratch);
                aligned.Replace(scratch.Matches, replacement);
            }
            if (Prepends(piece) && !aligned.Bytes.StartsWith(replacement))
                aligned.Prepend(replacement);
            var start = result.Append(aligned);
            result.Add(new Piece(start, start + aligned.Length, piece.Origin, Piece.NoToken));
        }
        scratch.SwapPieces();
        if (split)
            SplitPreTokenizer.Split(scratch, _replacement, SplitBehavior.MergedWithNext);
    }

    private bool Prepends(in Piece piece) => scheme switch
    {
        PrependScheme.Always => true,
        PrependScheme.First => piece.Origin == 0,
        _ => false,
    };
}
