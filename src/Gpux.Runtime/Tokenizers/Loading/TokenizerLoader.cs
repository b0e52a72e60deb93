using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.PostProcessors;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Puts a tokenizer together from the files of a repository, as transformers' AutoTokenizer does.</summary>
/// <remarks>Source: transformers 4.57.1; what version 5 changes for published repositories is no reference.</remarks>
internal static class TokenizerLoader
{
    public static TokenizerParts Load(Func<string, string?> pathOf) => Load(new RepositoryFiles(pathOf));

    public static TokenizerParts Load(RepositoryFiles files)
    {
        var config = TokenizerConfig.Read(files);
        var name = config.ClassName;
        var special = SpecialTokensOf(config, name);
        var parts = ReadPartsSafely(files, config, special);
        if (parts.StatedPad is { } pad && special.Roles.Pad is null && !config.Mentions("pad_token"))
            special = new SpecialTokenList(special.Roles with { Pad = pad }, [.. special.All, new AddedToken(pad, Special: true)]);
        parts.Class = config.Class;
        parts.Special = special.Roles;
        parts.ModelMaxLength = config.ModelMaxLength;
        parts.CleanUpSpaces = config.Flag("clean_up_tokenization_spaces") ?? parts.CleanUpSpaces;
        // Version 5 of transformers, which marks what it writes so, does not tidy after BPE.
        parts.CanCleanUp = config.Text("backend") != "tokenizers" || parts.Model is not BpeModel;
        if (!TokenizerClasses.MakesTypeIds(name))
            parts.ModelInputNames = ["input_ids", "attention_mask"];
        if (config.TextList("model_input_names") is { Count: > 0 } names)
            parts.ModelInputNames = names;
        parts.PaddingTypeId = config.Number("pad_token_type_id", name == "XLNetTokenizer" ? 3 : 0);
        parts.PaddingSide = SideOf(config, "padding_side", TokenizerClasses.PaddingSide(name) ?? parts.PaddingSide);
        parts.TruncationSide = SideOf(config, "truncation_side", parts.TruncationSide);
        AddTokens(parts, config, special);
        parts.Added.FindsSpecial = config.Flag("split_special_tokens") != true;
        if (parts.Template is { } template)
            parts.PostProcessor = template.Resolve(parts.Added.Find);
        ApplyClass(parts, config, name);
        if (name == "WhisperTokenizer")
            parts.Whisper = WhisperTokens.Of(parts.Added, files);
        if (parts.PythonSize is { } size && parts.Decoder is { } decoder)
            parts.Decoder = new RunDecoder(AloneTokens(parts, special, size), decoder);
        parts.PreTokenizer = TokenizerJson.ForModel(parts.PreTokenizer, parts.Model);
        return parts;
    }

    private static TokenizerParts ReadPartsSafely(RepositoryFiles files, TokenizerConfig config, SpecialTokenList special)
    {
        try
        {
            return ReadParts(files, config, special);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidTokenizerException("the vocabulary", damage.Message, damage);
        }
    }

    private static TokenizerParts ReadParts(RepositoryFiles files, TokenizerConfig config, SpecialTokenList special)
    {
        TokenizerClasses.RequireKnownWords(config);
        if (files.Find(TokenizerJson.FileName) is { } json)
            return TokenizerJson.Read(json);
        if (TokenizerClasses.ReadPython(config.ClassName, files, config, special.Roles) is { } python)
            return python;
        if (files.FindText(VocabularyText.FileName) is { } vocabulary)
            return PlainVocabulary.WordPiece(vocabulary, config, special.Roles);
        if (files.FindText(VocabularyJson.FileName) is { } tokens && files.FindText("merges.txt") is { } merges)
            return PlainVocabulary.Bpe(tokens, merges, config, special.Roles);
        foreach (var name in (string[])["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model", "sentencepiece.model"])
        {
            if (files.Find(name) is { } model && !TiktokenFile.IsOne(model))
                return SentencePieceConversion.Read(model, name, config, special.Roles);
        }
        if (files.FirstOf(TiktokenFile.Names) is { } ranks)
            return TiktokenFile.Read(files.Get(ranks), ranks, config);
        throw new TokenizerNotFoundException();
    }

    private static TokenSide SideOf(TokenizerConfig config, string name, TokenSide otherwise) => config.Text(name) switch
    {
        null => otherwise,
        "left" => TokenSide.Left,
        "right" => TokenSide.Right,
        var side => throw new InvalidTokenizerException(TokenizerConfig.FileName, $"'{name}' is '{side}'"),
    };

    private static SpecialTokenList SpecialTokensOf(TokenizerConfig config, string name)
    {
        var list = new List<AddedToken>();
        var roles = new SpecialTokens
        {
            Bos = Role("bos_token"),
            Eos = Role("eos_token"),
            Unk = Role("unk_token"),
            Sep = Role("sep_token"),
            Pad = Role("pad_token"),
            Cls = Role("cls_token"),
            Mask = Role("mask_token"),
        };
        list.AddRange(config.AdditionalTokens());
        var known = new HashSet<string>(list.ConvertAll(token => token.Content), StringComparer.Ordinal);
        foreach (var token in SentencePieceConversion.AdditionalTokens(config))
        {
            if (known.Add(token))
                list.Add(new AddedToken(token, Special: true));
        }
        return new SpecialTokenList(roles, list);

        string? Role(string role)
        {
            if (config.Token(role, TokenizerClasses.DefaultToken(name, role)) is not { } token)
                return null;
            list.Add(token);
            return token.Content;
        }
    }

