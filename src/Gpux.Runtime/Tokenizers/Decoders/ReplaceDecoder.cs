using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Replaces every match of a string or regular expression in every text.</summary>
internal sealed class ReplaceDecoder(Pattern pattern, byte[] content) : Decoder
{
    private const long RegexSteps = 10_000_000;

    public override void Decode(TokenTexts texts)
    {
        var scratch = new TextScratch { RegexBudget = RegexSteps };
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            if (!pattern.MayMatch(text))
            {
                texts.Write(text);
                texts.End();
                continue;
            }
            scratch.Matches.Clear();
            pattern.FindMatches(text, scratch);
            foreach (var match in scratch.Matches.Matches)
                texts.Write(match.IsMatch ? content : text[match.Start..match.End]);
            texts.End();
        }
        texts.Commit();
    }
}
