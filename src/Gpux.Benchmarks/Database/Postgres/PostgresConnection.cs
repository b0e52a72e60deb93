using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>A connection to a PostgreSQL server, for one thread at a time.</summary>
/// <remarks>When the server has gone, the statement at hand fails, and a transaction with it; the next one connects again.</remarks>
public sealed class PostgresConnection : ISqlConnection
{
    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;
    private SqlTransaction? _transaction;
    private bool _isDisposed;

    private PostgresConnection(NpgsqlDataSource source, string name)
    {
        (_source, Name) = (source, name);
        _connection = source.CreateConnection();
    }

    public string Name { get; }

    public bool HasTransaction => _transaction is { IsActive: true };

    /// <param name="readOnly">Whether the server shall refuse to change anything.</param>
    /// <exception cref="DatabaseUnavailableException">There is no such server or database, or it does not let this user in.</exception>
    internal static PostgresConnection Open(PostgresAddress address, bool readOnly, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(address.Settings.ConnectionString);
        if (readOnly)
            settings.Options = "-c default_transaction_read_only=on";
        var source = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        source.EnableTransportSecurity();
        // Values of the built-in types are all that is read: opening need not ask the server for its list of types.
        source.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        var connection = new PostgresConnection(source.Build(), address.Name);
        try
        {
            connection.Connect(cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public long Execute(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        using var statement = Statement(sql, parameters);
        return Math.Max(0, Run(statement.ExecuteNonQueryAsync, cancellationToken)); // -1 of what changes no rows
    }

    public PostgresRows Query(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken)
    {
        using var statement = Statement(sql, parameters);
        return Run(
            async cancellation =>
            {
                var reader = await statement.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                    return await PostgresRows.ReadAsync(reader, cancellation).ConfigureAwait(false);
            }, cancellationToken);
    }

    // The server itself reads large tables through a few buffers.
    ISqlRows ISqlConnection.Scan(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken) => Query(sql, parameters, cancellationToken);

    ISqlRows ISqlConnection.Query(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken) =>
        Query(sql, parameters, cancellationToken);

    public void ExecuteScript(string sql, CancellationToken cancellationToken)
    {
        using var script = new NpgsqlCommand(sql, _connection); // which splits it at its semicolons
        Run(script.ExecuteNonQueryAsync, cancellationToken);
    }

    /// <remarks>One COPY, which is a transaction of its own outside of the caller's.</remarks>
    public PostgresAppender Append(string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken)
    {
        var target = PostgresTable.Find(this, table, columns, cancellationToken);
        try
        {
            return new PostgresAppender(this, _connection.BeginBinaryImport(target.CopyStatement), target.Types, cancellationToken);
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            throw Fail(exception, cancellationToken);
        }
    }

    ISqlAppender ISqlConnection.Append(string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken) =>
        Append(table, columns, cancellationToken);

    public SqlTransaction BeginTransaction()
    {
        if (HasTransaction)
            throw new InvalidOperationException("The connection has a transaction already.");
        // As in DuckDB, a transaction sees the database as it was when it began, and of two that change a row the later one fails.
        return _transaction = new SqlTransaction(this, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    }

    public void Dispose()
    {
        _isDisposed = true;
        _connection.Dispose();
        _source.Dispose();
    }

    // Waits for the asynchronous call: Npgsql gives up on those when a token is cancelled, and its synchronous ones may wait for ever.
    private T Run<T>(Func<CancellationToken, Task<T>> statement, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            if (_connection.State != ConnectionState.Open)
                Connect(cancellationToken);
            return statement(cancellationToken).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            throw Fail(exception, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            BreakTransaction();
            throw;
        }
    }

    private void Connect(CancellationToken cancellationToken)
    {
        // What a transaction did is lost with its connection; the rest of it must not run without.
        if (HasTransaction)
            throw DatabaseUnavailableException.Lost(Name, "the server ended it", inTransaction: true);
        try
        {
            _connection.Close();
            _connection.OpenAsync(cancellationToken).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            throw PostgresError.Of(exception, Name, inTransaction: null, cancellationToken);
        }
    }

    internal Exception Fail(Exception exception, CancellationToken cancellationToken)
    {
        BreakTransaction();
        return PostgresError.Of(exception, Name, HasTransaction, cancellationToken);
    }

    /// <summary>The server takes a transaction back in which anything has failed, even if it is then committed.</summary>
    internal void BreakTransaction()
    {
        if (HasTransaction)
            _transaction?.Break();
    }

    private NpgsqlBatch Statement(string sql, ReadOnlySpan<SqlValue> parameters)
    {
        if (string.IsNullOrWhiteSpace(sql))
            throw new DatabaseStatementException("it is empty.");
        // A batch of one: a command would split a text at its semicolons.
        var statement = new NpgsqlBatchCommand(sql);
        foreach (ref readonly var parameter in parameters)
            statement.Parameters.Add(Parameter(parameter));
        return new NpgsqlBatch(_connection) { BatchCommands = { statement } };
    }

    private static NpgsqlParameter Parameter(in SqlValue value) => value.Kind switch
    {
        SqlValueKind.Int64 => new NpgsqlParameter<long> { NpgsqlDbType = NpgsqlDbType.Bigint, TypedValue = value.AsInt64 },
        SqlValueKind.Double => new NpgsqlParameter<double> { NpgsqlDbType = NpgsqlDbType.Double, TypedValue = value.AsDouble },
        SqlValueKind.Boolean => new NpgsqlParameter<bool> { NpgsqlDbType = NpgsqlDbType.Boolean, TypedValue = value.AsBoolean },
        SqlValueKind.Time => new NpgsqlParameter<long> { NpgsqlDbType = NpgsqlDbType.TimestampTz, TypedValue = PostgresTime.FromUnix(value.AsMicroseconds) },
        // Of unknown type, which the place in the statement gives, as in DuckDB: a text may be JSON, and null may be anything.
        SqlValueKind.Text => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Unknown, Value = Checked(value.AsText) },
        SqlValueKind.Bytes => new NpgsqlParameter<byte[]> { NpgsqlDbType = NpgsqlDbType.Bytea, TypedValue = value.AsBytes },
        _ => new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Unknown, Value = DBNull.Value },
    };

    /// <exception cref="ArgumentException">Half a surrogate pair, which would break the connection.</exception>
    internal static string Checked(string text)
    {
        _ = StrictUtf8.Encoding.GetByteCount(text);
        return text.Contains('\0') ? throw new DatabaseValueTypeException("PostgreSQL keeps no text with a NUL.") : text;
    }
}
