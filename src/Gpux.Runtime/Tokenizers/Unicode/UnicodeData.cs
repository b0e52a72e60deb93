namespace Gpux.Runtime.Tokenizers.Unicode;

internal static partial class UnicodeData
{
    /// <summary>Reads a number of 7 bits a byte, the low ones first, and moves past it.</summary>
    public static int ReadNumber(ref ReadOnlySpan<byte> data)
    {
        var value = 0;
        for (var i = 0; ; i++)
        {
            value |= (data[i] & 0x7F) << (7 * i);
            if (data[i] >= 0x80)
                continue;
            data = data[(i + 1)..];
            return value;
        }
    }
}
