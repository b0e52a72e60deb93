using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Runs of word characters, and runs of what is neither that nor white space.</summary>
internal sealed class WhitespacePreTokenizer : PreTokenizer
{
    public override void PreTokenize(TextScratch scratch)
    {
        var pieces = scratch.Pieces;
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            var text = pieces.TextOf(piece);
            var run = 0;
            var kind = CharacterFlags.WhiteSpace;
            for (var i = 0; i < text.Length;)
            {
                var start = i;
                var flags = Characters.Flags(Utf8.Next(text, ref i));
                var next = flags & (CharacterFlags.WhiteSpace | CharacterFlags.Word);
                if (next == kind)
                    continue;
                if (kind != CharacterFlags.WhiteSpace)
                    pieces.AddPart(piece, piece.Start + run, piece.Start + start);
                (run, kind) = (start, next);
            }
            if (kind != CharacterFlags.WhiteSpace)
                pieces.AddPart(piece, piece.Start + run, piece.End);
        }
    }
}
