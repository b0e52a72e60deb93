namespace Gpux.Runtime.Generation;

/// <summary>A generation setting has a wrong type, or a value that makes no sense.</summary>
/// <param name="source">The file, or "the arguments".</param>
public sealed class InvalidGenerationConfigException(string source, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidGenerationConfig, $"{source}: {problem}.",
    "Correct the setting: a call's own arguments take the place of those in the model's generation_config.json.", inner);

/// <summary>A way of generating is asked for that GPUX does not offer.</summary>
public sealed class UnsupportedGenerationException(string feature) : GpuxException(
    ErrorCode.UnsupportedGeneration, $"'{feature}' asks for a way of generating that GPUX does not offer.",
    $"Set '{feature}' to null: greedy search, sampling, beam search and beam sampling remain.");

/// <summary>The prompt leaves no room for a single token.</summary>
public sealed class PromptTooLongException(int promptLength, int maxLength) : GpuxException(
    ErrorCode.PromptTooLong, $"The prompt has {promptLength} tokens, where rows may have {maxLength} in all.",
    "Shorten the prompt, or raise max_length (better: set max_new_tokens) if the model can hold more.")
{
    public int PromptLength { get; } = promptLength;
    public int MaxLength { get; } = maxLength;
}

/// <summary>The model's scores leave no token to choose: one is NaN, or all are removed.</summary>
public sealed class InvalidLogitsException(string problem) : GpuxException(
    ErrorCode.InvalidLogits, $"No token can be chosen: {problem}.",
    "Loosen the rules that remove tokens; if the model itself gives NaN, run it in float32 or on another execution provider.");
