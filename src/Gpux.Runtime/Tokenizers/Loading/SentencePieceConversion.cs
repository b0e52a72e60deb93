using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.SentencePiece;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Repositories whose tokenizer is a SentencePiece model without a tokenizer.json: the class knows what the model does not say.</summary>
/// <remarks>Source: transformers 4.57.1, convert_slow_tokenizer. What comes out is not quite what the sentencepiece library does (unknown
/// characters, spaces), but what the fast classes do.</remarks>
internal sealed class SentencePieceConversion
{
    private const double Avoided = -100; // score of pieces that are never to be chosen
    private const int PegasusOffset = 103;
    private static readonly byte[] Metaspace = "▁"u8.ToArray();

    private const string MBartLanguages =
        "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN";

    private const string MBart50Languages = MBartLanguages
        + " af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE sw_KE ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI";

    private readonly SentencePieceFile _file;
    private readonly string _fileName;
    private readonly TokenizerConfig _config;
    private readonly SpecialTokens _special;
    private readonly bool _prefixSpace;
    private readonly bool _legacy;

    private SentencePieceConversion(SentencePieceFile file, string fileName, TokenizerConfig config, SpecialTokens special)
    {
        (_file, _fileName, _config, _special) = (file, fileName, config, special);
        _prefixSpace = config.Flag("add_prefix_space") ?? true;
        _legacy = config.Flag("legacy") ?? true;
    }

    private string Bos => _special.Bos ?? "<s>";

    private string Eos => _special.Eos ?? "</s>";

    private string Pad => _special.Pad ?? "<pad>";

    /// <param name="fileName">Of the SentencePiece model.</param>
    public static TokenizerParts Read(byte[] bytes, string fileName, TokenizerConfig config, SpecialTokens special) =>
        new SentencePieceConversion(SentencePieceFile.Read(bytes, fileName), fileName, config, special).Convert(config.ClassName);

    private TokenizerParts Convert(string name)
    {
        var parts = new TokenizerParts(ModelOf(name))
        {
            Normalizer = NormalizerOf(name),
            PreTokenizer = PreTokenizerOf(name),
            Decoder = DecoderOf(name),
            Template = TemplateOf(name),
        };
        for (var id = 0; id < _file.Count; id++)
        {
            if (_file.TypeOf(id) is not (PieceType.Control or PieceType.UserDefined))
                continue;
            var piece = System.Text.Encoding.UTF8.GetString(_file.TextOf(id));
            var isTurn = name == "GemmaTokenizer" && piece is "<start_of_turn>" or "<end_of_turn>";
            parts.Added.Add(new AddedToken(piece, Special: _file.TypeOf(id) == PieceType.Control || isTurn));
        }
        return parts;
    }

    /// <summary>Special tokens that the class adds by itself, behind those with a role.</summary>
    public static IEnumerable<string> AdditionalTokens(TokenizerConfig config)
    {
        var given = new List<string>();
        foreach (var token in config.AdditionalTokens())
            given.Add(token.Content);
        switch (config.ClassName)
        {
            case "T5Tokenizer" when !given.Exists(token => token.Contains("<extra_id_", StringComparison.Ordinal)):
                return Numbered("<extra_id_", 0, config.ExtraIds(100));
            case "PegasusTokenizer" when given.Count == 0:
                return ["<mask_1>", .. Numbered("<unk_", 2, config.Number("offset", PegasusOffset))];
            case "CamembertTokenizer" when given.Count == 0:
                return ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"];
            case "XLNetTokenizer" when given.Count == 0:
                return ["<eop>", "<eod>"];
            case "XGLMTokenizer":
                return Numbered("<madeupword", 0, 7);
            case "MBartTokenizer":
                return MBartLanguages.Split(' ');
            case "MBart50Tokenizer":
                return MBart50Languages.Split(' ');
            case "NllbTokenizer":
                return NllbLanguages.Codes.Split(' ');
            default:
                return [];
        }
    }

