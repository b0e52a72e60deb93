using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PostProcessors;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Tokenizers of repositories from before tokenizer.json: the class knows what the files do not say.</summary>
/// <remarks>Source: transformers 4.57.1, convert_slow_tokenizer.</remarks>
internal static class PlainVocabulary
{
    private const string ClipWords = @"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
    private const string Qwen2Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>A vocab.txt: a token a line.</summary>
    public static TokenizerParts WordPiece(ReadOnlySpan<byte> file, TokenizerConfig config, SpecialTokens special)
    {
        var name = config.ClassName;
        if (name.Length > 0 && !TokenizerClasses.IsBertLike(name))
            throw new UnsupportedTokenizerException($"the class '{config.Class}' without a tokenizer.json");
        var vocabulary = VocabularyText.Read(file);
        var unknown = System.Text.Encoding.UTF8.GetBytes(special.Unk ?? "[UNK]");
        var parts = new TokenizerParts(new WordPieceModel(vocabulary, unknown, "##"u8.ToArray(), longestWord: 100))
        {
            Normalizer = new BertNormalizer(true, config.Flag("tokenize_chinese_chars") ?? true, config.Flag("strip_accents"), config.Flag("do_lower_case") ?? true),
            PreTokenizer = new BertPreTokenizer(),
            Decoder = new WordPieceDecoder("##"u8.ToArray(), cleanUp: true),
            CleanUpSpaces = true,
        };
        var cls = Token(vocabulary, special.Cls ?? "[CLS]");
        var sep = Token(vocabulary, special.Sep ?? "[SEP]");
        parts.PostProcessor = PostProcessor.Bert(name == "FunnelTokenizer" ? cls with { TypeId = 2 } : cls, sep);
        if (name == "SplinterTokenizer")
        {
            const string QuestionToken = "[QUESTION]";
            var question = Token(vocabulary, config.Text("question_token") ?? QuestionToken);
            var dot = Token(vocabulary, ".");
            parts.Added.Add(new AddedToken(question.Tokens[0], Special: true));
            parts.PostProcessor = parts.PostProcessor with
            {
                // The question is the text that is not cut: the other one, where padding comes first.
                Pair = config.Text("padding_side") == "left"
                    ? [cls, TemplatePart.Text(0, 0), sep, TemplatePart.Text(1, 1), question, dot, sep with { TypeId = 1 }]
                    : [cls, TemplatePart.Text(0, 0), question, dot, sep, TemplatePart.Text(1, 1), sep with { TypeId = 1 }],
            };
        }
        if (name == "MPNetTokenizer")
        {
            parts.PostProcessor = parts.PostProcessor with
            {
                Pair = [cls, TemplatePart.Text(0, 0), sep, sep, TemplatePart.Text(1, 1), sep with { TypeId = 1 }],
            };
        }
        return parts;
    }

