using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A file of rows, read by DuckDB into a table. There is one at a time.</summary>
/// <remarks>The whole is read before the first row is given, so that a file that changes meanwhile is noticed in time.</remarks>
internal sealed class SourceTable : IDisposable
{
    private const int PageRows = 50_000;

    // More are no table with mistakes, but no table.
    private const int MaxRejected = 100_000;

    private readonly DuckDbConnection _connection;

    private SourceTable(SourceFile file) => _connection = file.Scratch.Connection;

    /// <summary>Lines that are no rows of the table, by line.</summary>
    public IReadOnlyList<(long Line, string? Column, string Problem)> Rejected { get; private set; } = [];

    /// <exception cref="UnreadableResultFileException">DuckDB cannot read it.</exception>
    /// <exception cref="ResultColumnsException">A column comes twice.</exception>
    public static SourceTable OpenCsv(SourceFile file, CancellationToken cancellationToken)
    {
        var heading = CsvHeading.Of(file.Head);
        ThrowIfDuplicate(file, heading.Columns);
        return Open(file, table =>
        {
            // A quoted empty text is a text; an empty field is nothing.
            table._connection.Execute(
                """
                CREATE TEMP TABLE source AS SELECT * FROM read_csv($1, all_varchar = true, header = true, delim = $2, quote = '"', escape = '"', comment = '',
                    null_padding = false, strict_mode = true, allow_quoted_nulls = false, compression = 'none', store_rejects = true, max_line_size = 16777216)
                """, [file.Content, heading.Delimiter.ToString()], cancellationToken);
            table.Rejected = table.ReadRejected(cancellationToken);
            if (table.Rejected.Count > MaxRejected)
                throw new UnreadableResultFileException(file.Path, $"more than {MaxRejected:N0} of its lines are no rows of the table: {table.Rejected[0].Problem}",
                    "Check the file.");
        });
    }

    public static SourceTable OpenParquet(SourceFile file, CancellationToken cancellationToken)
    {
        ThrowIfDuplicate(file, file.Columns);
        return Open(file, table => table._connection.Execute("CREATE TEMP TABLE source AS SELECT * FROM read_parquet($1)", [file.Content], cancellationToken));
    }

    /// <summary>A JSON value a row, in the column "json": elements of an array, or one a line.</summary>
    public static SourceTable OpenJson(SourceFile file, CancellationToken cancellationToken)
    {
        var sql = file.Head.AsSpan().TrimStart().StartsWith("[")
            ? "CREATE TEMP TABLE source AS SELECT json FROM read_json_objects($1, format = 'array', compression = 'uncompressed')"
            : "CREATE TEMP TABLE source AS SELECT json FROM read_json_objects($1, format = 'newline_delimited', ignore_errors = true, compression = 'uncompressed')";
        return Open(file, table => table._connection.Execute(sql, [file.Content], cancellationToken));
    }

    public static IReadOnlyList<string> ParquetColumns(SourceFile file)
    {
        var columns = new List<string>();
        try
        {
            using var rows = file.Scratch.Connection.Query("SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet($1))", [file.Content], default);
            while (rows.Read())
                columns.Add(rows.Text(0));
        }
        catch (DatabaseException exception)
        {
            throw Unreadable(file, exception);
        }
        return columns;
    }

    /// <summary>Every row once, in order; a row is read before the next is asked for.</summary>
    public IEnumerable<SourceRow> Rows(CancellationToken cancellationToken)
    {
        var number = 0L;
        var rejected = 0;
        for (var first = 0L; ; first += PageRows)
        {
            using var rows = _connection.Query("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM source WHERE rowid >= $1 AND rowid < $2 ORDER BY rowid",
                [first, first + PageRows], cancellationToken);
            var columns = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < rows.ColumnCount; i++)
                columns.TryAdd(rows.ColumnName(i), i);
            var count = 0;
            for (; rows.Read(); count++)
            {
                // Where lines are rows, a row's number is its line's, the heading left out.
                for (number++; rejected < Rejected.Count && Rejected[rejected].Line - 1 <= number; rejected++)
                    number++;
                yield return new TableRow(number, rows, columns);
            }
            if (count < PageRows)
                yield break;
        }
    }

    public void Dispose()
    {
        foreach (var sql in (ReadOnlySpan<string>)["DROP TABLE IF EXISTS source", "DROP TABLE IF EXISTS reject_errors", "DROP TABLE IF EXISTS reject_scans"])
            _connection.Execute(sql, [], default);
    }

    private static SourceTable Open(SourceFile file, Action<SourceTable> load)
    {
        var table = new SourceTable(file);
        try
        {
            load(table);
            return table;
        }
        catch (DatabaseException exception)
        {
            table.Dispose();
            throw Unreadable(file, exception);
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    private static UnreadableResultFileException Unreadable(SourceFile file, DatabaseException exception) =>
        new(file.Path, exception.Message.Split('\n')[0].Replace(file.Content, file.Path, StringComparison.Ordinal),
            "Check the file: it is damaged, or not what its beginning says.", exception);

    private List<(long, string?, string)> ReadRejected(CancellationToken cancellationToken)
    {
        var rejected = new List<(long, string?, string)>();
        using var rows = _connection.Query(
            "SELECT line, min(column_name), min(error_message) FROM reject_errors GROUP BY line ORDER BY line LIMIT $1", [MaxRejected + 1L], cancellationToken);
        while (rows.Read())
            rejected.Add((rows.Int64(0), rows.IsNull(1) ? null : rows.Text(1), rows.Text(2).Split('\n')[0]));
        return rejected;
    }

    // DuckDB would name the second one anew, and nobody could say which is meant.
    private static void ThrowIfDuplicate(SourceFile file, IReadOnlyList<string> columns)
    {
        if (columns.GroupBy(column => column, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } duplicate)
            throw new ResultColumnsException(file.Path, $"'{duplicate.Key}' comes {duplicate.Count()} times.",
                "Give every column a name of its own; letter case does not count.");
    }

    private sealed class TableRow(long number, DuckDbRows rows, Dictionary<string, int> columns) : SourceRow(number)
    {
        public override IReadOnlyList<string> Columns => [.. columns.Keys];

        protected override string? Value(string column) => columns.TryGetValue(column, out var index) && !rows.IsNull(index) ? rows.Text(index) : null;
    }
}
