namespace Gpux.Runtime.Tokenizers;

/// <summary>A text cannot be cut to the wanted length by the wanted strategy.</summary>
public sealed class TruncationException(string problem) : GpuxException(
    ErrorCode.CannotTruncate,
    problem: $"{problem}.",
    remedy: "Ask for a larger maximum length, a smaller stride, or the strategy longest_first.");
