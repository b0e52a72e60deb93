using System.Text.Json;

namespace Gpux.Runtime.Generation;

/// <summary>How tokens are chosen, and when to stop: the fields of generation_config.json and of a call of generate.</summary>
/// <remarks>Names, defaults and meaning are those of transformers 5.23 (GenerationConfig). A null switches a rule off. What is
/// asked for in a call beats the repository's file, and that beats the defaults: <see cref="Load"/>, then <see cref="With"/>.
/// Values are checked when generation begins.</remarks>
public sealed record GenerationConfig
{
    /// <summary>The most tokens of a row, its padded prompt included; ignored if <see cref="MaxNewTokens"/> is set. Null: 20 tokens
    /// after the prompt, but not beyond <see cref="MaxPositionEmbeddings"/>.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The most tokens after the prompt. At least 1.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>No end before a row, its padded prompt included, has so many tokens; ignored if <see cref="MinNewTokens"/> is set.</summary>
    public int MinLength { get; init; }

    /// <summary>No end before so many tokens after the prompt.</summary>
    public int? MinNewTokens { get; init; }

    /// <summary>Stops all rows at the first token chosen after this time.</summary>
    public TimeSpan? MaxTime { get; init; }

    /// <summary>A row stops as soon as its text contains one of these; they stay in the text.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Draws each token by its probability. Otherwise the likeliest is taken.</summary>
    public bool DoSample { get; init; }

    /// <summary>How many continuations of each row are followed side by side. 1 to 1024; 1 is no beam search.</summary>
    public int NumBeams { get; init; } = 1;

    /// <summary>When a row of a beam search is done.</summary>
    public EarlyStopping EarlyStopping { get; init; }

    /// <summary>A beam's score is the sum of its log-probabilities divided by (its new tokens)^this.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>How many sequences come back for each row: of a beam search at most its beams, of sampling up to 1024.</summary>
    public int NumReturnSequences { get; init; } = 1;

    /// <summary>Logits are divided by this before sampling. Greater than 0.</summary>
    public double? Temperature { get; init; } = 1;

    /// <summary>Samples from the likeliest so many tokens, and those that equal the last of them. 0 is off.</summary>
    public int? TopK { get; init; } = 50;

    /// <summary>Samples from the likeliest tokens whose probabilities add up to this. 0 to 1; 1 is off.</summary>
    /// <remarks>Source: arXiv:1904.09751.</remarks>
    public double? TopP { get; init; } = 1;

    /// <summary>Samples from tokens at least so likely, relative to the likeliest. 0 to 1.</summary>
    /// <remarks>Source: arXiv:2407.01082.</remarks>
    public double? MinP { get; init; }

    /// <summary>Samples from the likeliest tokens that hold this share of the entropy. Above 0, at most 1.</summary>
    /// <remarks>Source: arXiv:2509.02510.</remarks>
    public double? TopH { get; init; }

    /// <summary>Samples from tokens whose information is closest to the entropy, up to this probability. Above 0; 1 is off.</summary>
    /// <remarks>Source: arXiv:2202.00666.</remarks>
    public double? TypicalP { get; init; } = 1;

    /// <summary>Samples from tokens at least so likely. Acts between 0 and 1.</summary>
    /// <remarks>Source: arXiv:2210.15191.</remarks>
    public double? EpsilonCutoff { get; init; } = 0;

    /// <summary>As <see cref="EpsilonCutoff"/>, lower where the entropy is high. Acts between 0 and 1.</summary>
    /// <remarks>Source: arXiv:2210.15191.</remarks>
    public double? EtaCutoff { get; init; } = 0;

    /// <summary>Makes tokens of the row, prompt and padding included, less likely (above 1) or likelier (below 1).</summary>
    /// <remarks>Source: arXiv:1909.05858.</remarks>
    public double? RepetitionPenalty { get; init; } = 1;

    /// <summary>Makes tokens that the encoder read (without an encoder: the prompt) likelier (above 1) or less likely (below 1).</summary>
    public double? EncoderRepetitionPenalty { get; init; } = 1;

    /// <summary>No sequence of so many tokens occurs twice in a row. 0 is off.</summary>
    public int? NoRepeatNgramSize { get; init; } = 0;

    /// <summary>No sequence of so many tokens that the encoder read (without an encoder: the prompt) is generated. 0 is off.</summary>
    public int? EncoderNoRepeatNgramSize { get; init; } = 0;

    /// <summary>Sequences of tokens that are not generated.</summary>
    public IReadOnlyList<int[]>? BadWordsIds { get; init; }

    /// <summary>Added to the logit of the last token of each sequence where the row ends with the tokens before it.</summary>
    public IReadOnlyList<SequenceBias>? SequenceBias { get; init; }

    /// <summary>Tokens that are never generated.</summary>
    public IReadOnlyList<int>? SuppressTokens { get; init; }

