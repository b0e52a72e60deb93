namespace Gpux.Runtime.Tokenizers;

/// <summary>A tokenizer's file is damaged or contradicts itself.</summary>
public sealed class InvalidTokenizerException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidTokenizer,
    problem: $"{file}: {problem}.",
    remedy: "Fetch the file again (gpux remove, then gpux pull); if it stays so, tell the model's publisher.",
    inner)
{
    /// <summary>The file's name as its repository has it.</summary>
    public string File { get; } = file;
}
