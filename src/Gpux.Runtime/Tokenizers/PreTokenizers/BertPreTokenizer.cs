using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Cuts at white space, which is dropped, and makes every punctuation character a piece.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    public override void PreTokenize(TextScratch scratch)
    {
        var pieces = scratch.Pieces;
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            var text = pieces.TextOf(piece);
            var word = 0;
            for (var i = 0; i < text.Length;)
            {
                var start = i;
                var c = Utf8.Next(text, ref i);
                if (c < 0x80 && char.IsAsciiLetterOrDigit((char)c))
                    continue;
                var space = Characters.IsWhiteSpace(c);
                if (!space && !Characters.IsPunctuation(c))
                    continue;
                pieces.AddPart(piece, piece.Start + word, piece.Start + start);
                if (!space)
                    pieces.AddPart(piece, piece.Start + start, piece.Start + i);
                word = i;
            }
            pieces.AddPart(piece, piece.Start + word, piece.End);
        }
    }
}
