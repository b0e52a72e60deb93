using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Rewrites every piece by itself, for a model that has a normalization of its own.</summary>
internal sealed class NormalizingPreTokenizer(Normalizer normalizer) : PreTokenizer
{
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
            normalizer.Normalize(aligned, scratch);
            var start = result.Append(aligned);
            result.Add(new Piece(start, start + aligned.Length, piece.Origin, Piece.NoToken));
        }
        scratch.SwapPieces();
    }
}
