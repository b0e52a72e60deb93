namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Reads a number of tokenizer.json to the last bit as the original engine does.</summary>
/// <remarks>The engine's JSON reader (serde_json 1 without float_roundtrip; serde-rs/json issue 536) takes the digits as an integer of 64 bits
/// and multiplies or divides by a power of ten, each step rounded. The result may be a bit away from the nearest number, and that bit decides
/// between segmentations whose scores are the same sums in another order.</remarks>
internal static class ScoreNumber
{
    private const int LargestPower = 308;

    /// <param name="text">A JSON number.</param>
    public static double Parse(ReadOnlySpan<byte> text)
    {
        var at = 0;
        var isNegative = text[at] == '-';
        if (isNegative)
            at++;
        ulong digits = 0;
        var exponent = 0;
        var isFull = false;
        for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            if (!TryAdd(ref digits, text[at], ref isFull))
                exponent++;
        if (at < text.Length && text[at] == '.')
        {
            for (at++; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
                if (TryAdd(ref digits, text[at], ref isFull))
                    exponent--;
        }
        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            var sign = text[at] == '-' ? -1 : 1;
            if (text[at] is (byte)'-' or (byte)'+')
                at++;
            var written = 0;
            for (; at < text.Length; at++)
                written = Math.Min(100_000, (written * 10) + (text[at] - '0')); // beyond it all is zero or infinite
            exponent += sign * written;
        }
        var value = Scaled(digits, exponent);
        return isNegative ? -value : value;
    }

    // Digits that do not fit are dropped, those after them too.
    private static bool TryAdd(ref ulong digits, byte digit, ref bool isFull)
    {
        var value = (ulong)(digit - '0');
        isFull = isFull || digits > (ulong.MaxValue - value) / 10;
        if (isFull)
            return false;
        digits = (digits * 10) + value;
        return true;
    }

    private static double Scaled(ulong digits, int exponent)
    {
        var value = (double)digits;
        for (; exponent < -LargestPower && value != 0; exponent += LargestPower)
            value /= 1e308;
        if (value == 0)
            return 0;
        return exponent > LargestPower ? double.PositiveInfinity : exponent >= 0 ? value * Power(exponent) : value / Power(-exponent);
    }

    // Each the nearest number, as the compiler reads it.
    private static double Power(int exponent) => exponent < Powers.Length ? Powers[exponent] : double.Parse($"1e{exponent}", System.Globalization.CultureInfo.InvariantCulture);

    private static ReadOnlySpan<double> Powers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24,
    ];
}
