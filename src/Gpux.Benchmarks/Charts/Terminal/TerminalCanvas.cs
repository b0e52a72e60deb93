using System.Text;

namespace Gpux.Benchmarks.Charts.Terminal;

/// <summary>A field of characters with a colour each, in which lines are drawn by dots: two across and four down in a character (Braille).</summary>
internal sealed class TerminalCanvas(int columns, int rows)
{
    private const int NoSeries = -1;

    // U+2800 and the bit of each dot: the columns of a Braille cell are 1 2 3 7 and 4 5 6 8.
    private static ReadOnlySpan<byte> DotBits => [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

    private readonly char[] _letters = Filled(columns * rows, '\0');
    private readonly byte[] _dots = new byte[columns * rows];
    private readonly int[] _series = Filled(columns * rows, NoSeries);

    public int Columns => columns;
    public int Rows => rows;

    /// <summary>Sets a dot; places are counted from the upper left, in dots.</summary>
    public void Dot(int x, int y, int series)
    {
        if ((uint)x >= (uint)columns * 2 || (uint)y >= (uint)rows * 4)
            return;
        var cell = y / 4 * columns + x / 2;
        _dots[cell] |= DotBits[y % 4 * 2 + x % 2];
        _series[cell] = series;
    }

    /// <summary>A straight line of dots.</summary>
    public void Line(int x1, int y1, int x2, int y2, int series)
    {
        var steps = Math.Max(Math.Abs(x2 - x1), Math.Abs(y2 - y1));
        for (var i = 0; i <= steps; i++)
            Dot(x1 + (int)Math.Round((double)(x2 - x1) * i / Math.Max(1, steps)), y1 + (int)Math.Round((double)(y2 - y1) * i / Math.Max(1, steps)), series);
    }

    /// <summary>Puts a character; places are counted from the upper left, in characters.</summary>
    public void Put(int column, int row, char letter, int series)
    {
        if ((uint)column >= (uint)columns || (uint)row >= (uint)rows)
            return;
        _letters[row * columns + column] = letter;
        _series[row * columns + column] = series;
    }

    /// <summary>Whether nothing was put in a place yet; dots do not count.</summary>
    public bool IsFree(int column, int row) => (uint)column < (uint)columns && (uint)row < (uint)rows && _letters[row * columns + column] == '\0';

    public string Row(int row, TerminalColours colours)
    {
        var text = new StringBuilder();
        for (var column = 0; column < columns;)
        {
            // Neighbours of one colour are one piece.
            var series = _series[row * columns + column];
            var piece = new StringBuilder();
            for (; column < columns && _series[row * columns + column] == series; column++)
            {
                var cell = row * columns + column;
                piece.Append(_letters[cell] != '\0' ? _letters[cell] : _dots[cell] != 0 ? (char)(0x2800 + _dots[cell]) : ' ');
            }
            text.Append(series == NoSeries ? piece.ToString() : colours.Of(series, piece.ToString()));
        }
        return text.ToString().TrimEnd();
    }

    private static T[] Filled<T>(int count, T value)
    {
        var array = new T[count];
        array.AsSpan().Fill(value);
        return array;
    }
}

/// <summary>Colours of a terminal for series; none where they are not wanted.</summary>
internal sealed class TerminalColours(bool areWanted)
{
    // Blue, yellow, green, magenta, cyan, red, white: those of the terminal's own theme, which is legible on its ground.
    private static readonly string[] Codes = ["94", "33", "32", "95", "36", "91", "37"];

    // For those who see no colours, a shape for each.
    private const string Solid = "●■▲◆▼+×";
    private const string Hollow = "○□△◇▽+×";

    public static char Symbol(int series, bool isPredicted) => (isPredicted ? Hollow : Solid)[series % Solid.Length];

    public string Of(int series, string text) => areWanted ? $"\e[{Codes[series % Codes.Length]}m{text}\e[0m" : text;

    public string Dim(string text) => areWanted ? $"\e[2m{text}\e[0m" : text;

    public string Bold(string text) => areWanted ? $"\e[1m{text}\e[0m" : text;
}
