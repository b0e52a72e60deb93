namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>A text has a part that no token covers, and the vocabulary lacks the unknown token.</summary>
public sealed class MissingUnknownTokenException() : GpuxException(
    ErrorCode.MissingUnknownToken,
    problem: "The text has a part that no token covers, and the tokenizer's vocabulary lacks its unknown token.",
    remedy: "Check that 'unk_token' or 'unk_id' of tokenizer.json names a token of its vocabulary.");
