using System.Text;
using Gpux.Runtime.Tokenizers.Text;
using Utf8 = Gpux.Runtime.Tokenizers.Unicode.Utf8;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Upper case, character by character; a sharp s and Latin ligatures become letters of their own.</summary>
internal sealed class UppercaseNormalizer : Normalizer
{
    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.InPlace();
        if (Ascii.IsValid(bytes))
        {
            Ascii.ToUpperInPlace(bytes, out _);
            return;
        }
        text.Begin();
        for (var i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            var several = SeveralOf(c);
            if (several.Length == 0)
                text.Emit(Rune.ToUpperInvariant(new Rune(c)).Value, 0);
            for (var n = 0; n < several.Length; n++)
                text.Emit(several[n], n == 0 ? 0 : 1);
        }
        text.Commit();
    }

    // Source: SpecialCasing.txt of Unicode 16, the unconditional mappings of Latin and Armenian.
    private static string SeveralOf(int c) => c switch
    {
        0xDF => "SS",
        0x149 => "ʼN",
        0x1F0 => "J̌",
        0x587 => "ԵՒ",
        0x1E96 => "H̱",
        0x1E97 => "T̈",
        0x1E98 => "W̊",
        0x1E99 => "Y̊",
        0x1E9A => "Aʾ",
        0xFB00 => "FF",
        0xFB01 => "FI",
        0xFB02 => "FL",
        0xFB03 => "FFI",
        0xFB04 => "FFL",
        0xFB05 or 0xFB06 => "ST",
        _ => "",
    };
}
