using Gpux.Runtime.Tokenizers.SentencePiece;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>Classes that take pieces and ids from a SentencePiece model as they are.</summary>
/// <remarks>Source: transformers 4.57.1, SpeechT5Tokenizer and BertGenerationTokenizer.</remarks>
internal static class SentencePieceOnly
{
    public static TokenizerParts SpeechT5(RepositoryFiles files, TokenizerConfig config, SpecialTokens special)
    {
        if (config.Flag("normalize") == true)
            throw new UnsupportedTokenizerException("a SpeechT5Tokenizer that writes numbers as words");
        var eos = special.Eos ?? "</s>";
        return Read(files, config, special, SpecialSpacing.BeforeText, TemplateNames.Ended(eos));
    }

    public static TokenizerParts BertGeneration(RepositoryFiles files, TokenizerConfig config, SpecialTokens special) =>
        Read(files, config, special, SpecialSpacing.None, new TemplateNames(["$A"], ["$A", "$B"]));

    private static TokenizerParts Read(
        RepositoryFiles files, TokenizerConfig config, SpecialTokens special, SpecialSpacing spacing, TemplateNames template)
    {
        var name = files.FirstOf("spm_char.model", "spiece.model") ?? throw new TokenizerNotFoundException();
        var file = SentencePieceFile.Read(files.Get(name), name);
        var (preTokenizer, model) = SentencePieceTokens.Of(file, name, null, file.UnknownId);
        return new TokenizerParts(model)
        {
            PreTokenizer = preTokenizer,
            Decoder = new SentencePieceDecoder(file, model.Vocabulary, Translation.SpecialSet(config, special), spacing),
            PythonSize = file.Count,
            Template = template,
        };
    }
}
