using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Rewrites text before it is cut. Instances are immutable and shared between threads.</summary>
internal abstract class Normalizer
{
    /// <summary>Whether what comes first in the result always comes from what came first in the text.</summary>
    public virtual bool KeepsStart => false;

    public abstract void Normalize(AlignedText text, TextScratch scratch);
}
