namespace Gpux.Runtime.Tokenizers;

/// <summary>How texts that are too long are cut.</summary>
public sealed record Truncation
{
    /// <summary>Tokens, special ones included. Null (the default): <see cref="Tokenizer.ModelMaxLength"/>.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Tokens that neighbouring windows share; less than what a window holds. Default 0.</summary>
    public int Stride { get; init; }

    public TruncationStrategy Strategy { get; init; } = TruncationStrategy.LongestFirst;

    /// <summary>The end that is cut. Null (the default): <see cref="Tokenizer.TruncationSide"/>.</summary>
    public TokenSide? Side { get; init; }

    /// <summary>Whether what is cut off comes back as <see cref="Encoding.Overflow"/>. Default false.</summary>
    public bool ReturnOverflow { get; init; }
}
