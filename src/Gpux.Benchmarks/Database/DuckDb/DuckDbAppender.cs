using System.Buffers;
using System.Text.Unicode;
using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>Adds rows by writing them into DuckDB's own column vectors, 2,048 rows at a time.</summary>
/// <remarks>After a failure the rows are lost, and only disposal is left to do.</remarks>
public sealed unsafe class DuckDbAppender : ISqlAppender
{
    // A text up to this size is encoded on the stack.
    private const int StackBytes = 512;

    private readonly ConnectionHandle _connection;
    private readonly AppenderHandle _appender;
    private readonly string _database;
    private readonly SqlTransaction? _transaction;
    private readonly CancellationToken _cancellationToken;
    private readonly int _capacity;
    private readonly DuckDbType[] _types;
    private readonly nint[] _vectors;
    private readonly nint[] _data;
    private readonly nint[] _validity; // 0 until a row of the chunk is null
    private readonly ChunkHandle _chunk;
    private int _row;
    private int _column;
    private bool _isOver;

    /// <param name="transaction">Its own, to commit; null within the caller's.</param>
    internal DuckDbAppender(ConnectionHandle connection, string database, SqlTransaction? transaction, string table,
        ReadOnlySpan<string> columns, CancellationToken cancellationToken)
    {
        (_connection, _database, _transaction, _cancellationToken) = (connection, database, transaction, cancellationToken);
        var failed = duckdb_appender_create_ext(connection, null, null, table, out var appender) != 0;
        _appender = new AppenderHandle(appender, connection); // a failed one holds the reason
        try
        {
            Check(failed ? 1 : 0);
            foreach (var column in columns)
                Check(duckdb_appender_add_column(_appender, column));
            var count = (int)duckdb_appender_column_count(_appender);
            (_types, _vectors, _data, _validity) = (new DuckDbType[count], new nint[count], new nint[count], new nint[count]);
            _chunk = CreateChunk();
            _capacity = (int)duckdb_vector_size();
            Point();
        }
        catch
        {
            _appender.Dispose();
            throw;
        }
    }

    public void Add(long value)
    {
        var data = Next(out var column);
        switch (_types[column])
        {
            case DuckDbType.BigInt:
                ((long*)data)[_row] = value;
                break;
            case DuckDbType.Integer when value is >= int.MinValue and <= int.MaxValue:
                ((int*)data)[_row] = (int)value;
                break;
            case DuckDbType.Integer:
                throw Mistaken(column, $"the number {value}");
            default:
                throw Mistaken(column, "an integer");
        }
    }

    public void Add(double value) => ((double*)Next(DuckDbType.Double, "a number with a fraction"))[_row] = value;

    public void Add(bool value) => ((byte*)Next(DuckDbType.Boolean, "a truth value"))[_row] = value ? (byte)1 : (byte)0;

    public void Add(DateTimeOffset value) =>
        ((long*)Next(DuckDbType.TimestampTz, "an instant"))[_row] = SqlTime.ToMicroseconds(value);

