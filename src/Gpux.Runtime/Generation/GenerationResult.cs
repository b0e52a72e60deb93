namespace Gpux.Runtime.Generation;

/// <summary>What was generated.</summary>
/// <param name="Sequences">Each prompt's sequences one after another; those of a beam search with the best first.</param>
/// <param name="Padded">Prompt and new tokens of all sequences in one batch, as generate of transformers returns them.</param>
public sealed record GenerationResult(IReadOnlyList<GeneratedSequence> Sequences, TokenBatch Padded);

/// <summary>The tokens that follow one prompt.</summary>
/// <param name="PromptRow">The prompt's row in its batch.</param>
/// <param name="Tokens">New tokens only; the one that ended it included, padding not.</param>
/// <param name="Score">Of a beam search: the sum of log-probabilities over length^length_penalty. Null otherwise.</param>
public sealed record GeneratedSequence(int PromptRow, int[] Tokens, StopReason StopReason, float? Score);

/// <summary>Why a row ended.</summary>
public enum StopReason
{
    /// <summary>A token of eos_token_id.</summary>
    EndOfSequence,

    /// <summary>max_new_tokens, max_length, or the most that the model can hold.</summary>
    Length,

    /// <summary>One of stop_strings.</summary>
    StopString,

    /// <summary>max_time.</summary>
    TimeLimit,

    /// <summary>The caller's own predicate.</summary>
    Predicate,
}