    /// <summary>A vocab.json and a merges.txt: a pair of tokens a line.</summary>
    public static TokenizerParts Bpe(ReadOnlySpan<byte> vocabularyFile, ReadOnlySpan<byte> mergesFile, TokenizerConfig config, SpecialTokens special)
    {
        var name = config.ClassName;
        var vocabulary = VocabularyJson.Read(vocabularyFile);
        var merges = ReadMerges(mergesFile, vocabulary, out var crossMetaspace);
        var suffix = name is "CLIPTokenizer" or "OpenAIGPTTokenizer" or "HerbertTokenizer" ? "</w>"u8.ToArray() : [];
        var unknown = suffix.Length > 0 && special.Unk is not null ? System.Text.Encoding.UTF8.GetBytes(special.Unk) : null;
        var model = new BpeModel(vocabulary, merges, new BpeOptions(unknown, [], suffix, false, false, false), crossMetaspace);
        var prefixSpace = config.Flag("add_prefix_space") ?? TokenizerClasses.AddsPrefixSpace(name);
        var parts = new TokenizerParts(model)
        {
            PreTokenizer = new ByteLevelPreTokenizer(prefixSpace, useRegex: true),
            Decoder = new ByteLevelDecoder(),
        };
        switch (name)
        {
            case "GPT2Tokenizer" or "CodeGenTokenizer" or "":
                if (config.Flag("add_bos_token") == true)
                {
                    var bos = Token(vocabulary, special.Bos ?? "<|endoftext|>");
                    parts.PostProcessor = PostProcessor.None with
                    {
                        Single = [bos, .. PostProcessor.None.Single],
                        Pair = [bos, .. PostProcessor.None.Pair],
                    };
                }
                return parts;
            case "Qwen2Tokenizer":
                parts.Normalizer = new UnicodeNormalizer(UnicodeForm.Nfc);
                parts.PreTokenizer = new SequencePreTokenizer(
                [
                    new SplitPreTokenizer(RegexPattern.Parse(Qwen2Words), SplitBehavior.Isolated),
                    new ByteLevelPreTokenizer(prefixSpace, useRegex: false),
                ]);
                return parts;
            case "CLIPTokenizer":
                parts.Normalizer = new SequenceNormalizer(
                    [new UnicodeNormalizer(UnicodeForm.Nfc), new ReplaceNormalizer(RegexPattern.Parse(@"\s+"), " "u8.ToArray()), new LowercaseNormalizer()]);
                parts.PreTokenizer = new SequencePreTokenizer(
                [
                    new SplitPreTokenizer(RegexPattern.Parse(ClipWords), SplitBehavior.Removed, invert: true),
                    new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true),
                ]);
                parts.PostProcessor = PostProcessor.Roberta(
                    Token(vocabulary, special.Bos ?? "<|startoftext|>"), Token(vocabulary, special.Eos ?? "<|endoftext|>"), trimOffsets: false, addPrefixSpace: false);
                return parts;
            case "OpenAIGPTTokenizer":
                parts.Normalizer = new BertNormalizer(true, true, null, true);
                parts.PreTokenizer = new BertPreTokenizer();
                parts.Decoder = new BpeDecoder(suffix);
                return parts;
            case "HerbertTokenizer":
                parts.Normalizer = new BertNormalizer(true, true, stripAccents: false, lowercase: false);
                parts.PreTokenizer = new BertPreTokenizer();
                parts.Decoder = new BpeDecoder(suffix);
                parts.PostProcessor = PostProcessor.Bert(Token(vocabulary, special.Cls ?? "<s>"), Token(vocabulary, special.Sep ?? "</s>"));
                return parts;
            case "BlenderbotTokenizer":
                parts.PostProcessor = PostProcessor.None with
                {
                    Single = [TemplatePart.Text(0, 0), Token(vocabulary, special.Eos ?? "</s>")],
                };
                return parts;
            case "DebertaTokenizer":
                parts.PostProcessor = PostProcessor.Bert(Token(vocabulary, "[CLS]"), Token(vocabulary, "[SEP]"));
                return parts;
            default:
                if (!TokenizerClasses.IsRobertaLike(name))
                    throw new UnsupportedTokenizerException($"the class '{config.Class}' without a tokenizer.json");
                parts.PostProcessor = PostProcessor.Roberta(
                    Token(vocabulary, special.Cls ?? "<s>"), Token(vocabulary, special.Sep ?? "</s>"), trimOffsets: true, prefixSpace);
                return parts;
        }
    }

    private static MergeTable ReadMerges(ReadOnlySpan<byte> file, Vocabulary vocabulary, out bool crossMetaspace)
    {
        var table = new MergeTable(vocabulary.Count);
        crossMetaspace = false;
        for (var rank = 0; !file.IsEmpty;)
        {
            var line = VocabularyText.NextLine(ref file);
            if (line.IsEmpty || line.StartsWith("#version"u8))
                continue;
            var space = line.IndexOf((byte)' ');
            if (space < 0)
                throw new InvalidTokenizerException("merges.txt", $"merge {rank} is no pair of tokens");
            Merges.Add(table, vocabulary, line[..space], line[(space + 1)..], rank++, 0, "merges.txt", ref crossMetaspace);
        }
        return table;
    }

    private static TemplatePart Token(Vocabulary vocabulary, string token) =>
        vocabulary.Find(System.Text.Encoding.UTF8.GetBytes(token)) is var id and >= 0
            ? TemplatePart.Token(id, token, 0)
            : throw new InvalidTokenizerException("vocab", $"it lacks '{token}', which is put around texts");
}
