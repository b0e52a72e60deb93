using System.Text;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Drops combining marks; precomposed letters keep theirs.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        if (!Ascii.IsValid(text.Bytes))
            CharacterFilter.Drop(text, CharacterFlags.Mark);
    }
}