    public void Add(string? value)
    {
        if (value is null)
        {
            AddNull();
            return;
        }
        byte[]? rented = null;
        var size = StrictUtf8.Encoding.GetMaxByteCount(value.Length);
        var buffer = size <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var length = Utf8.FromUtf16(value, buffer, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done
                ? written : StrictUtf8.Encoding.GetBytes(value, buffer); // which throws, and says where
            Write(DuckDbType.Varchar, "a text", buffer[..length]);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public void Add(ReadOnlySpan<byte> value) => Write(DuckDbType.Blob, "bytes", value);

    public void AddNull()
    {
        _ = Next(out var column);
        if (_validity[column] == 0)
        {
            duckdb_vector_ensure_validity_writable(_vectors[column]);
            _validity[column] = (nint)duckdb_vector_get_validity(_vectors[column]);
        }
        ((ulong*)_validity[column])[_row >> 6] &= ~(1ul << (_row & 63));
    }

    public void EndRow()
    {
        ThrowIfOver();
        if (_column != _types.Length)
            throw new InvalidOperationException($"The row has {_column} values; the columns are {_types.Length}.");
        _column = 0;
        if (++_row == _capacity)
            FlushChunk();
    }

    public void Complete()
    {
        ThrowIfOver();
        if (_column != 0)
            throw new InvalidOperationException("The last row was not ended.");
        using (Interruption.On(_connection, _cancellationToken))
        {
            FlushChunk();
            Check(duckdb_appender_close(_appender));
        }
        _isOver = true;
        _transaction?.Commit();
    }

    public void Dispose()
    {
        _isOver = true;
        _chunk.Dispose();
        _appender.Dispose();
        _transaction?.Dispose();
    }

    private ChunkHandle CreateChunk()
    {
        var types = new nint[_types.Length];
        try
        {
            for (var i = 0; i < types.Length; i++)
            {
                types[i] = duckdb_appender_column_type(_appender, (ulong)i);
                _types[i] = duckdb_get_type_id(types[i]);
            }
            fixed (nint* pointer = types)
                return new ChunkHandle(duckdb_create_data_chunk(pointer, (ulong)types.Length));
        }
        finally
        {
            for (var i = 0; i < types.Length; i++)
                duckdb_destroy_logical_type(ref types[i]);
        }
    }

    private void Write(DuckDbType type, string what, ReadOnlySpan<byte> content)
    {
        var text = (Text*)Next(type, what) + _row;
        if (content.Length <= DuckDbApi.Text.InlineCapacity)
        {
            *text = default; // DuckDB compares the unused bytes too
            text->Length = (uint)content.Length;
            content.CopyTo(new Span<byte>(text->Inline, DuckDbApi.Text.InlineCapacity));
            return;
        }
        fixed (byte* bytes = content)
            duckdb_vector_assign_string_element_len(_vectors[_column - 1], (ulong)_row, bytes, (ulong)content.Length);
    }

    private nint Next(DuckDbType type, string what)
    {
        var data = Next(out var column);
        return _types[column] == type ? data : throw Mistaken(column, what);
    }

    private nint Next(out int column)
    {
        column = _column;
        if (_isOver || (uint)column >= (uint)_data.Length)
            ThrowFull();
        _column = column + 1;
        return _data[column];
    }

    private void ThrowFull()
    {
        ThrowIfOver();
        throw new InvalidOperationException($"The row has its {_types.Length} values already.");
    }

    private void ThrowIfOver()
    {
        if (_isOver)
            throw new InvalidOperationException("The appender is completed, disposed of or has failed.");
    }

    private void FlushChunk()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (_row == 0)
            return;
        duckdb_data_chunk_set_size(_chunk, (ulong)_row);
        Check(duckdb_append_data_chunk(_appender, _chunk));
        duckdb_data_chunk_reset(_chunk);
        _row = 0;
        Point();
    }

    /// <summary>Finds the vectors' memory, which may move when the chunk is reset.</summary>
    private void Point()
    {
        for (var i = 0; i < _types.Length; i++)
        {
            _vectors[i] = duckdb_data_chunk_get_vector(_chunk, (ulong)i);
            _data[i] = (nint)duckdb_vector_get_data(_vectors[i]);
            _validity[i] = 0;
        }
    }

    private void Check(int state)
    {
        if (state == 0)
            return;
        _isOver = true;
        var error = duckdb_appender_error_data(_appender);
        var text = DuckDbError.Text(duckdb_error_data_message(error));
        duckdb_destroy_error_data(ref error);
        throw DuckDbError.Of(text, _database, _cancellationToken);
    }

    private DatabaseValueTypeException Mistaken(int column, string what)
    {
        _isOver = true;
        return new($"value {column + 1} of a row is {what}, and its column is of type {_types[column]}.");
    }
}
