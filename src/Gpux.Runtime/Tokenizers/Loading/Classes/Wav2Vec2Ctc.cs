using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Speech;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>The characters that a speech model says, one a frame.</summary>
/// <remarks>Source: transformers 4.57.1, Wav2Vec2CTCTokenizer.</remarks>
internal static class Wav2Vec2Ctc
{
    public static TokenizerParts Read(RepositoryFiles files, TokenizerConfig config, SpecialTokens special)
    {
        var vocabulary = VocabularyJson.Read(files.Get(VocabularyJson.FileName), language: config.Text("target_lang"));
        var delimiter = config.Mentions("word_delimiter_token") ? config.Token("word_delimiter_token", null)?.Content : "|";
        var lowerCase = config.Flag("do_lower_case") ?? false;
        var options = new BpeOptions(System.Text.Encoding.UTF8.GetBytes(special.Unk ?? "<unk>"), [], [], FuseUnknown: false, ByteFallback: false, IgnoreMerges: false);
        var parts = new TokenizerParts(new BpeModel(vocabulary, new MergeTable(0), options, mergesCrossMetaspace: false))
        {
            Normalizer = Normalizer(delimiter, lowerCase),
            PythonSize = vocabulary.Count,
            Template = new TemplateNames(["$A"], ["$A", "$B"]),
            Frames = new CtcCollapse(special.Pad ?? "<pad>", delimiter, config.Text("replace_word_delimiter_char") ?? " ", lowerCase),
        };
        for (var id = 0; id <= vocabulary.LastId; id++)
        {
            // Only a token of several characters needs to be looked for.
            var token = System.Text.Encoding.UTF8.GetString(vocabulary.TokenOf(id));
            if (Utf8.Count(vocabulary.TokenOf(id)) > 1)
                parts.Added.Add(new AddedToken(token, LeftStrip: true, RightStrip: true, Special: special.All.Contains(token)));
        }
        return parts;
    }

    private static SequenceNormalizer Normalizer(string? delimiter, bool lowerCase)
    {
        var parts = new List<Normalizer>();
        // Text may be of either case; the vocabulary is upper case.
        if (lowerCase)
            parts.AddRange([new LowercaseNormalizer(), new UppercaseNormalizer()]);
        if (delimiter is not null)
            parts.Add(new ReplaceNormalizer(new LiteralPattern([(byte)' ']), System.Text.Encoding.UTF8.GetBytes(delimiter)));
        return new SequenceNormalizer(parts);
    }
}
