using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>A connection to a DuckDB database, for one thread at a time.</summary>
public sealed unsafe class DuckDbConnection : ISqlConnection
{
    // What a question keeps, and for each thread the blocks that it reads at a time, of 256 KiB.
    private const int ScanMebibytes = 32;
    private const int ScanMebibytesOfThread = 8;

    private readonly ConnectionHandle _handle;
    private readonly string _database;
    private SqlTransaction? _transaction;

    internal DuckDbConnection(ConnectionHandle handle, string database) => (_handle, _database) = (handle, database);

    public string Name => _database;

    public bool HasTransaction => _transaction is { IsActive: true };

    /// <exception cref="DatabaseStatementException">It is no statement, or several.</exception>
    public DuckDbStatement Prepare(string sql)
    {
        RefuseNul(sql);
        var failed = duckdb_prepare(_handle, sql, out var prepared) != 0;
        var statement = new StatementHandle(prepared, _handle); // a failed one holds the reason
        if (!failed)
            return new DuckDbStatement(statement, _handle, _database);
        var text = DuckDbError.Text(duckdb_prepare_error(statement));
        statement.Dispose();
        throw DuckDbError.Of(text, _database, CancellationToken.None);
    }

    public long Execute(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        try
        {
            using var statement = Prepare(sql);
            return statement.Execute(parameters, cancellationToken);
        }
        catch
        {
            BreakTransaction();
            throw;
        }
    }

    public DuckDbRows Query(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        try
        {
            using var statement = Prepare(sql);
            return statement.Query(parameters, cancellationToken);
        }
        catch
        {
            BreakTransaction();
            throw;
        }
    }

    /// <summary>See <see cref="DuckDbStatement.Stream"/>.</summary>
    public DuckDbRows Stream(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        try
        {
            using var statement = Prepare(sql);
            return statement.Stream(parameters, cancellationToken);
        }
        catch
        {
            BreakTransaction();
            throw;
        }
    }

    /// <remarks>DuckDB's bound on memory is the database's, and not a connection's: of one that may be written to, or has other connections, it is left alone. Of new memory
    /// the system makes every page when it is first touched, which costs as much as reading does.</remarks>
    public DuckDbRows Scan(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        var database = _handle.Database;
        lock (database.Connecting)
        {
            if (database.IsReadOnly && database.Connections == 1 && !HasTransaction)
            {
                try
                {
                    // Nothing is put on disk instead, least of all beside a file that is only read.
                    ExecuteScript($"SET memory_limit='{ScanMebibytes + ScanMebibytesOfThread * Environment.ProcessorCount}MiB'; SET max_temp_directory_size='0KiB'", cancellationToken);
                    return Query(sql, parameters, cancellationToken);
                }
                catch (DatabaseException exception) when (exception is DatabaseOutOfMemoryException or DatabaseStorageFullException)
                {
                    // DuckDB says the one where a block does not fit, and the other where it may not be put on disk. Without the bound it is asked again below.
                }
                finally
                {
                    ExecuteScript("RESET memory_limit; RESET max_temp_directory_size", CancellationToken.None);
                }
            }
        }
        return Query(sql, parameters, cancellationToken);
    }

    ISqlRows ISqlConnection.Scan(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken) =>
        Scan(sql, parameters, cancellationToken);

    ISqlRows ISqlConnection.Query(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken) =>
        Query(sql, parameters, cancellationToken);

    public void ExecuteScript(string sql, CancellationToken cancellationToken)
    {
        RefuseNul(sql);
        using var interruption = Interruption.On(_handle, cancellationToken);
        using var result = new ResultHandle(_handle);
        if (duckdb_query(_handle, sql, result.Pointer) == 0)
            return;
        BreakTransaction();
        throw DuckDbError.Of(DuckDbError.Text(duckdb_result_error(result.Pointer)), _database, cancellationToken);
    }

    /// <remarks>Outside of a transaction the rows get one of their own.</remarks>
    public DuckDbAppender Append(string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken)
    {
        RefuseNul(table);
        foreach (var column in columns)
            RefuseNul(column);
        var transaction = HasTransaction ? null : BeginTransaction();
        try
        {
            return new DuckDbAppender(_handle, _database, transaction, table, columns, cancellationToken);
        }
        catch
        {
            transaction?.Dispose();
            throw;
        }
    }

    ISqlAppender ISqlConnection.Append(string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken) =>
        Append(table, columns, cancellationToken);

    public SqlTransaction BeginTransaction()
    {
        if (HasTransaction)
            throw new InvalidOperationException("The connection has a transaction already.");
        return _transaction = new SqlTransaction(this);
    }

    public void Dispose() => _handle.Dispose();

    // DuckDB itself would go on after some errors, and commit the rest; PostgreSQL never does.
    private void BreakTransaction()
    {
        if (HasTransaction)
            _transaction?.Break();
    }

    // The C API takes such texts up to the NUL.
    private static void RefuseNul(string text)
    {
        if (text.Contains('\0'))
            throw new ArgumentException("Statements and names have no NUL.", nameof(text));
    }
}
