using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Replaces every match of a string or regular expression by fixed text.</summary>
internal sealed class ReplaceNormalizer(Pattern pattern, byte[] content) : Normalizer
{
    // What replaces a match comes from the match's last character; only for one character is that also its first.
    public override bool KeepsStart => pattern is LiteralPattern { IsOneCharacter: true } && content.Length > 0;

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        if (!pattern.MayMatch(text.Bytes))
            return;
        scratch.Matches.Clear();
        pattern.FindMatches(text.Bytes, scratch);
        text.Replace(scratch.Matches, content);
    }
}
