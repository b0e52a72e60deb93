namespace Gpux.Runtime.Tokenizers;

/// <summary>A repository has none of the files that a tokenizer is read from.</summary>
public sealed class TokenizerNotFoundException() : GpuxException(
    ErrorCode.TokenizerNotFound,
    problem: "The repository has no tokenizer: neither tokenizer.json nor vocab.txt, vocab.json with merges.txt, or a SentencePiece or tiktoken model.",
    remedy: "Name the model that this one was made from: its repository usually has the tokenizer.");
