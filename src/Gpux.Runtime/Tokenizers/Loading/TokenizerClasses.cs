using Gpux.Runtime.Tokenizers.AddedTokens;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>What the tokenizer classes of transformers take for granted where a repository's files say nothing.</summary>
/// <remarks>Source: transformers 4.57.1, the constructors of the classes.</remarks>
internal static class TokenizerClasses
{
    private static readonly string[] BertLike =
    [
        "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "FunnelTokenizer", "MobileBertTokenizer", "LxmertTokenizer",
        "ConvBertTokenizer", "SqueezeBertTokenizer", "LayoutLMTokenizer", "RetriBertTokenizer", "MPNetTokenizer", "RealmTokenizer",
        "SplinterTokenizer", "DPRQuestionEncoderTokenizer", "DPRContextEncoderTokenizer", "DPRReaderTokenizer",
    ];

    private static readonly string[] RobertaLike =
        ["RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "MvpTokenizer", "BlenderbotTokenizer"];

    private static readonly string[] Gpt2Like =
        ["GPT2Tokenizer", "CodeGenTokenizer", "GPTNeoXTokenizer", "WhisperTokenizer", "DebertaTokenizer"];

    private static readonly string[] LlamaLike = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"];

    /// <summary>Classes that rewrite a BertNormalizer by their own options.</summary>
    public static bool IsBertLike(string name) => Array.IndexOf(BertLike, name) >= 0;

    public static bool IsRobertaLike(string name) => Array.IndexOf(RobertaLike, name) >= 0;

    /// <summary>Classes that say by themselves whether a space is put before the text.</summary>
    public static bool SetsPrefixSpace(string name) => IsRobertaLike(name) || Array.IndexOf(Gpt2Like, name) >= 0;

    /// <summary>Whether the class puts bos and eos around texts by itself, and which of them unless told otherwise.</summary>
    public static (bool Bos, bool Eos)? Ends(string name) =>
        name == "GPTNeoXTokenizer" ? (false, false) : Array.IndexOf(LlamaLike, name) >= 0 ? (true, false) : null;

    public static TokenSide? PaddingSide(string name) => Array.IndexOf(LlamaLike, name) >= 0 || name == "XLNetTokenizer" ? TokenSide.Left : null;

    /// <summary>Whether the class makes token_type_ids for the model.</summary>
    public static bool MakesTypeIds(string name) => IsBertLike(name)
        || name is "" or "AlbertTokenizer" or "DebertaTokenizer" or "DebertaV2Tokenizer" or "XLNetTokenizer" or "RemBertTokenizer"
            or "BigBirdTokenizer" or "PreTrainedTokenizer" or "TokenizersBackend" or "LayoutLMv2Tokenizer" or "HerbertTokenizer";

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
            _ => ByFamily(name, role),
        };
        if (content is null)
            return null;
        // Masks take the space before them with them, except in classes that follow BERT.
        var strips = role == "mask_token" && !(IsBertLike(name) && name != "MPNetTokenizer");
        return new AddedToken(content, LeftStrip: strips, Special: true);
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
        if (!IsRobertaLike(name) && name is not ("XLMRobertaTokenizer" or "CamembertTokenizer" or "MBartTokenizer" or "NllbTokenizer" or "XGLMTokenizer"))
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