    private static IEnumerable<string> Numbered(string name, int first, int end)
    {
        for (var i = first; i < end; i++)
            yield return $"{name}{i}>";
    }

    private Model ModelOf(string name)
    {
        var pieces = PiecesOf(name);
        var fallsBack = IsLlamaLike(name);
        switch (_file.Kind)
        {
            case SentencePieceKind.Unigram:
                return new UnigramModel(pieces.Vocabulary, pieces.Scores.ToArray(), UnknownIdOf(name), fallsBack);
            case SentencePieceKind.Bpe:
                var merges = MergesOfPieces.InPublishedOrder(pieces.Vocabulary, pieces.Scores, out var crossMetaspace);
                var unknown = System.Text.Encoding.UTF8.GetBytes(_file.UnknownPiece);
                return new BpeModel(pieces.Vocabulary, merges,
                    new BpeOptions(unknown, [], [], FuseUnknown: true, fallsBack, IgnoreMerges: false), crossMetaspace);
            default:
                throw new UnsupportedTokenizerException($"a SentencePiece model of the kind {_file.Kind} for the class '{_config.Class}'");
        }
    }

    private static bool IsLlamaLike(string name) => name is "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer" or "GemmaTokenizer";

    private int UnknownIdOf(string name) => name switch
    {
        "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer" => 0,
        "GemmaTokenizer" or "XLMRobertaTokenizer" or "LayoutXLMTokenizer" or "CamembertTokenizer" or "BarthezTokenizer" or "MBartTokenizer"
            or "MBart50Tokenizer" or "NllbTokenizer" or "XGLMTokenizer" => 3,
        "PegasusTokenizer" => _file.UnknownId + _config.Number("offset", PegasusOffset),
        _ => _file.UnknownId,
    };

    private PieceVocabulary PiecesOf(string name)
    {
        var all = new PieceVocabulary(_file.Count + 256);
        switch (name)
        {
            case "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer":
                AddPieces(all, 0, 3, static _ => 0);
                AddPieces(all, 3);
                break;
            case "GemmaTokenizer":
                all.Add(_special.Pad ?? "<pad>");
                all.Add(_special.Eos ?? "<eos>");
                all.Add(_special.Bos ?? "<bos>");
                AddGemmaPieces(all);
                break;
            case "T5Tokenizer":
                AddPieces(all, 0);
                for (var i = _config.ExtraIds(100) - 1; i >= 0; i--)
                    all.Add($"<extra_id_{i}>");
                break;
            case "AlbertTokenizer" or "FNetTokenizer" or "XLNetTokenizer":
                // Pieces such as "9," were split in training.
                AddPieces(all, 0, _file.Count, id => EndsNumberWithComma(_file.TextOf(id)) ? Avoided : 0, keepsScore: true);
                break;
            case "CamembertTokenizer":
                foreach (var token in (string[])["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>"])
                    all.Add(token);
                all.Add("<unk>NOTUSED", Avoided);
                AddPieces(all, 1);
                all.Add("<mask>");
                break;
            case "XLMRobertaTokenizer" or "LayoutXLMTokenizer":
                AddFairseqPieces(all);
                all.Add("<mask>");
                break;
            case "MBartTokenizer" or "MBart50Tokenizer":
                AddFairseqPieces(all);
                foreach (var language in (name == "MBartTokenizer" ? MBartLanguages : MBart50Languages).Split(' '))
                    all.Add(language);
                all.Add("<mask>");
                break;
            case "NllbTokenizer":
                AddFairseqPieces(all);
                break;
            case "XGLMTokenizer":
                AddFairseqPieces(all);
                foreach (var token in Numbered("<madeupword", 0, 7))
                    all.Add(token);
                break;
            case "PegasusTokenizer":
                AddPegasusPieces(all);
                break;
            default:
                AddPieces(all, 0);
                break;
        }
        return all;
    }

    private void AddPieces(PieceVocabulary all, int first) => AddPieces(all, first, _file.Count, static _ => 0, keepsScore: true);

