using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Drops control characters and turns other white space into spaces, as SentencePiece's nmt rules do.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.Bytes;
        text.Begin();
        var filter = new CharacterFilter(text);
        for (var i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            if (c is >= 0x01 and <= 0x08 or 0x0B or >= 0x0E and <= 0x1F or 0x7F or 0x8F or 0x9F)
                filter.Drop();
            else
                text.Emit(IsSpace(c) ? ' ' : c, 0);
        }
        filter.Commit();
    }

    private static bool IsSpace(int c) =>
        c is 0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or >= 0x200B and <= 0x200F or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
}
