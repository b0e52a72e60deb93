using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Pre-tokenizers one after the other, each on the pieces of the one before.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public IReadOnlyList<PreTokenizer> Parts { get; } = parts;

    public override bool NeedsOrigin
    {
        get
        {
            foreach (var part in Parts)
            {
                if (part.NeedsOrigin)
                    return true;
            }
            return false;
        }
    }

    public override void PreTokenize(TextScratch scratch)
    {
        foreach (var part in Parts)
            part.PreTokenize(scratch);
    }
}
