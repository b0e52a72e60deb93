using System.Text;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>BERT's cleaning: control characters, spaces around Chinese characters, accents, case.</summary>
/// <remarks>Source: arXiv:1810.04805's tokenizer; the steps and their order are those of tokenizers 0.22.</remarks>
internal sealed class BertNormalizer(bool cleanText, bool handleChineseChars, bool? stripAccents, bool lowercase) : Normalizer
{
    private static readonly UnicodeNormalizer Nfd = new(UnicodeForm.Nfd);
    private static readonly LowercaseNormalizer Lower = new();

    /// <summary>Dropped when cleaning: U+0000, U+FFFD, and categories Cc, Cf and Co but for tab and line ends.</summary>
    private static bool IsDropped(int c) => c < 0x80
        ? c is < 0x20 and not ('\t' or '\n' or '\r') or 0x7F
        : c == 0xFFFD || Characters.Has(c, CharacterFlags.Other);

    /// <summary>The same with the options of a tokenizer class.</summary>
    public BertNormalizer With(bool spacesChinese, bool? stripsAccents, bool lowercases) => new(cleanText, spacesChinese, stripsAccents, lowercases);

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        if (cleanText)
            Clean(text);
        var ascii = Ascii.IsValid(text.Bytes);
        if (handleChineseChars && !ascii)
            SpaceChinese(text);
        if ((stripAccents ?? lowercase) && !ascii)
        {
            Nfd.Normalize(text, scratch);
            CharacterFilter.Drop(text, CharacterFlags.NonspacingMark);
        }
        if (lowercase)
            Lower.Normalize(text, scratch);
    }

    private static void Clean(AlignedText text)
    {
        var bytes = text.Bytes;
        var clean = true;
        for (var i = 0; i < bytes.Length && clean;)
        {
            var c = Utf8.Next(bytes, ref i);
            clean = c < 0x80 ? c is >= ' ' and < 0x7F : c != 0xFFFD && !Characters.Has(c, CharacterFlags.Other | CharacterFlags.WhiteSpace);
        }
        if (clean || CleanInPlace(text))
            return;
        text.Begin();
        var filter = new CharacterFilter(text);
        for (var i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            if (IsDropped(c))
                filter.Drop();
            else
                text.Emit(Characters.IsWhiteSpace(c) ? ' ' : c, 0);
        }
        filter.Commit();
    }

    // Line ends and tabs among ASCII: every character stays where it is.
    private static bool CleanInPlace(AlignedText text)
    {
        var bytes = text.InPlace();
        if (!Ascii.IsValid(bytes))
            return false;
        foreach (var b in bytes)
        {
            if (IsDropped(b))
                return false;
        }
        foreach (ref var b in bytes)
        {
            if (b < ' ')
                b = (byte)' ';
        }
        return true;
    }

    private static void SpaceChinese(AlignedText text)
    {
        var bytes = text.Bytes;
        var found = false;
        for (var i = 0; i < bytes.Length && !found;)
            found = IsChinese(Utf8.Next(bytes, ref i));
        if (!found)
            return;
        text.Begin();
        for (var i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            if (!IsChinese(c))
            {
                text.Emit(c, 0);
                continue;
            }
            text.Emit(' ', 0);
            text.Emit(c, 1);
            text.Emit(' ', 1);
        }
        text.Commit();
    }

    // The blocks that BERT's authors chose; not all of today's CJK extensions.
    private static bool IsChinese(int c) => c >= 0x3400
        && c is <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x2A6DF
            or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0x2F800 and <= 0x2FA1F;
}
