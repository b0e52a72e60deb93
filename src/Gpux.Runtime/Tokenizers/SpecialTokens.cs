namespace Gpux.Runtime.Tokenizers;

/// <summary>The texts of the tokens that have a role; null: the tokenizer has none for it.</summary>
internal sealed record SpecialTokens
{
    public string? Pad { get; init; }

    public string? Mask { get; init; }

    public string? Cls { get; init; }

    public string? Sep { get; init; }

    public string? Bos { get; init; }

    public string? Eos { get; init; }

    public string? Unk { get; init; }

    /// <summary>Those that there are.</summary>
    public IEnumerable<string> All
    {
        get
        {
            foreach (var token in (string?[])[Pad, Mask, Cls, Sep, Bos, Eos, Unk])
            {
                if (token is not null)
                    yield return token;
            }
        }
    }
}
