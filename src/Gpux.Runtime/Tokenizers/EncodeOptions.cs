namespace Gpux.Runtime.Tokenizers;

/// <summary>How a text becomes an <see cref="Encoding"/>. The defaults are those of transformers' <c>__call__</c>.</summary>
public sealed record EncodeOptions
{
    internal static EncodeOptions Default { get; } = new();

    /// <summary>Whether the model's own tokens ([CLS], &lt;/s&gt;, ...) are put around the text. Default true.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Null (the default): nothing is cut.</summary>
    public Truncation? Truncation { get; init; }

    /// <summary>Null (the default): nothing is added.</summary>
    public Padding? Padding { get; init; }

    /// <summary>Whether offsets and tokens' texts are kept. Default true; false is faster, and leaves the offsets empty.</summary>
    public bool WithOffsets { get; init; } = true;

    /// <summary>The language of the text, for translation models that mark it (NLLB, mBART): a token such as <c>eng_Latn</c>.
    /// Null: the one that the repository names.</summary>
    public string? SourceLanguage { get; init; }

    /// <summary>Like <see cref="SourceLanguage"/>, but the text is a translation in this language: what training shows a decoder.</summary>
    public string? TargetLanguage { get; init; }

    /// <summary>Whether the text is what a translation model shall write: some (Marian) cut that by another vocabulary. Default false.</summary>
    public bool IsTarget { get; init; }
}
