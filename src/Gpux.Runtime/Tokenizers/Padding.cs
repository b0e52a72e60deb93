namespace Gpux.Runtime.Tokenizers;

/// <summary>How encodings are brought to one length.</summary>
public sealed record Padding
{
    /// <summary>Tokens of every encoding. Null (the default): those of the batch's longest one.</summary>
    public int? Length { get; init; }

    /// <summary>The length is rounded up to a multiple of this. Default 1.</summary>
    public int MultipleOf { get; init; } = 1;

    /// <summary>Null (the default): <see cref="Tokenizer.PaddingSide"/>.</summary>
    public TokenSide? Side { get; init; }
}
