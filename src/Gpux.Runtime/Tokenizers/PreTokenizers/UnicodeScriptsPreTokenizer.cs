using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Cuts where the script changes; kana count as Han, and spaces belong to what is before them.</summary>
/// <remarks>Source: SentencePiece's split_by_unicode_script, in the form of tokenizers 0.22: what comes before the first
/// character of a script is dropped.</remarks>
internal sealed class UnicodeScriptsPreTokenizer : PreTokenizer
{
    private const int Any = 0;
    private const int ProlongedSoundMark = 0x30FC;

    public override void PreTokenize(TextScratch scratch)
    {
        var pieces = scratch.Pieces;
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            var text = pieces.TextOf(piece);
            var last = -1;
            var part = -1;
            for (var i = 0; i < text.Length;)
            {
                var start = i;
                var script = ScriptOf(Utf8.Next(text, ref i));
                if (script != Any && last != script)
                {
                    if (part >= 0)
                        pieces.AddPart(piece, piece.Start + part, piece.Start + start);
                    part = start;
                }
                if (script != Any)
                    last = script;
            }
            if (part >= 0)
                pieces.AddPart(piece, piece.Start + part, piece.End);
        }
    }

    private static int ScriptOf(int c)
    {
        if (c == ' ')
            return Any;
        var script = Characters.ScriptOfVersion9(c);
        return c == ProlongedSoundMark || script is UnicodeData.Hiragana9 or UnicodeData.Katakana9 ? UnicodeData.Han9 : script;
    }
}
