using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Drops white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override bool KeepsStart => !left;

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.Bytes;
        var end = bytes.Length;
        for (var i = end; right && i > 0 && Characters.IsWhiteSpace(Utf8.Previous(bytes, ref i));)
            end = i;
        var (start, leading) = (0, 0);
        for (var i = 0; left && i < end && Characters.IsWhiteSpace(Utf8.Next(bytes, ref i)); leading++)
            start = i;
        if (start == 0 && end == bytes.Length)
            return;
        text.Begin();
        text.EmitUnchanged(bytes[start..end]);
        text.Commit(leading);
    }
}
