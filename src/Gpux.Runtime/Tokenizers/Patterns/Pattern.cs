using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Patterns;

/// <summary>Cuts a text into matches and what lies between them. Instances are immutable and shared between threads.</summary>
internal abstract class Pattern
{
    /// <summary>Adds the parts of <paramref name="text"/>, which is not empty, to the match list of <paramref name="scratch"/>.</summary>
    public abstract void FindMatches(ReadOnlySpan<byte> text, TextScratch scratch);

    /// <summary>False only if no match is possible, found faster than by looking for one.</summary>
    public virtual bool MayMatch(ReadOnlySpan<byte> text) => !text.IsEmpty;
}
