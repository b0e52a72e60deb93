using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Tokenizers;

/// <summary>How ids become text.</summary>
public sealed record DecodeOptions
{
    internal static DecodeOptions Default { get; } = new();

    /// <summary>Whether special tokens are left out. Default false.</summary>
    public bool SkipSpecialTokens { get; init; }

    /// <summary>Whether spaces before English punctuation and contractions are dropped. Null (the default): as the repository
    /// says in <c>clean_up_tokenization_spaces</c>, else no.</summary>
    public bool? CleanUpSpaces { get; init; }

    /// <summary>Whether Whisper's time stamps are written, as <c>&lt;|1.20|&gt;</c>. Default false.</summary>
    public bool WithTimestamps { get; init; }

    /// <summary>Whether repeated tokens of a CTC model are one. Default true.</summary>
    public bool GroupRepeats { get; init; } = true;

    /// <summary>How transcripts of Whisper are made comparable. Default: not at all.</summary>
    public TextNormalization Normalization { get; init; }
}