    private void AddPieces(PieceVocabulary all, int first, int end, Func<int, double> score, bool keepsScore = false)
    {
        for (var id = first; id < Math.Min(end, _file.Count); id++)
            all.Add(_file.TextOf(id), (keepsScore ? _file.ScoreOf(id) : 0) + score(id));
    }

    private void AddFairseqPieces(PieceVocabulary all)
    {
        foreach (var token in (string[])["<s>", "<pad>", "</s>", "<unk>"])
            all.Add(token);
        AddPieces(all, 3);
    }

    private void AddGemmaPieces(PieceVocabulary all)
    {
        // Early models lack the tab, for which its byte stands.
        var hasTab = false;
        for (var id = 3; id < _file.Count; id++)
            hasTab |= _file.TextOf(id).SequenceEqual("\t"u8);
        for (var id = 3; id < _file.Count; id++)
        {
            if (!hasTab && _file.TextOf(id).SequenceEqual("<0x09>"u8))
                all.Add("\t"u8, 0);
            else
                all.Add(_file.TextOf(id), _file.ScoreOf(id));
        }
    }

    private void AddPegasusPieces(PieceVocabulary all)
    {
        var offset = _config.Number("offset", PegasusOffset);
        all.Add(Pad);
        all.Add(Eos);
        if (offset > 0)
        {
            all.Add("<mask_1>");
            all.Add(_special.Mask ?? "<mask_2>");
        }
        foreach (var token in Numbered("<unk_", 2, Math.Min(offset, 1 << 16)))
            all.Add(token, Avoided);
        AddPieces(all, 2);
    }

    private static bool EndsNumberWithComma(ReadOnlySpan<byte> piece)
    {
        var text = System.Text.Encoding.UTF8.GetString(piece);
        return text.Length >= 2 && text[^1] == ',' && char.IsDigit(text[^2]);
    }

    private Normalizer? NormalizerOf(string name)
    {
        var steps = new List<Normalizer>();
        switch (name)
        {
            case "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer":
                if (!_legacy)
                    return null;
                if (_prefixSpace)
                    steps.Add(new PrependNormalizer(Metaspace));
                steps.Add(SpaceToMetaspace());
                break;
            case "GemmaTokenizer":
                return SpaceToMetaspace();
            case "AlbertTokenizer" or "XLNetTokenizer" or "FNetTokenizer":
                AddQuotes(steps);
                AddCase(steps, lowers: name == "AlbertTokenizer", keepsAccents: name == "FNetTokenizer");
                AddMap(steps);
                steps.Add(ManySpacesTo(" "u8));
                break;
            case "RemBertTokenizer":
                AddQuotes(steps);
                steps.Add(ManySpacesTo(" "u8));
                AddCase(steps, lowers: true, keepsAccents: false);
                AddMap(steps);
                break;
            case "DebertaV2Tokenizer":
                if (_config.Flag("do_lower_case") == true)
                    steps.Add(new LowercaseNormalizer());
                steps.Add(new StripNormalizer(true, true));
                AddMap(steps);
                steps.Add(ManySpacesTo(" "u8));
                break;
            default:
                AddMap(steps);
                steps.Add(new StripNormalizer(false, true));
                steps.Add(ManySpacesTo(Metaspace));
                break;
        }
        return new SequenceNormalizer(steps);
    }

    private static ReplaceNormalizer SpaceToMetaspace() => new(new LiteralPattern([(byte)' ']), Metaspace);

    private static ReplaceNormalizer ManySpacesTo(ReadOnlySpan<byte> content) => new(RegexPattern.Parse(" {2,}"), content.ToArray());

    private static void AddQuotes(List<Normalizer> steps)
    {
        steps.Add(new ReplaceNormalizer(new LiteralPattern("``"u8.ToArray()), "\""u8.ToArray()));
        steps.Add(new ReplaceNormalizer(new LiteralPattern("''"u8.ToArray()), "\""u8.ToArray()));
    }

