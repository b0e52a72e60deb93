using Npgsql;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>The rows of a query, all of them here, so that the connection is free for other statements.</summary>
public sealed class PostgresRows : ISqlRows
{
    private readonly PostgresColumn[] _columns;
    private readonly int _count;
    private int _row = -1;
    private bool _isClosed;

    private PostgresRows(PostgresColumn[] columns, int count) => (_columns, _count) = (columns, count);

    internal static async Task<PostgresRows> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var columns = new PostgresColumn[reader.FieldCount];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = new PostgresColumn(reader.GetName(i), reader.GetDataTypeOID(i));
        var count = 0;
        for (; await reader.ReadAsync(cancellationToken).ConfigureAwait(false); count++)
            for (var i = 0; i < columns.Length; i++)
                columns[i].Add(reader, i);
        return new(columns, count);
    }

    public int ColumnCount => _columns.Length;

    public string ColumnName(int column) => At(column).Name;

    public bool Read()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        _row = Math.Min(_row + 1, _count);
        return _row < _count;
    }

    public bool IsNull(int column) => At(column).IsNull(Row);

    public long Int64(int column) => At(column).Int64(Row);

    public double Double(int column) => At(column).Double(Row);

    public bool Boolean(int column) => At(column).Boolean(Row);

    public DateTimeOffset Time(int column) => At(column).Time(Row);

    public string Text(int column) => At(column).Text(Row);

    public byte[] Bytes(int column) => At(column).Bytes(Row);

    public void Dispose() => _isClosed = true;

    private int Row => !_isClosed && (uint)_row < (uint)_count ? _row : throw new InvalidOperationException("There is no row at hand.");

    private PostgresColumn At(int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)_columns.Length, nameof(column));
        return _columns[column];
    }
}
