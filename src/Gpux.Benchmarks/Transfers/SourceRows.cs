using System.Globalization;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Rows of files that are tables, or JSON objects: read as they are asked for, one in memory.</summary>
internal static class SourceRows
{
    // More are no table with mistakes, but no table.
    private const int MaxRefused = 100_000;

    /// <summary>Rows of CSV, JSON, JSON lines or Parquet.</summary>
    /// <param name="refuse">Takes what is no row at all: its number, its column and why.</param>
    public static IEnumerable<SourceRow> Of(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken) => file.Kind switch
    {
        SourceKind.Json => OfJson(file, refuse),
        SourceKind.Parquet => OfParquet(file, cancellationToken),
        SourceKind.Text => OfCsv(file, refuse),
        _ => throw new UnknownResultFormatException(file.Path, "it is neither CSV nor JSON nor Parquet."),
    };

    /// <summary>A JSON object, an array of them, or one a line.</summary>
    private static IEnumerable<SourceRow> OfJson(SourceFile file, Action<long, string?, string> refuse)
    {
        using var reader = new JsonReader();
        if (IsOneObject(file))
        {
            if (Problem(reader, file.ReadBytes()) is { } damage)
                throw new UnreadableResultFileException(file.Path, damage, "Check the file: it is damaged, or not what its beginning says.");
            yield return new JsonRow(1, reader);
            yield break;
        }
        using var records = new JsonRecords(file);
        var refused = 0;
        for (var number = 1L; records.Read(); number++)
        {
            if (Problem(reader, records.Value) is not { } problem)
                yield return new JsonRow(number, reader);
            else if (++refused <= MaxRefused)
                refuse(number, null, problem);
            else
                throw NoTable(file, problem);
        }
    }

    private static IEnumerable<SourceRow> OfCsv(SourceFile file, Action<long, string?, string> refuse)
    {
        var heading = CsvHeading.Of(file.Head);
        var columns = ColumnsOf(file, heading.Columns);
        using var reader = new CsvReader(file, heading);
        var refused = 0;
        for (var number = 1L; reader.Read(out var problem); number++)
        {
            if (problem is null)
                yield return new CsvRow(number, reader, columns);
            else if (++refused <= MaxRefused)
                refuse(number, null, problem);
            else
                throw NoTable(file, problem);
        }
    }

    private static IEnumerable<SourceRow> OfParquet(SourceFile file, CancellationToken cancellationToken)
    {
        var columns = ColumnsOf(file, file.Columns);
        using var table = ParquetTable.Open(file, cancellationToken);
        for (var number = 1L; table.Read(); number++)
            yield return new ParquetRow(number, table, columns);
    }

    /// <exception cref="ResultColumnsException">One comes twice: nobody could say which is meant.</exception>
    private static Dictionary<string, int> ColumnsOf(SourceFile file, IReadOnlyList<string> columns)
    {
        if (columns.GroupBy(column => column, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } duplicate)
            throw new ResultColumnsException(file.Path, $"'{duplicate.Key}' comes {duplicate.Count()} times.", "Give every column a name of its own; letter case does not count.");
        return columns.Index().ToDictionary(column => column.Item, column => column.Index, StringComparer.Ordinal);
    }

    // An object on one line with others below it is a line of several.
    private static bool IsOneObject(SourceFile file)
    {
        var text = file.Head.AsSpan().TrimStart();
        return text.StartsWith("{") && !(text.IndexOf('\n') is >= 0 and var end && text[..end].TrimEnd().EndsWith("}") && !text[end..].Trim().IsEmpty);
    }

    /// <summary>Moves a reader to an object.</summary>
    /// <returns>Why it is none; null where it is one.</returns>
    private static string? Problem(JsonReader reader, ReadOnlyMemory<byte> json)
    {
        try
        {
            reader.Read(json);
            return null;
        }
        catch (RowRefusedException exception)
        {
            return exception.Message;
        }
    }

    private static UnreadableResultFileException NoTable(SourceFile file, string problem) =>
        new(file.Path, $"more than {MaxRefused:N0} of its lines are no rows of the table: {problem}", "Check the file.");

    private sealed class CsvRow(long number, CsvReader reader, Dictionary<string, int> columns) : SourceRow(number)
    {
        public override IReadOnlyList<string> Columns => [.. columns.Keys];

        public override double? Double(string column) => !columns.TryGetValue(column, out var at) || reader.Bytes(at).IsEmpty ? null
            : double.TryParse(reader.Bytes(at), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : base.Double(column);

        public override long? Int64(string column) => !columns.TryGetValue(column, out var at) || reader.Bytes(at).IsEmpty ? null
            : long.TryParse(reader.Bytes(at), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : base.Int64(column);

        protected override string? Value(string column) => columns.TryGetValue(column, out var at) && !reader.IsMissing(at) ? reader.Text(at) : null;
    }

    private sealed class ParquetRow(long number, ParquetTable table, Dictionary<string, int> columns) : SourceRow(number)
    {
        public override IReadOnlyList<string> Columns => [.. columns.Keys];

        public override double? Double(string column) => !columns.TryGetValue(column, out var at) || table.IsNull(at) ? null
            : table.IsDouble(at) && table.Rows.Double(at) is var value && double.IsFinite(value) ? value : base.Double(column);

        public override long? Int64(string column) => !columns.TryGetValue(column, out var at) || table.IsNull(at) ? null
            : table.IsInt64(at) ? table.Rows.Int64(at) : base.Int64(column);

        public override DateTimeOffset? Time(string column) => columns.TryGetValue(column, out var at) && table.IsTime(at) ? table.Rows.Time(at) : base.Time(column);

        protected override string? Value(string column) => columns.TryGetValue(column, out var at) ? table.Text(at) : null;
    }
}