    private void AddCase(List<Normalizer> steps, bool lowers, bool keepsAccents)
    {
        if (!(_config.Flag("keep_accents") ?? keepsAccents))
            steps.AddRange([new UnicodeNormalizer(UnicodeForm.Nfkd), new StripAccentsNormalizer()]);
        if (_config.Flag("do_lower_case") ?? lowers)
            steps.Add(new LowercaseNormalizer());
    }

    private void AddMap(List<Normalizer> steps)
    {
        if (!_file.CharacterMap.IsEmpty)
            steps.Add(PrecompiledNormalizer.Read(_file.CharacterMap.Span) ?? throw new InvalidTokenizerException(_fileName, "its character map is damaged"));
    }

    private PreTokenizer? PreTokenizerOf(string name)
    {
        var scheme = !_prefixSpace ? PrependScheme.Never : _legacy ? PrependScheme.Always : PrependScheme.First;
        // Only these two classes have the legacy switch.
        if (name is not ("LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer" or "T5Tokenizer"))
            scheme = _prefixSpace ? PrependScheme.Always : PrependScheme.Never;
        var metaspace = new MetaspacePreTokenizer(Metaspace, scheme, split: true);
        return name switch
        {
            "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer" => _legacy ? null : new MetaspacePreTokenizer(Metaspace, scheme, split: false),
            "GemmaTokenizer" => new SplitPreTokenizer(new LiteralPattern([(byte)' ']), SplitBehavior.MergedWithPrevious),
            "PegasusTokenizer" => new SequencePreTokenizer([new SplitPreTokenizer(CharacterPattern.WhiteSpace, SplitBehavior.Removed), metaspace]),
            "DebertaV2Tokenizer" when _config.Flag("split_by_punct") == true =>
                new SequencePreTokenizer([new SplitPreTokenizer(CharacterPattern.Punctuation, SplitBehavior.Isolated), metaspace]),
            _ => metaspace,
        };
    }

    private Decoder DecoderOf(string name)
    {
        if (!IsLlamaLike(name))
            return new MetaspaceDecoder(Metaspace, dropsFirst: _prefixSpace);
        var steps = new List<Decoder> { new ReplaceDecoder(new LiteralPattern(Metaspace), [(byte)' ']), new ByteFallbackDecoder(), new FuseDecoder() };
        if (name != "GemmaTokenizer" && _prefixSpace)
            steps.Add(new StripDecoder([(byte)' '], 1, 0));
        return new SequenceDecoder(steps);
    }

    private TemplateNames? TemplateOf(string name) => name switch
    {
        "T5Tokenizer" or "UdopTokenizer" => new TemplateNames(["$A", "</s>"], ["$A", "</s>", "$B", "</s>"]),
        "PegasusTokenizer" => TemplateNames.Ended(Eos),
        "AlbertTokenizer" or "FNetTokenizer" or "DebertaV2Tokenizer" or "RemBertTokenizer" or "BigBirdTokenizer" => TemplateNames.Bert("[CLS]", "[SEP]"),
        "XLNetTokenizer" => new TemplateNames(["$A", "<sep>", "<cls>:2"], ["$A", "<sep>", "$B:1", "<sep>:1", "<cls>:2"]),
        "XLMRobertaTokenizer" or "LayoutXLMTokenizer" or "CamembertTokenizer" or "BarthezTokenizer" => TemplateNames.Roberta("<s>", "</s>"),
        "XGLMTokenizer" => new TemplateNames(["</s>", "$A"], ["</s>", "$A", "</s>", "</s>", "$B"]),
        // Languages mark these texts, the classes' own ends those.
        "MBartTokenizer" or "MBart50Tokenizer" or "NllbTokenizer" => null,
        "LlamaTokenizer" or "CodeLlamaTokenizer" or "Phi3Tokenizer" or "GemmaTokenizer" or "ReformerTokenizer" => null,
        _ => throw new UnsupportedTokenizerException($"the class '{_config.Class}' with '{_fileName}' and no tokenizer.json"),
    };
}
