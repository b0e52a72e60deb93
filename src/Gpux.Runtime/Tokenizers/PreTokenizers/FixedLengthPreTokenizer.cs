using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Pieces of so many characters each; the last one may be shorter.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : PreTokenizer
{
    public override void PreTokenize(TextScratch scratch)
    {
        var pieces = scratch.Pieces;
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            var text = pieces.TextOf(piece);
            for (var i = 0; i < text.Length;)
            {
                var start = i;
                for (var count = 0; count < length && i < text.Length; count++)
                    i += Utf8.LengthOf(text[i]);
                pieces.AddPart(piece, piece.Start + start, piece.Start + i);
            }
        }
    }
}
