using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Cuts pieces into smaller ones, which the model then sees one by one. Immutable and shared between threads.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Whether the result depends on where in the original text a piece starts.</summary>
    public virtual bool NeedsOrigin => false;

    /// <summary>Works on all pieces of <see cref="TextScratch.Pieces"/> that are not added tokens.</summary>
    public abstract void PreTokenize(TextScratch scratch);
}
