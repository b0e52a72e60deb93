using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Cuts out tokens of the vocabulary that are never divided or joined: ESM's amino acids, symbols that a SentencePiece user defined.</summary>
internal sealed class TokenSplitPreTokenizer(AddedTokenMatcher tokens) : PreTokenizer
{
    public override void PreTokenize(TextScratch scratch)
    {
        var pieces = scratch.Pieces;
        var parts = new PartList();
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            parts.Clear();
            tokens.Find(pieces.TextOf(piece), parts);
            for (var i = 0; i < parts.Count; i++)
            {
                var (start, end, id) = parts[i];
                pieces.AddPart(piece, piece.Start + start, piece.Start + end, id);
            }
        }
    }
}
