using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Loading.Classes;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>What the tokenizer classes of transformers take for granted where a repository's files say nothing.</summary>
/// <remarks>Source: transformers 4.57.1, the constructors of the classes.</remarks>
internal static class TokenizerClasses
{
    private static readonly string[] BertLike =
    [
        "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "FunnelTokenizer", "MobileBertTokenizer", "LxmertTokenizer",
        "ConvBertTokenizer", "SqueezeBertTokenizer", "LayoutLMTokenizer", "LayoutLMv2Tokenizer", "RetriBertTokenizer", "MPNetTokenizer", "RealmTokenizer",
        "SplinterTokenizer", "DPRQuestionEncoderTokenizer", "DPRContextEncoderTokenizer", "DPRReaderTokenizer",
    ];

    // Without a Rust implementation, and with rules of their own that are not written here.
    private static readonly string[] Unsupported =
    [
        "BertJapaneseTokenizer", "FSMTTokenizer", "FlaubertTokenizer", "XLMTokenizer", "TransfoXLTokenizer", "TapasTokenizer", "XLMProphetNetTokenizer",
        "SeamlessM4TTokenizer", "ProphetNetTokenizer",
    ];

    private static readonly string[] RobertaLike =
        ["RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "MvpTokenizer", "BlenderbotTokenizer", "LukeTokenizer", "LayoutLMv3Tokenizer"];

    private static readonly string[] LlamaLike = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"];

    /// <summary>Classes that rewrite a BertNormalizer by their own options.</summary>
    public static bool IsBertLike(string name) => Array.IndexOf(BertLike, name) >= 0;

    public static bool IsRobertaLike(string name) => Array.IndexOf(RobertaLike, name) >= 0;

    /// <summary>Whether a byte-level class puts a space before the text unless told otherwise.</summary>
    public static bool AddsPrefixSpace(string name) => name == "LayoutLMv3Tokenizer";

    /// <exception cref="UnsupportedTokenizerException">The class cuts words by a dictionary of its own, of which tokenizer.json says nothing.</exception>
    public static void RequireKnownWords(TokenizerConfig config)
    {
        if (config.ClassName == "RoFormerTokenizer")
            throw new UnsupportedTokenizerException($"the class '{config.Class}', which finds Chinese words with jieba");
    }

    /// <summary>Whether the class puts bos and eos around texts by itself, and which of them unless told otherwise.</summary>
    public static (bool Bos, bool Eos)? Ends(string name) =>
        name == "GPTNeoXTokenizer" ? (false, false) : Array.IndexOf(LlamaLike, name) >= 0 ? (true, false) : null;

    public static TokenSide? PaddingSide(string name) => Array.IndexOf(LlamaLike, name) >= 0 || name == "XLNetTokenizer" ? TokenSide.Left : null;

    /// <summary>Whether the class makes token_type_ids for the model.</summary>
    public static bool MakesTypeIds(string name) => IsBertLike(name)
        || name is "" or "AlbertTokenizer" or "DebertaTokenizer" or "DebertaV2Tokenizer" or "XLNetTokenizer" or "RemBertTokenizer"
            or "BigBirdTokenizer" or "FNetTokenizer" or "CanineTokenizer" or "PreTrainedTokenizer" or "TokenizersBackend" or "HerbertTokenizer";

    /// <summary>Reads the repository of a class without a Rust implementation.</summary>
    /// <returns>Null if the class has one.</returns>
    /// <exception cref="UnsupportedTokenizerException">The class is one that GPUX does not have.</exception>
    public static TokenizerParts? ReadPython(string name, RepositoryFiles files, TokenizerConfig config, SpecialTokens special) => name switch
    {
        "Wav2Vec2CTCTokenizer" => Wav2Vec2Ctc.Read(files, config, special),
        "ByT5Tokenizer" => RawText.ByT5(config, special),
        "PerceiverTokenizer" => RawText.Perceiver(special),
        "CanineTokenizer" => RawText.Canine(special),
        "EsmTokenizer" => Esm.Read(files, special),
        "MarianTokenizer" => Translation.Marian(files, config, special),
        "M2M100Tokenizer" => Translation.M2M100(files, config, special),
        "SpeechT5Tokenizer" => SentencePieceOnly.SpeechT5(files, config, special),
        "BertGenerationTokenizer" => SentencePieceOnly.BertGeneration(files, config, special),
        "CTRLTokenizer" => MarkedSubwords.Ctrl(files, special),
        "PhobertTokenizer" or "BertweetTokenizer" => MarkedSubwords.PhobertOrBertweet(files, config, special),
        _ when Array.IndexOf(Unsupported, name) >= 0 => throw new UnsupportedTokenizerException($"the class '{config.Class}'"),
        _ => null,
    };

    /// <returns>The token of a role, or null.</returns>
    public static AddedToken? DefaultToken(string name, string role)
    {
        var content = (name, role) switch
        {
            ("FunnelTokenizer", "cls_token") => "<cls>",
            ("FunnelTokenizer", "sep_token") => "<sep>",
            ("FunnelTokenizer", "pad_token") => "<pad>",
            ("FunnelTokenizer", "unk_token") => "<unk>",
            ("FunnelTokenizer", "mask_token") => "<mask>",
            ("MPNetTokenizer" or "FunnelTokenizer", "bos_token") => "<s>",
            ("MPNetTokenizer" or "FunnelTokenizer", "eos_token") => "</s>",
            ("MPNetTokenizer", "cls_token") => "<s>",
            ("MPNetTokenizer", "sep_token") => "</s>",
            ("MPNetTokenizer", "pad_token") => "<pad>",
            ("MPNetTokenizer", "mask_token") => "<mask>",
            ("CLIPTokenizer", "bos_token") => "<|startoftext|>",
            ("CLIPTokenizer", "eos_token" or "unk_token" or "pad_token") => "<|endoftext|>",
            ("Qwen2Tokenizer", "eos_token" or "unk_token" or "pad_token") => "<|endoftext|>",
            ("GPT2Tokenizer" or "CodeGenTokenizer" or "GPTNeoXTokenizer" or "WhisperTokenizer", "bos_token" or "eos_token" or "unk_token") => "<|endoftext|>",
            ("OpenAIGPTTokenizer", "unk_token") => "<unk>",
            ("GemmaTokenizer", "bos_token") => "<bos>",
            ("GemmaTokenizer", "eos_token") => "<eos>",
            ("GemmaTokenizer" or "BloomTokenizer" or "T5Tokenizer" or "PegasusTokenizer", "pad_token") => "<pad>",
            ("GemmaTokenizer" or "BloomTokenizer" or "LlamaTokenizer" or "CodeLlamaTokenizer" or "T5Tokenizer" or "PegasusTokenizer", "unk_token") => "<unk>",
            ("BloomTokenizer" or "LlamaTokenizer" or "CodeLlamaTokenizer", "bos_token") => "<s>",
            ("BloomTokenizer" or "LlamaTokenizer" or "CodeLlamaTokenizer" or "T5Tokenizer" or "PegasusTokenizer", "eos_token") => "</s>",
            ("PegasusTokenizer", "mask_token") => "<mask_2>",
            ("UdopTokenizer", "eos_token" or "sep_token") => "</s>",
            ("UdopTokenizer", "unk_token") => "<unk>",
            ("UdopTokenizer", "pad_token") => "<pad>",
            ("ReformerTokenizer", "eos_token") => "</s>",
            ("ReformerTokenizer", "unk_token") => "<unk>",
            ("CohereTokenizer", "bos_token") => "<BOS_TOKEN>",
            ("CohereTokenizer", "eos_token") => "<|END_OF_TURN_TOKEN|>",
            ("CohereTokenizer", "unk_token") => "<UNK>",
            ("HerbertTokenizer", "cls_token") => "<s>",
            ("HerbertTokenizer", "sep_token") => "</s>",
            ("HerbertTokenizer", "unk_token") => "<unk>",
            ("HerbertTokenizer", "pad_token") => "<pad>",
            ("HerbertTokenizer", "mask_token") => "<mask>",
            ("XGLMTokenizer", "mask_token") or ("MBart50Tokenizer", "bos_token") => null,
            ("CanineTokenizer", "bos_token" or "cls_token") => "\uE000",
            ("CanineTokenizer", "eos_token" or "sep_token") => "\uE001",
            ("CanineTokenizer", "pad_token") => "\0",
            ("CanineTokenizer", "mask_token") => "\uE003",
            ("EsmTokenizer", "cls_token") => "<cls>",
            ("EsmTokenizer", "eos_token") => "<eos>",
            ("EsmTokenizer" or "ByT5Tokenizer" or "MarianTokenizer", "pad_token") => "<pad>",
            ("EsmTokenizer" or "ByT5Tokenizer" or "MarianTokenizer", "unk_token") => "<unk>",
            ("ByT5Tokenizer" or "MarianTokenizer", "eos_token") => "</s>",
            ("EsmTokenizer", "mask_token") => "<mask>",
            ("PerceiverTokenizer" or "RemBertTokenizer" or "BigBirdTokenizer" or "AlbertTokenizer" or "FNetTokenizer", "cls_token") => "[CLS]",
            ("PerceiverTokenizer" or "RemBertTokenizer" or "BigBirdTokenizer" or "AlbertTokenizer" or "FNetTokenizer", "sep_token") => "[SEP]",
            ("PerceiverTokenizer" or "RemBertTokenizer" or "BigBirdTokenizer" or "AlbertTokenizer" or "FNetTokenizer", "mask_token") => "[MASK]",
            ("PerceiverTokenizer", "pad_token") => "[PAD]",
            ("PerceiverTokenizer" or "RemBertTokenizer", "bos_token") => name == "PerceiverTokenizer" ? "[BOS]" : "[CLS]",
            ("PerceiverTokenizer" or "RemBertTokenizer", "eos_token") => name == "PerceiverTokenizer" ? "[EOS]" : "[SEP]",
            ("AlbertTokenizer", "bos_token") => "[CLS]",
            ("AlbertTokenizer", "eos_token") => "[SEP]",
            ("BigBirdTokenizer" or "XLNetTokenizer", "bos_token") => "<s>",
            ("BigBirdTokenizer" or "XLNetTokenizer", "eos_token") => "</s>",
            ("RemBertTokenizer" or "BigBirdTokenizer" or "AlbertTokenizer" or "FNetTokenizer" or "XLNetTokenizer", "unk_token") => "<unk>",
            ("RemBertTokenizer" or "BigBirdTokenizer" or "AlbertTokenizer" or "FNetTokenizer" or "XLNetTokenizer", "pad_token") => "<pad>",
            ("XLNetTokenizer", "cls_token") => "<cls>",
            ("XLNetTokenizer", "sep_token") => "<sep>",
            ("XLNetTokenizer", "mask_token") => "<mask>",
            ("Wav2Vec2CTCTokenizer" or "M2M100Tokenizer" or "SpeechT5Tokenizer" or "BertGenerationTokenizer", "bos_token") => "<s>",
            ("Wav2Vec2CTCTokenizer" or "M2M100Tokenizer" or "SpeechT5Tokenizer" or "BertGenerationTokenizer", "eos_token") => "</s>",
            ("Wav2Vec2CTCTokenizer" or "M2M100Tokenizer" or "SpeechT5Tokenizer" or "BertGenerationTokenizer", "unk_token") => "<unk>",
            ("Wav2Vec2CTCTokenizer" or "M2M100Tokenizer" or "SpeechT5Tokenizer" or "BertGenerationTokenizer", "pad_token") => "<pad>",
            ("M2M100Tokenizer", "sep_token") => "</s>",
            ("CTRLTokenizer", "unk_token") => "<unk>",
            ("BertGenerationTokenizer", "sep_token") => "<::::>",
            _ => ByFamily(name, role),
        };
        if (content is null)
            return null;
        // Masks take the space before them with them, except in classes that follow BERT.
        var strips = role == "mask_token" && !(IsBertLike(name) && name != "MPNetTokenizer")
            && name is not ("EsmTokenizer" or "PegasusTokenizer" or "DebertaTokenizer" or "DebertaV2Tokenizer" or "HerbertTokenizer" or "LayoutLMv3Tokenizer");
        var isNormalized = strips && name is "XLMRobertaTokenizer" or "MBartTokenizer" or "MBart50Tokenizer" or "NllbTokenizer" or "XLNetTokenizer"
            or "BigBirdTokenizer" or "RemBertTokenizer" or "MPNetTokenizer";
        return name == "ByT5Tokenizer"
            ? new AddedToken(content, LeftStrip: true, RightStrip: true, Special: true)
            : new AddedToken(content, LeftStrip: strips, Normalized: strips && isNormalized, Special: true);
    }

    private static string? ByFamily(string name, string role)
    {
        if (IsBertLike(name) || name is "DebertaTokenizer" or "DebertaV2Tokenizer")
        {
            return role switch
            {
                "unk_token" => "[UNK]",
                "sep_token" => "[SEP]",
                "pad_token" => "[PAD]",
                "cls_token" => "[CLS]",
                "mask_token" => "[MASK]",
                "bos_token" when !IsBertLike(name) => "[CLS]",
                "eos_token" when !IsBertLike(name) => "[SEP]",
                _ => null,
            };
        }
        if (!IsRobertaLike(name) && name is not ("XLMRobertaTokenizer" or "CamembertTokenizer" or "BarthezTokenizer" or "LayoutXLMTokenizer" or "PhobertTokenizer" or "BertweetTokenizer"
            or "MBartTokenizer" or "MBart50Tokenizer" or "NllbTokenizer" or "XGLMTokenizer"))
            return null;
        return role switch
        {
            "bos_token" or "cls_token" => "<s>",
            "eos_token" or "sep_token" => "</s>",
            "unk_token" => "<unk>",
            "pad_token" => "<pad>",
            "mask_token" => "<mask>",
            _ => null,
        };
    }
}
