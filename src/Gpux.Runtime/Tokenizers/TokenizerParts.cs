using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Loading;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.PostProcessors;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Tokenizers;

/// <summary>What a tokenizer is made of, as its loader puts it together.</summary>
internal sealed class TokenizerParts(Model model)
{
    public Model Model { get; } = model;

    public Normalizer? Normalizer { get; set; }

    public PreTokenizer? PreTokenizer { get; set; }

    public PostProcessor PostProcessor { get; set; } = PostProcessor.None;

    /// <summary>Null: tokens are joined with spaces.</summary>
    public Decoder? Decoder { get; set; }

    public AddedVocabulary Added { get; } = new(model);

    public TokenSide PaddingSide { get; set; }

    public TokenSide TruncationSide { get; set; }

    public int PaddingTypeId { get; set; }

    /// <summary>The padding token that tokenizer.json names where nothing else does; null: none.</summary>
    public string? StatedPad { get; set; }

    public string Class { get; set; } = "";

    public int? ModelMaxLength { get; set; }

    public IReadOnlyList<string> ModelInputNames { get; set; } = ["input_ids", "token_type_ids", "attention_mask"];

    public SpecialTokens Special { get; set; } = new();

    public bool CleanUpSpaces { get; set; }

    /// <summary>Whether <see cref="DecodeOptions.CleanUpSpaces"/> has an effect.</summary>
    public bool CanCleanUp { get; set; } = true;

    /// <summary>CLIP's, which its class and not its decoder replaces by a space; null: none.</summary>
    public string? WordSuffix { get; set; }

    /// <summary>Reads Whisper's time stamps and prompts; null: the tokenizer is another model's.</summary>
    public WhisperTokens? Whisper { get; set; }

    /// <summary>What is put around a text of a language; null: the tokenizer marks no languages.</summary>
    public Func<string, PostProcessor>? ForLanguage { get; set; }

    /// <summary>The token of a language, where that is not the language's own name.</summary>
    public Func<string, string>? LanguageToken { get; set; }

    /// <summary>What the class puts around texts; null: <see cref="PostProcessor"/> is final.</summary>
    public TemplateNames? Template { get; set; }

    /// <summary>Of classes without a Rust implementation, which decode and truncate in their own way: how many tokens they count as the
    /// model's own.</summary>
    public int? PythonSize { get; set; }

    /// <summary>Of speech models whose ids are frames: how those become text. Null: ids are tokens.</summary>
    public CtcCollapse? Frames { get; set; }

    /// <summary>What cuts texts of the target language, where a translation model has another vocabulary for those; null: the same.</summary>
    public (PreTokenizer PreTokenizer, Model Model)? Target { get; set; }
}
