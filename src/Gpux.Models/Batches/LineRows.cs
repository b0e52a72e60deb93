namespace Gpux.Models.Batches;

/// <summary>A text in which each line is a row, empty ones too.</summary>
internal sealed class LineRows : RowSource
{
    private static readonly string[] Names = ["text"];

    public LineRows(string path, RowColumns wanted) : base(path, wanted)
    {
        if ((wanted.Pair ?? wanted.Text) is { } column && column != Names[0])
            throw new ColumnNotFoundException(path, column, Names, closest: null);
    }

    public override IReadOnlyList<string> Columns => Names;

    protected override IEnumerable<BatchRow> ReadRows()
    {
        using var reader = new RowReader(Path);
        while (reader.TryRead(out var row))
        {
            var text = row.IsTooLong ? "" : RowText.Of(row.Bytes.Span);
            yield return RowText.Problem(row) is { } problem ? Bad(row, problem, [text])
                : new BatchRow(row.Line, Input(text, pair: null)) { Values = [text], EndBytes = row.EndBytes };
        }
    }
}
