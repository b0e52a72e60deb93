using System.Text;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Models.Batches;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Tables;

/// <summary>A Parquet file whose rows are inputs, read by DuckDB some thousand rows at a time.</summary>
/// <remarks>Values are what DuckDB writes them as: a list is "[1, 2]", a structure "{'a': 1}". Texts that old writers stored as bytes are texts.</remarks>
public sealed class ParquetRows : RowSource
{
    // DuckDB holds the row groups that it reads.
    private const string MemoryLimit = "1GB";

    private readonly string _pattern;
    private readonly string[] _columns;
    private readonly int _text;
    private readonly int? _pair;
    private readonly long _rowCount;

    private ParquetRows(string path, RowColumns wanted) : base(path, wanted)
    {
        _pattern = Pattern(System.IO.Path.GetFullPath(path));
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = Connect(database);
        _columns = [.. Read(() => Names(connection))];
        _rowCount = Read(() => Count(connection));
        _text = wanted.Text is { } text ? Find(text) : _columns.Length == 1 ? 0 : Find("text");
        _pair = wanted.Pair is { } pair ? Find(pair) : null;
    }

    public override IReadOnlyList<string> Columns => _columns;

    /// <inheritdoc cref="RowSource.Open"/>
    public static RowSource Open(string path, RowColumns wanted) => new ParquetRows(path, wanted);

    protected override IEnumerable<BatchRow> ReadRows()
    {
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = Connect(database);
        using var rows = Read(() => connection.Stream("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet($1, binary_as_string = true, hive_partitioning = false)", [_pattern], default));
        var size = new FileInfo(Path).Length;
        var number = 0L;
        while (Read(rows.Read))
        {
            number++;
            yield return Row(rows, number) with { EndBytes = (long)((double)number / _rowCount * size) };
        }
        if (number != _rowCount)
            throw Unreadable($"it has {number:N0} rows, where it says {_rowCount:N0}.");
    }

    private BatchRow Row(DuckDbRows rows, long number)
    {
        var length = 0L;
        for (var i = 0; i < _columns.Length; i++)
            length += rows.IsNull(i) ? 0 : rows.Utf8(i).Length;
        var problem = length > LongestRowBytes ? $"the row has more than the {LongestRowBytes >> 20} MiB that are read."
            : Missing(_text) ?? (_pair is { } second ? Missing(second) : null);
        string[] values = length > LongestRowBytes ? [] : [.. Enumerable.Range(0, _columns.Length).Select(i => rows.IsNull(i) ? "" : rows.Text(i))];
        return problem is not null ? new BatchRow(number, null, new BadRowException(Path, number, problem)) { Values = values }
            : new BatchRow(number, Input(values[_text], _pair is { } pair ? values[pair] : null)) { Values = values };

        string? Missing(int column) => rows.IsNull(column) ? $"'{_columns[column]}' is null."
            : rows.Utf8(column).Contains((byte)0) ? $"'{_columns[column]}' holds a zero byte, which no text does." : null;
    }

    private static DuckDbConnection Connect(DuckDbDatabase database)
    {
        var connection = database.Connect();
        connection.Execute("SET memory_limit = $1", [MemoryLimit], default);
        connection.Execute("SET temp_directory = ''", [], default);
        connection.Execute("SET TimeZone = 'UTC'", [], default);
        // The model has the others, and rows that are read ahead only take memory.
        connection.Execute("SET threads = 1", [], default);
        return connection;
    }

    private List<string> Names(DuckDbConnection connection)
    {
        List<string> names = [];
        using var rows = connection.Query("SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet($1, binary_as_string = true, hive_partitioning = false))", [_pattern], default);
        while (rows.Read())
            names.Add(rows.Text(0));
        return names;
    }

    private long Count(DuckDbConnection connection)
    {
        using var rows = connection.Query("SELECT CAST(coalesce(sum(num_rows), 0) AS BIGINT) FROM parquet_file_metadata($1)", [_pattern], default);
        rows.Read();
        return rows.Int64(0);
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DatabaseException exception)
        {
            // "Invalid Input Error: " and its like say nothing to a user.
            var said = exception.Message.Split('\n')[0].Replace(_pattern, Path, StringComparison.Ordinal);
            var kind = said.LastIndexOf(" Error: ", StringComparison.Ordinal);
            throw Unreadable(kind < 0 ? said : said[(kind + " Error: ".Length)..], exception);
        }
    }

    private BatchInputException Unreadable(string problem, Exception? inner = null) =>
        new(Path, problem, "Check the file: it is damaged, or not what its name says.", inner);

    // DuckDB takes a path for a pattern.
    private static string Pattern(string path)
    {
        var pattern = new StringBuilder();
        foreach (var character in path)
            _ = character is '*' or '?' or '[' ? pattern.Append('[').Append(character).Append(']') : pattern.Append(character);
        return pattern.ToString();
    }

    private int Find(string column) => Array.IndexOf(_columns, column) is var at and >= 0 ? at
        : throw new ColumnNotFoundException(Path, column, _columns, ClosestName.To(column, _columns));
}
