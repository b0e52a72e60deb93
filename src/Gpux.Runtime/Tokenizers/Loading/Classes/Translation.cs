using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.SentencePiece;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>Translation models that cut with SentencePiece and take their ids from a vocab.json.</summary>
/// <remarks>Source: transformers 4.57.1, MarianTokenizer and M2M100Tokenizer.</remarks>
internal static class Translation
{
    private const string SourceFile = "source.spm";
    private const string TargetFile = "target.spm";

    // In the order of their ids.
    private const string M2M100Languages =
        "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy id ig ilo is it ja jv ka kk km kn ko lb lg "
        + "ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or pa pl ps pt ro ru sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu";

    private const string Wmt21Languages = "en ha is ja cs ru zh de";

    public static TokenizerParts Marian(RepositoryFiles files, TokenizerConfig config, SpecialTokens special)
    {
        if (config.Flag("separate_vocabs") == true)
            throw new UnsupportedTokenizerException("a MarianTokenizer with separate vocabularies");
        var vocabulary = VocabularyJson.Read(files.Get(VocabularyJson.FileName));
        var unknown = UnknownOf(vocabulary, special);
        var source = Cutter(files, SourceFile, vocabulary, unknown, out _);
        var target = Cutter(files, TargetFile, vocabulary, unknown, out var targetFile);
        return new TokenizerParts(source.Model)
        {
            PreTokenizer = source.PreTokenizer,
            Target = target,
            Decoder = new SentencePieceDecoder(targetFile, SentencePieceTokens.All(targetFile), SpecialSet(config, special), SpecialSpacing.Behind),
            PythonSize = vocabulary.Count,
            Template = TemplateNames.Ended(special.Eos ?? "</s>"),
        };
    }

    public static TokenizerParts M2M100(RepositoryFiles files, TokenizerConfig config, SpecialTokens special)
    {
        var vocabulary = VocabularyJson.Read(files.Get(VocabularyJson.FileName));
        var size = vocabulary.Count;
        var unknown = UnknownOf(vocabulary, special);
        var languages = (config.Text("language_codes") ?? "m2m100") switch
        {
            "m2m100" => M2M100Languages,
            "wmt21" => Wmt21Languages,
            var codes => throw new UnsupportedTokenizerException($"the language codes '{codes}'"),
        };
        var id = size;
        foreach (var language in languages.Split(' '))
            vocabulary.Add(System.Text.Encoding.UTF8.GetBytes(TokenOf(language)), id++);
        var name = files.FirstOf("sentencepiece.bpe.model", "spm.model") ?? throw new TokenizerNotFoundException();
        var (preTokenizer, model) = Cutter(files, name, vocabulary, unknown, out var file);
        var parts = new TokenizerParts(model)
        {
            PreTokenizer = preTokenizer,
            Decoder = new SentencePieceDecoder(file, SentencePieceTokens.All(file), SpecialSet(config, special), SpecialSpacing.None),
            PythonSize = size,
            LanguageToken = TokenOf,
        };
        var eos = special.Eos ?? "</s>";
        parts.Template = InLanguage(TokenOf(config.Text("src_lang") ?? "en"), eos);
        parts.ForLanguage = language => parts.Added.Find(TokenOf(language)) >= 0
            ? InLanguage(TokenOf(language), eos).Resolve(parts.Added.Find)
            : throw new ArgumentException($"The tokenizer has no language '{language}'.", nameof(language));
        return parts;

        static string TokenOf(string language) => $"__{language}__";
        static TemplateNames InLanguage(string mark, string eos) => new([mark, "$A", eos], [mark, "$A", "$B", eos]);
    }

    /// <summary>Special tokens by their texts.</summary>
    public static HashSet<string> SpecialSet(TokenizerConfig config, SpecialTokens special)
    {
        var set = new HashSet<string>(special.All, StringComparer.Ordinal);
        foreach (var token in config.AdditionalTokens())
            set.Add(token.Content);
        return set;
    }

    private static (PreTokenizer PreTokenizer, Model Model) Cutter(
        RepositoryFiles files, string name, Vocabulary vocabulary, int unknown, out SentencePieceFile file)
    {
        file = SentencePieceFile.Read(files.Get(name), name);
        var (preTokenizer, model) = SentencePieceTokens.Of(file, name, vocabulary, unknown);
        var isMarian = name is SourceFile or TargetFile;
        return (isMarian ? new SequencePreTokenizer([new LanguageMarkPreTokenizer(vocabulary, unknown), preTokenizer]) : preTokenizer, model);
    }

    private static int UnknownOf(Vocabulary vocabulary, SpecialTokens special) =>
        vocabulary.Find(System.Text.Encoding.UTF8.GetBytes(special.Unk ?? "<unk>")) is var id and >= 0
            ? id
            : throw new InvalidTokenizerException(VocabularyJson.FileName, $"it lacks '{special.Unk}'");
}
