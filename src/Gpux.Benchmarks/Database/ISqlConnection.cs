namespace Gpux.Benchmarks.Database;

/// <summary>A connection to the store of benchmark results: DuckDB in a file, or PostgreSQL.</summary>
/// <remarks>
/// One SQL text serves both: parameters are $1, $2 and so on, and texts keep to what the dialects share (DOUBLE PRECISION, BYTEA,
/// TIMESTAMPTZ, nextval, ON CONFLICT). Calls are synchronous, for the work of an embedded database is the caller's own; a connection
/// serves one thread at a time. A cancelled token interrupts the statement that runs.
/// </remarks>
public interface ISqlConnection : IDisposable
{
    /// <summary>The file's full path, or the server's address without a password.</summary>
    string Name { get; }

    /// <summary>Whether a transaction was begun, and is not over.</summary>
    bool HasTransaction { get; }

    /// <summary>Runs one statement.</summary>
    /// <returns>How many rows it inserted, updated or deleted.</returns>
    long Execute(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken);

    /// <summary>Runs one statement that gives rows. The rows stay readable when other statements run.</summary>
    ISqlRows Query(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken);

    /// <summary>As <see cref="Query"/>, of much that is read and little that is kept: what was read gives way to what is read next, rather than stay in memory for other
    /// questions. Where the question needs more memory after all, it is asked again as <see cref="Query"/> does.</summary>
    ISqlRows Scan(string sql, ReadOnlySpan<SqlValue> parameters, CancellationToken cancellationToken);

    /// <summary>Runs several statements without parameters, such as a migration's.</summary>
    void ExecuteScript(string sql, CancellationToken cancellationToken);

    /// <summary>Adds many rows to a table at once: all of them, or none. Until it is completed or disposed of, the connection does
    /// nothing else.</summary>
    /// <param name="table">Its name as it is, unquoted.</param>
    /// <param name="columns">Those that the rows give, in order; the others take their defaults.</param>
    ISqlAppender Append(string table, ReadOnlySpan<string> columns, CancellationToken cancellationToken);

    /// <summary>Begins a transaction that <see cref="SqlTransaction.Commit"/> ends, or disposal takes back. It sees the database as it was
    /// when it began, and fails with a <see cref="DatabaseConflictException"/> if another one changed the same rows meanwhile. After a
    /// statement of it has failed it can only be taken back.</summary>
    /// <exception cref="InvalidOperationException">The connection has one already.</exception>
    SqlTransaction BeginTransaction();
}

/// <summary>The rows of a query, first to last.</summary>
/// <remarks>A column is read as what it holds. Reading it as another type, or null as a value, throws
/// <see cref="DatabaseValueTypeException"/>: nothing is converted silently.</remarks>
public interface ISqlRows : IDisposable
{
    int ColumnCount { get; }

    string ColumnName(int column);

    /// <summary>Moves to the next row, at first to the first.</summary>
    /// <returns>False after the last.</returns>
    bool Read();

    bool IsNull(int column);

    long Int64(int column);

    double Double(int column);

    bool Boolean(int column);

    /// <returns>In UTC.</returns>
    DateTimeOffset Time(int column);

    string Text(int column);

    byte[] Bytes(int column);
}

/// <summary>Takes rows, value by value, and stores them in bulk.</summary>
public interface ISqlAppender : IDisposable
{
    void Add(long value);

    void Add(double value);

    void Add(bool value);

    void Add(DateTimeOffset value);

    /// <param name="value">Null adds null.</param>
    void Add(string? value);

    void Add(ReadOnlySpan<byte> value);

    void AddNull();

    /// <param name="value">Null adds null.</param>
    void Add(long? value)
    {
        if (value is { } number)
            Add(number);
        else
            AddNull();
    }

    /// <param name="value">Null adds null.</param>
    void Add(double? value)
    {
        if (value is { } number)
            Add(number);
        else
            AddNull();
    }

    /// <exception cref="InvalidOperationException">The row lacks values.</exception>
    void EndRow();

    /// <summary>Stores the rows. Without it, disposal forgets them all.</summary>
    void Complete();
}
