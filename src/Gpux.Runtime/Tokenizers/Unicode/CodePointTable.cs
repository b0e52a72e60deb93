namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>A value for every code point, in pages of 256 of which equal ones are stored once.</summary>
internal sealed class CodePointTable
{
    private const int PageSize = 256;
    private const int PageCount = 0x110000 / PageSize;
    private readonly ushort[] _pages = new ushort[PageCount];
    private readonly byte[] _values;

    /// <param name="runs">Pairs of (length of the run as a variable-length integer, value) that cover all code points.</param>
    public CodePointTable(ReadOnlySpan<byte> runs)
    {
        var values = new byte[64 * PageSize];
        var uniform = new short[256];
        Array.Fill(uniform, (short)-1);
        var used = 0;
        var page = 0;
        Span<byte> current = stackalloc byte[PageSize];
        var filled = 0;
        while (!runs.IsEmpty)
        {
            var length = UnicodeData.ReadNumber(ref runs);
            var value = runs[0];
            runs = runs[1..];
            while (length > 0)
            {
                if (filled == 0 && length >= PageSize)
                {
                    if (uniform[value] < 0)
                    {
                        current.Fill(value);
                        uniform[value] = (short)Store(ref values, ref used, current);
                    }
                    _pages[page++] = (ushort)uniform[value];
                    length -= PageSize;
                    continue;
                }
                var part = Math.Min(length, PageSize - filled);
                current.Slice(filled, part).Fill(value);
                filled += part;
                length -= part;
                if (filled == PageSize)
                {
                    _pages[page++] = (ushort)Store(ref values, ref used, current);
                    filled = 0;
                }
            }
        }
        _values = values;
    }

    public byte this[int codePoint] => _values[(_pages[codePoint >> 8] << 8) | (codePoint & 0xFF)];

    private static int Store(ref byte[] values, ref int used, ReadOnlySpan<byte> page)
    {
        if ((used + 1) * PageSize > values.Length)
            Array.Resize(ref values, values.Length * 2);
        page.CopyTo(values.AsSpan(used * PageSize));
        return used++;
    }
}
