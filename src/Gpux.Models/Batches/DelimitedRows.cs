using Gpux.Runtime.Sessions;

namespace Gpux.Models.Batches;

/// <summary>A table as text: a line of names, then rows, with fields in quotes where they hold the delimiter, quotes or ends of lines.</summary>
/// <remarks>Source: RFC 4180; also with tabs, and with the semicolons that spreadsheets write where the comma is the decimal mark.</remarks>
internal sealed class DelimitedRows : RowSource
{
    private readonly char _delimiter;
    private readonly string[] _columns;
    private readonly int _text;
    private readonly int? _pair;

    /// <param name="delimiter">Null for a comma, or for a semicolon where the first line has that alone.</param>
    public DelimitedRows(string path, RowColumns wanted, char? delimiter) : base(path, wanted)
    {
        using var reader = new RowReader(path, delimiter?.ToString() ?? ",;");
        if (!reader.TryRead(out var header))
            throw new BatchInputException(path, "it is empty.", "Give a file whose first line names the columns.");
        if (RowText.Problem(header) is { } problem)
            throw new BatchInputException(path, problem, "Give a file whose first line names the columns, in UTF-8.");
        var line = header.Bytes.Span;
        _delimiter = delimiter ?? (line.Contains((byte)';') && !line.Contains((byte)',') ? ';' : ',');
        _columns = [.. DelimitedText.Split(RowText.Of(line), _delimiter)];
        _text = wanted.Text is { } text ? Find(text) : _columns.Length == 1 ? 0 : Find("text");
        _pair = wanted.Pair is { } pair ? Find(pair) : null;
    }

    public override IReadOnlyList<string> Columns => _columns;

    protected override IEnumerable<BatchRow> ReadRows()
    {
        using var reader = new RowReader(Path, _delimiter.ToString());
        reader.TryRead(out _);
        while (reader.TryRead(out var row))
        {
            // A table of one column may have empty values; another has no row without a delimiter.
            if (row.Bytes.IsEmpty && _columns.Length > 1)
                continue;
            var values = row.IsTooLong || row.IsOpen ? [] : DelimitedText.Split(RowText.Of(row.Bytes.Span), _delimiter);
            var problem = RowText.Problem(row)
                ?? (values.Count == _columns.Length ? null : $"the row has {values.Count} fields, where the first line names {_columns.Length}.");
            yield return problem is not null ? Bad(row, problem, values)
                : new BatchRow(row.Line, Input(values[_text], _pair is { } pair ? values[pair] : null)) { Values = values, EndBytes = row.EndBytes };
        }
    }

    private int Find(string column) => Array.IndexOf(_columns, column) is var at and >= 0 ? at
        : throw new ColumnNotFoundException(Path, column, _columns, ClosestName.To(column, _columns));
}
