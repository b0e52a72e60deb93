using System.Runtime.CompilerServices;

namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Steps through text that is known to be well-formed UTF-8.</summary>
internal static class Utf8
{
    /// <summary>Bytes of the character that starts with <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LengthOf(byte first) => first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    /// <summary>Bytes that <paramref name="codePoint"/> takes.</summary>
    public static int LengthOf(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

    /// <summary>The character at <paramref name="position"/>, which moves to the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Next(ReadOnlySpan<byte> text, ref int position)
    {
        int first = text[position++];
        return first < 0x80 ? first : NextLong(text, first, ref position);
    }

    /// <summary>The character before <paramref name="position"/>, which moves to its start.</summary>
    public static int Previous(ReadOnlySpan<byte> text, ref int position)
    {
        do
            position--;
        while ((text[position] & 0xC0) == 0x80);
        var start = position;
        return Next(text, ref start);
    }

    /// <summary>Writes <paramref name="codePoint"/> and returns how many bytes it took.</summary>
    public static int Write(Span<byte> destination, int codePoint)
    {
        if (codePoint < 0x80)
        {
            destination[0] = (byte)codePoint;
            return 1;
        }
        if (codePoint < 0x800)
        {
            destination[1] = (byte)(0x80 | (codePoint & 0x3F));
            destination[0] = (byte)(0xC0 | (codePoint >> 6));
            return 2;
        }
        if (codePoint < 0x10000)
        {
            destination[2] = (byte)(0x80 | (codePoint & 0x3F));
            destination[1] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
            destination[0] = (byte)(0xE0 | (codePoint >> 12));
            return 3;
        }
        destination[3] = (byte)(0x80 | (codePoint & 0x3F));
        destination[2] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
        destination[1] = (byte)(0x80 | ((codePoint >> 12) & 0x3F));
        destination[0] = (byte)(0xF0 | (codePoint >> 18));
        return 4;
    }

    /// <summary>How many characters start in <paramref name="text"/>.</summary>
    public static int Count(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        return count;
    }

    private static int NextLong(ReadOnlySpan<byte> text, int first, ref int position)
    {
        if (first < 0xE0)
            return ((first & 0x1F) << 6) | (text[position++] & 0x3F);
        if (first < 0xF0)
        {
            var value = ((first & 0x0F) << 12) | ((text[position] & 0x3F) << 6) | (text[position + 1] & 0x3F);
            position += 2;
            return value;
        }
        var astral = ((first & 0x07) << 18) | ((text[position] & 0x3F) << 12)
            | ((text[position + 1] & 0x3F) << 6) | (text[position + 2] & 0x3F);
        position += 3;
        return astral;
    }
}
