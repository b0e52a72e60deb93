namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>What becomes one encoding, and the windows that truncation cut off from it.</summary>
internal sealed class TokenWindow(TokenRow row)
{
    public TokenRow Row { get; set; } = row;

    public List<TokenRow> Overflow { get; } = [];

    public Encoding ToEncoding(bool withOffsets, Func<int, string?, string> textOf)
    {
        var overflow = new Encoding[Overflow.Count];
        for (var i = 0; i < overflow.Length; i++)
            overflow[i] = new Encoding(Overflow[i].Entries, withOffsets, textOf, []);
        return new Encoding(Row.Entries, withOffsets, textOf, overflow);
    }
}
