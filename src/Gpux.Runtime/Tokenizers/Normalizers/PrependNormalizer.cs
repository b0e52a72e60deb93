using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Puts a string in front of text that is not empty.</summary>
internal sealed class PrependNormalizer(byte[] prefix) : Normalizer
{
    public override bool KeepsStart => true;

    public override void Normalize(AlignedText text, TextScratch scratch) => text.Prepend(prefix);
}
