using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Normalizers one after the other.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    public override bool KeepsStart
    {
        get
        {
            foreach (var part in parts)
            {
                if (!part.KeepsStart)
                    return false;
            }
            return true;
        }
    }

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        foreach (var part in parts)
            part.Normalize(text, scratch);
    }
}
