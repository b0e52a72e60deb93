using System.Globalization;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A Parquet file that DuckDB reads, some thousand rows at a time. There is one at a time.</summary>
internal sealed class ParquetTable : IDisposable
{
    // Types that are read as they are; a file with others is read as text.
    private static readonly string[] PlainTypes = ["BIGINT", "INTEGER", "DOUBLE", "VARCHAR", "TIMESTAMP WITH TIME ZONE"];

    private readonly SourceFile _file;
    private readonly long _rowCount;
    private readonly DuckDbType[] _types;
    private long _read;

    private ParquetTable(SourceFile file, long rowCount, DuckDbRows rows)
    {
        (_file, _rowCount, Rows) = (file, rowCount, rows);
        _types = [.. Enumerable.Range(0, rows.ColumnCount).Select(rows.ColumnType)];
    }

    /// <summary>At the row at hand.</summary>
    public DuckDbRows Rows { get; }

    /// <exception cref="UnreadableResultFileException">DuckDB cannot read it.</exception>
    public static ParquetTable Open(SourceFile file, CancellationToken cancellationToken)
    {
        try
        {
            var connection = file.Scratch.Connection;
            var rowCount = CountRows(connection, file, cancellationToken);
            var rows = Types(connection, file).All(column => PlainTypes.Contains(column.Type))
                ? connection.Stream("SELECT * FROM read_parquet($1)", [file.Content], cancellationToken)
                : connection.Stream("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet($1)", [file.Content], cancellationToken);
            return new ParquetTable(file, rowCount, rows);
        }
        catch (DatabaseException exception)
        {
            throw Unreadable(file, exception);
        }
    }

    public static IReadOnlyList<string> Columns(SourceFile file)
    {
        try
        {
            return [.. Types(file.Scratch.Connection, file).Select(column => column.Name)];
        }
        catch (DatabaseException exception)
        {
            throw Unreadable(file, exception);
        }
    }

    /// <returns>False after the last row.</returns>
    public bool Read()
    {
        try
        {
            if (Rows.Read())
            {
                _read++;
                return true;
            }
        }
        catch (DatabaseException exception)
        {
            throw Unreadable(_file, exception);
        }
        return _read == _rowCount ? false : throw new UnreadableResultFileException(_file.Path,
            $"it has {_read:N0} rows, where it says {_rowCount:N0}.", "Check the file: it is damaged.");
    }

    public bool IsNull(int column) => Rows.IsNull(column);

    public bool IsDouble(int column) => _types[column] == DuckDbType.Double;

    public bool IsInt64(int column) => _types[column] is DuckDbType.BigInt or DuckDbType.Integer;

    public bool IsTime(int column) => _types[column] == DuckDbType.TimestampTz && !Rows.IsNull(column);

    /// <returns>Null for null.</returns>
    public string? Text(int column) => Rows.IsNull(column) ? null : _types[column] switch
    {
        DuckDbType.Varchar => Rows.Text(column),
        DuckDbType.Double => Rows.Double(column).ToString("R", CultureInfo.InvariantCulture),
        DuckDbType.TimestampTz => Rows.Time(column).ToString("O", CultureInfo.InvariantCulture),
        _ => Rows.Int64(column).ToString(CultureInfo.InvariantCulture),
    };

    public void Dispose() => Rows.Dispose();

    private static long CountRows(DuckDbConnection connection, SourceFile file, CancellationToken cancellationToken)
    {
        using var rows = connection.Query("SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata($1)", [file.Content], cancellationToken);
        rows.Read();
        return rows.Int64(0);
    }

    private static List<(string Name, string Type)> Types(DuckDbConnection connection, SourceFile file)
    {
        List<(string, string)> columns = [];
        using var rows = connection.Query("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($1))", [file.Content], default);
        while (rows.Read())
            columns.Add((rows.Text(0), rows.Text(1)));
        return columns;
    }

    private static UnreadableResultFileException Unreadable(SourceFile file, DatabaseException exception) =>
        new(file.Path, exception.Message.Split('\n')[0].Replace(file.Content, file.Path, StringComparison.Ordinal),
            "Check the file: it is damaged, or not what its beginning says.", exception);
}
