namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>A mapping of code points that leaves most of them as they are.</summary>
internal sealed class CodePointMap
{
    private readonly int[]?[] _pages = new int[]?[0x110000 >> 8]; // differences, by page of 256; null: none
    private readonly List<(int From, int To)> _pairs = [];

    /// <param name="data">Runs: gap since the last code point, length, step - 1, zigzag of the difference.</param>
    public CodePointMap(ReadOnlySpan<byte> data)
    {
        var codePoint = 0;
        while (!data.IsEmpty)
        {
            codePoint += UnicodeData.ReadNumber(ref data);
            var length = UnicodeData.ReadNumber(ref data);
            var step = data[0] + 1;
            data = data[1..];
            var zigzag = UnicodeData.ReadNumber(ref data);
            var difference = (zigzag >> 1) ^ -(zigzag & 1);
            for (var i = 0; i < length; i++, codePoint += step)
            {
                (_pages[codePoint >> 8] ??= new int[256])[codePoint & 0xFF] = difference;
                _pairs.Add((codePoint, codePoint + difference));
            }
            codePoint -= step;
        }
    }

    public IReadOnlyList<(int From, int To)> Pairs => _pairs;

    public int Find(int codePoint) => _pages[codePoint >> 8] is { } page ? codePoint + page[codePoint & 0xFF] : codePoint;
}
