namespace Gpux.Runtime.Generation;

/// <summary>The fields that Whisper's generation_config.json and calls have beyond those of text models.</summary>
/// <remarks>Names as in transformers 5.23 (WhisperGenerationMixin). Text generation has no use for them.</remarks>
public sealed record SpeechSettings
{
    /// <summary>Null where the file does not say.</summary>
    public bool? IsMultilingual { get; init; }

    /// <summary>The token of each language, by names such as "&lt;|en|&gt;".</summary>
    public IReadOnlyDictionary<string, int> LangToId { get; init; } = new Dictionary<string, int>();

    /// <summary>The token of each task, such as "transcribe".</summary>
    public IReadOnlyDictionary<string, int> TaskToId { get; init; } = new Dictionary<string, int>();

    public int? NoTimestampsTokenId { get; init; }

    /// <summary>Precedes the text of an earlier window or a prompt.</summary>
    public int? PrevSotTokenId { get; init; }

    /// <summary>The latest timestamp that may come first, counted from 0.00 s in steps of 0.02 s.</summary>
    public int? MaxInitialTimestampIndex { get; init; }

    /// <summary>Pairs of layer and head whose attention aligns words with time.</summary>
    public IReadOnlyList<int[]> AlignmentHeads { get; init; } = [];

    public bool ReturnTimestamps { get; init; }

    /// <summary>"transcribe" or "translate"; null where nothing is asked for.</summary>
    public string? Task { get; init; }

    /// <summary>One for all rows, or one for each; empty: detected.</summary>
    public IReadOnlyList<string> Language { get; init; } = [];

    /// <summary>Tokens of a text that precedes the recording.</summary>
    public IReadOnlyList<int> PromptIds { get; init; } = [];

    /// <summary>Whether each window sees the text of the one before.</summary>
    public bool ConditionOnPrevTokens { get; init; }
}
