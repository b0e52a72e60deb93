namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Brings encodings to one length.</summary>
internal static class TokenPadder
{
    private const int LongestRow = 1 << 28;

    public static void Pad(List<TokenWindow> windows, Padding padding, TokenSide side, in TokenEntry pad)
    {
        var length = padding.Length ?? 0;
        if (padding.Length is null)
        {
            foreach (var window in windows)
                length = Math.Max(length, window.Row.Count);
        }
        var multiple = Math.Max(1, padding.MultipleOf);
        var rounded = (length + (long)multiple - 1) / multiple * multiple;
        if (rounded > LongestRow)
            throw new ArgumentException($"Encodings cannot be padded to {rounded} tokens.", nameof(padding));
        foreach (var window in windows)
        {
            window.Row = Pad(window.Row, (int)rounded, side, pad);
            for (var i = 0; i < window.Overflow.Count; i++)
                window.Overflow[i] = Pad(window.Overflow[i], (int)rounded, side, pad);
        }
    }

    private static TokenRow Pad(TokenRow row, int length, TokenSide side, in TokenEntry pad)
    {
        if (row.Count >= length)
            return row;
        var padded = new TokenRow();
        var missing = length - row.Count;
        if (side == TokenSide.Right)
            padded.Append(row.Entries);
        for (var i = 0; i < missing; i++)
            padded.Add(pad);
        if (side == TokenSide.Left)
            padded.Append(row.Entries);
        return padded;
    }
}
