using System.Text;

namespace Gpux.Cli.Terminals;

/// <summary>Rows of text in columns, two blanks apart, headings above. Columns are as wide as their widest cell.</summary>
internal sealed class Table(params string[] headings)
{
    /// <summary>Of a name in a table of several columns: more than any that is meant to be read.</summary>
    public const int NameWidth = 60;

    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _rightAligned = [];
    private readonly Dictionary<int, int> _widest = [];

    /// <summary>Whether headings are names, to be shown as they are.</summary>
    public bool KeepsHeadings { get; init; }

    /// <summary>Aligns columns of numbers to the right.</summary>
    public Table AlignRight(params ReadOnlySpan<int> columns)
    {
        foreach (var column in columns)
            _rightAligned.Add(column);
        return this;
    }

    /// <summary>The most columns of the terminal that a cell takes in these columns of the table: longer ones end with an ellipsis. They have no styles.</summary>
    public Table Cut(int width, params ReadOnlySpan<int> columns)
    {
        foreach (var column in columns)
            _widest[column] = width;
        return this;
    }

    /// <param name="cells">What a terminal would obey in them, but for styles, is spelled out.</param>
    public Table Row(params string[] cells)
    {
        _rows.Add([.. cells.Select((cell, column) => _widest.TryGetValue(column, out var widest) ? TerminalText.Cut(TerminalText.Safe(cell), widest) : TerminalText.SafeStyled(cell))]);
        return this;
    }

    public void Write(Terminal terminal, TextWriter output)
    {
        var widths = headings.Select((heading, column) =>
            _rows.Select(row => TextWidth.Of(row[column])).Append(TextWidth.Of(heading)).Max()).ToArray();
        WriteRow(output, [.. headings.Select((heading, column) => Pad(KeepsHeadings ? heading : heading.ToUpperInvariant(), widths[column], column))], terminal.Dim);
        foreach (var row in _rows)
            WriteRow(output, [.. row.Select((cell, column) => Pad(cell, widths[column], column))], text => text);
    }

    private string Pad(string cell, int width, int column)
    {
        var blanks = new string(' ', Math.Max(0, width - TextWidth.Of(cell)));
        return _rightAligned.Contains(column) ? blanks + cell : cell + blanks;
    }

    private static void WriteRow(TextWriter output, string[] cells, Func<string, string> style) =>
        output.WriteLine(style(string.Join("  ", cells).TrimEnd()));
}

/// <summary>How many columns a text takes on a terminal.</summary>
internal static class TextWidth
{
    public static int Of(string text)
    {
        var width = 0;
        var escaped = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (escaped)
                escaped = rune.Value != 'm'; // the end of a colour
            else if (rune.Value == '\e')
                escaped = true;
            else
                width += Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
                    or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.Format ? 0 : IsWide(rune.Value) ? 2 : 1;
        }
        return width;
    }

    // East Asian wide and fullwidth letters, and pictographs (Unicode Standard Annex 11, in ranges).
    private static bool IsWide(int code) => code is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0x303E or >= 0x3041 and <= 0xA4CF
        or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60
        or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1F64F or >= 0x1F900 and <= 0x1F9FF or >= 0x20000 and <= 0x3FFFD;
}