    private static void AddTokens(TokenizerParts parts, TokenizerConfig config, SpecialTokenList special)
    {
        foreach (var token in config.Added)
        {
            var isSpecial = token.Special || special.Contains(token.Content);
            parts.Added.Add(token with { Special = isSpecial });
        }
        foreach (var token in special.All)
        {
            if (!parts.Added.Ids.ContainsKey(token.Content))
                parts.Added.Add(token);
        }
    }

    // Added tokens that the Python classes decode apart from the text around them.
    private static HashSet<string> AloneTokens(TokenizerParts parts, SpecialTokenList special, int size)
    {
        var alone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (token, id) in parts.Added.Ids)
        {
            var isSpecial = special.Contains(token);
            if (!isSpecial || (id >= size && !parts.Special.All.Contains(token)))
                alone.Add(token);
        }
        return alone;
    }

    private static void ApplyClass(TokenizerParts parts, TokenizerConfig config, string name)
    {
        if (TokenizerClasses.IsBertLike(name) && parts.Normalizer is BertNormalizer bert)
        {
            parts.Normalizer = bert.With(
                config.Flag("tokenize_chinese_chars") ?? true, config.Flag("strip_accents"), config.Flag("do_lower_case") ?? true);
        }
        // Version 5 of transformers, which may save none, builds it anew.
        if (TokenizerClasses.IsBertLike(name) && parts.Decoder is null && parts.Model is WordPieceModel)
            parts.Decoder = new WordPieceDecoder("##"u8.ToArray(), cleanUp: true);
        // Whatever tokenizer.json says of it, but for the class of version 5, which leaves that as it is.
        var prefixSpace = config.Flag("add_prefix_space") ?? TokenizerClasses.AddsPrefixSpace(name);
        if (config.Exists && name != "TokenizersBackend" && parts.PreTokenizer is ByteLevelPreTokenizer bytes)
            parts.PreTokenizer = bytes.WithPrefixSpace(prefixSpace);
        if (TokenizerClasses.IsRobertaLike(name) && parts.PostProcessor.IsRoberta)
        {
            parts.PostProcessor = parts.PostProcessor with
            {
                Trims = config.Flag("trim_offsets") ?? true ? [prefixSpace] : [],
            };
        }
        if (TokenizerClasses.Ends(name) is { } ends)
            parts.PostProcessor = BetweenEnds(parts, config.Flag("add_bos_token") ?? ends.Bos, config.Flag("add_eos_token") ?? ends.Eos);
        if (name == "CLIPTokenizer" && parts.Model is BpeModel { Suffix.Length: > 0 } model)
            parts.WordSuffix = System.Text.Encoding.UTF8.GetString(model.Suffix);
        ApplyLanguages(parts, config, name);
    }

    private static void ApplyLanguages(TokenizerParts parts, TokenizerConfig config, string name)
    {
        string? language = null;
        if (name == "NllbTokenizer")
        {
            var atEnd = config.Flag("legacy_behaviour") ?? false;
            parts.ForLanguage = language => WithLanguage(parts, language, atEnd);
            language = config.Text("src_lang") ?? "eng_Latn";
        }
        else if (name is "MBartTokenizer" or "MBart50Tokenizer")
        {
            parts.ForLanguage = language => WithLanguage(parts, language, atEnd: name == "MBartTokenizer");
            language = config.Text("src_lang") ?? "en_XX";
        }
        if (language is not null && parts.ForLanguage is not null && parts.Added.Find(language) >= 0)
            parts.PostProcessor = parts.ForLanguage(language);
    }

    private static PostProcessor WithLanguage(TokenizerParts parts, string language, bool atEnd)
    {
        if (parts.Added.Find(language) < 0)
            throw new ArgumentException($"The tokenizer has no language '{language}'.", nameof(language));
        var mark = Token(parts, language, 0);
        var eos = Token(parts, parts.Special.Eos, 0);
        TemplatePart[] before = atEnd ? [] : [mark];
        TemplatePart[] behind = atEnd ? [eos, mark] : [eos];
        return new PostProcessor
        {
            Single = [.. before, TemplatePart.Text(0, 0), .. behind],
            Pair = [.. before, TemplatePart.Text(0, 0), TemplatePart.Text(1, 0), .. behind],
        };
    }

    private static PostProcessor BetweenEnds(TokenizerParts parts, bool bos, bool eos)
    {
        return new PostProcessor { Single = Around(0), Pair = [.. Around(0), .. Around(1)] };

        TemplatePart[] Around(int sequence) =>
        [
            .. bos ? [Token(parts, parts.Special.Bos, sequence)] : Array.Empty<TemplatePart>(),
            TemplatePart.Text(sequence, sequence),
            .. eos ? [Token(parts, parts.Special.Eos, sequence)] : Array.Empty<TemplatePart>(),
        ];
    }

    private static TemplatePart Token(TokenizerParts parts, string? token, int typeId) =>
        token is not null && parts.Added.Find(token) is var id and >= 0
            ? TemplatePart.Token(id, token, typeId)
            : throw new InvalidTokenizerException(TokenizerConfig.FileName, $"the tokenizer puts a token around texts that it lacks ({token ?? "none"})");
}
