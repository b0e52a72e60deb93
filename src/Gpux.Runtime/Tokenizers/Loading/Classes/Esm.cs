using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>Amino acids of a protein, which need no spaces between them.</summary>
/// <remarks>Source: transformers 4.57.1, EsmTokenizer.</remarks>
internal static class Esm
{
    public static TokenizerParts Read(RepositoryFiles files, SpecialTokens special)
    {
        var vocabulary = VocabularyText.Read(files.Get(VocabularyText.FileName), strips: true);
        var tokens = new List<AddedTokenMatcher.Candidate>();
        for (var id = 0; id <= vocabulary.LastId; id++)
        {
            if (vocabulary.TokenOf(id).ToArray() is { Length: > 0 } token)
                tokens.Add(new AddedTokenMatcher.Candidate(id, new AddedToken(System.Text.Encoding.UTF8.GetString(token)), token));
        }
        if (AddedTokenMatcher.Create(tokens) is not { } matcher)
            throw new InvalidTokenizerException(VocabularyText.FileName, "it has no tokens");
        var (cls, eos) = (special.Cls ?? "<cls>", special.Eos ?? "<eos>");
        var sep = special.Sep ?? eos;
        return new TokenizerParts(new WordLevelModel(vocabulary, System.Text.Encoding.UTF8.GetBytes(special.Unk ?? "<unk>")))
        {
            PreTokenizer = new SequencePreTokenizer(
                [new TokenSplitPreTokenizer(matcher), new SplitPreTokenizer(CharacterPattern.WhiteSpace, SplitBehavior.Removed)]),
            PythonSize = vocabulary.Count,
            Template = new TemplateNames([cls, "$A", sep], [cls, "$A", sep, "$B", sep]),
        };
    }
}
