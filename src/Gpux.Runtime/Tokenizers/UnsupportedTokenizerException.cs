namespace Gpux.Runtime.Tokenizers;

/// <summary>The tokenizer needs a class, component or option that GPUX does not have.</summary>
public sealed class UnsupportedTokenizerException(string what) : GpuxException(
    ErrorCode.UnsupportedTokenizer,
    problem: $"This tokenizer is not supported: {what}.",
    remedy: "Use another export of the model that has a tokenizer.json, or a model whose tokenizer is in the list of supported classes.")
{
    /// <summary>What is missing, as the repository names it.</summary>
    public string What { get; } = what;
}
