using System.Buffers;
using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>A statement that was parsed once and runs often, with the connection's thread.</summary>
public sealed unsafe class DuckDbStatement : IDisposable
{
    private readonly StatementHandle _handle;
    private readonly ConnectionHandle _connection;
    private readonly string _database;

    internal DuckDbStatement(StatementHandle handle, ConnectionHandle connection, string database)
    {
        (_handle, _connection, _database) = (handle, connection, database);
        ParameterCount = (int)duckdb_nparams(handle);
    }

    public int ParameterCount { get; }

    /// <returns>How many rows it inserted, updated or deleted.</returns>
    public long Execute(ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        using var result = Run(parameters, cancellationToken);
        return (long)duckdb_rows_changed(result.Pointer);
    }

    public DuckDbRows Query(ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken) =>
        new(Run(parameters, cancellationToken), _database);

    /// <summary>As <see cref="Query"/>, but rows are made when they are asked for: a few chunks of them are in memory at a time. Until the
    /// rows are disposed of, the connection does nothing else.</summary>
    public DuckDbRows Stream(ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        Bind(parameters, cancellationToken);
        using var interruption = Interruption.On(_connection, cancellationToken);
        var failed = duckdb_pending_prepared_streaming(_handle, out var pending) != 0;
        try
        {
            if (failed)
                throw DuckDbError.Of(DuckDbError.Text(duckdb_pending_error(pending)), _database, cancellationToken);
            var result = new ResultHandle(_connection);
            if (duckdb_execute_pending(pending, result.Pointer) == 0)
                return new DuckDbRows(result, _database);
            throw Failure(result, cancellationToken);
        }
        finally
        {
            duckdb_destroy_pending(ref pending);
        }
    }

    public void Dispose() => _handle.Dispose();

    private ResultHandle Run(ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        Bind(parameters, cancellationToken);
        using var interruption = Interruption.On(_connection, cancellationToken);
        var result = new ResultHandle(_connection);
        if (duckdb_execute_prepared(_handle, result.Pointer) == 0)
            return result;
        throw Failure(result, cancellationToken);
    }

    private Exception Failure(ResultHandle result, CancellationToken cancellationToken)
    {
        var text = DuckDbError.Text(duckdb_result_error(result.Pointer));
        result.Dispose();
        return DuckDbError.Of(text, _database, cancellationToken);
    }

    private void Bind(ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        if (parameters.Length != ParameterCount)
            throw new ArgumentException($"The statement has {ParameterCount} parameters; {parameters.Length} were given.");
        for (var i = 0; i < parameters.Length; i++)
            if (Bind((ulong)i + 1, parameters[i]) != 0)
                throw DuckDbError.Of(DuckDbError.Text(duckdb_prepare_error(_handle)), _database, cancellationToken);
    }

    private int Bind(ulong number, in SqlValue value) => value.Kind switch
    {
        SqlValueKind.Int64 => duckdb_bind_int64(_handle, number, value.AsInt64),
        SqlValueKind.Double => duckdb_bind_double(_handle, number, value.AsDouble),
        SqlValueKind.Boolean => duckdb_bind_boolean(_handle, number, value.AsBoolean ? (byte)1 : (byte)0),
        SqlValueKind.Time => duckdb_bind_timestamp_tz(_handle, number, value.AsMicroseconds),
        SqlValueKind.Text => BindText(number, value.AsText),
        SqlValueKind.Bytes => BindBytes(number, value.AsBytes),
        _ => duckdb_bind_null(_handle, number),
    };

    private int BindText(ulong number, string text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(StrictUtf8.Encoding.GetMaxByteCount(text.Length));
        try
        {
            var length = StrictUtf8.Encoding.GetBytes(text, buffer);
            fixed (byte* bytes = buffer)
                return duckdb_bind_varchar_length(_handle, number, bytes, (ulong)length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int BindBytes(ulong number, byte[] value)
    {
        byte nothing = 0; // no bytes have no address, and DuckDB takes a null pointer for null
        fixed (byte* bytes = value)
            return duckdb_bind_blob(_handle, number, bytes is null ? &nothing : bytes, (ulong)value.Length);
    }
}