    /// <summary>Tokens that are not generated as the first.</summary>
    public IReadOnlyList<int>? BeginSuppressTokens { get; init; }

    /// <summary>The token that follows a prompt of one token.</summary>
    public int? ForcedBosTokenId { get; init; }

    /// <summary>The tokens of which one is the last, where a row reaches its greatest length.</summary>
    public IReadOnlyList<int>? ForcedEosTokenId { get; init; }

    /// <summary>After so many new tokens the end becomes exponentially likelier.</summary>
    public ExponentialDecay? ExponentialDecayLengthPenalty { get; init; }

    /// <summary>NaN logits become 0, infinite ones the greatest and least finite numbers.</summary>
    public bool RemoveInvalidValues { get; init; }

    /// <summary>Scores are log-probabilities after all other rules. Matters to beam search only.</summary>
    public bool RenormalizeLogits { get; init; }

    public int? BosTokenId { get; init; }

    /// <summary>Each of these ends a row. Empty: only lengths end it.</summary>
    public IReadOnlyList<int> EosTokenId { get; init; } = [];

    /// <summary>Fills rows that ended before others. Null: the first of <see cref="EosTokenId"/>.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The first token of an encoder-decoder model's answer: one for all rows, or one for each. Empty: <see cref="BosTokenId"/>.</summary>
    public IReadOnlyList<int> DecoderStartTokenId { get; init; } = [];

    /// <summary>The positions that the model was made for, from its config.json; only bounds a length that nobody chose.</summary>
    public int? MaxPositionEmbeddings { get; init; }

    /// <summary>What Whisper's files and calls add.</summary>
    public SpeechSettings Speech { get; init; } = new();

    /// <summary>Contrastive search, which is refused. Null or 0 is off.</summary>
    internal double? PenaltyAlpha { get; init; }

    /// <summary>Fields that ask for what is not offered, such as "guidance_scale".</summary>
    internal IReadOnlyList<string> Refused { get; init; } = [];

    /// <summary>The defaults of a model: its generation_config.json or, without one, the generation fields of its config.json.</summary>
    /// <remarks>As in transformers 5: a generation_config.json hides the older fields altogether. Unknown fields are ignored.</remarks>
    /// <exception cref="InvalidGenerationConfigException">A file is no JSON object, or a field has a wrong type.</exception>
    public static GenerationConfig Load(ModelFiles files) => GenerationConfigReader.Load(files);

    /// <summary>Reads the content of a generation_config.json.</summary>
    /// <exception cref="InvalidGenerationConfigException">No JSON object, or a field has a wrong type.</exception>
    public static GenerationConfig Parse(ReadOnlyMemory<byte> json) => GenerationConfigReader.Parse(json);

    /// <summary>These settings, with the arguments of a call in their place. A null switches a rule off.</summary>
    /// <param name="arguments">A JSON object with the names of generate's arguments.</param>
    /// <exception cref="InvalidGenerationConfigException">No object, a name that generate does not know, or a wrong type.</exception>
    public GenerationConfig With(JsonElement arguments) => GenerationConfigReader.Override(this, arguments);

    /// <summary>The prompt of an encoder-decoder model's decoder: <see cref="DecoderStartTokenId"/> in each row.</summary>
    /// <exception cref="InvalidGenerationConfigException">Neither a start token nor <see cref="BosTokenId"/> is set, or the number
    /// of start tokens is neither one nor that of the rows.</exception>
    public TokenBatch DecoderStart(int rows)
    {
        var ids = new int[rows];
        if (DecoderStartTokenId.Count == rows)
            ids = [.. DecoderStartTokenId];
        else if (DecoderStartTokenId.Count > 1)
            throw new InvalidGenerationConfigException("The settings",
                $"'decoder_start_token_id' has {DecoderStartTokenId.Count} tokens for {rows} rows");
        else
            ids.AsSpan().Fill(DecoderStartTokenId is [var start] ? start : BosTokenId ?? throw new InvalidGenerationConfigException(
                "The settings", "'decoder_start_token_id' is missing, and 'bos_token_id' too"));
        return new TokenBatch(rows, 1, ids);
    }
}

/// <summary>When a row of a beam search, which has found as many ended sequences as it has beams, is done.</summary>
public enum EarlyStopping
{
    /// <summary>When the best open beam, at its length of now, scores below the worst ended sequence.</summary>
    False,

    /// <summary>At once.</summary>
    True,

    /// <summary>When no open beam can score above the worst ended sequence at any length.</summary>
    Never,
}

/// <summary>A number that is added to the logit of the last token where the others precede it.</summary>
/// <param name="Tokens">At least one token.</param>
public sealed record SequenceBias(int[] Tokens, float Bias);

/// <summary>|logit of the end| * (Factor^n - 1) is added to it, n tokens after the first Start new ones.</summary>
public readonly record struct ExponentialDecay(int Start, double Factor);
