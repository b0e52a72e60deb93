namespace Gpux.Runtime.Tokenizers.Verification;

/// <summary>How a tokenizer does on what the original recorded.</summary>
/// <param name="Lines">How many recordings were compared.</param>
/// <param name="Failure">The first difference; null if there is none.</param>
/// <param name="Unsupported">What GPUX does not have, by name; null if it has all.</param>
public sealed record TokenizerVerdict(int Lines, string? Failure, string? Unsupported)
{
    public bool Passed => Failure is null && Unsupported is null;
}
