namespace Gpux.Benchmarks.Database;

/// <summary>Statements that count together or not at all. Disposal without <see cref="Commit"/> takes them back.</summary>
public sealed class SqlTransaction : IDisposable
{
    private readonly ISqlConnection _connection;

    /// <summary>Begins it. Connections do so, which know whether they have one already.</summary>
    /// <param name="begin">The statement that begins it.</param>
    internal SqlTransaction(ISqlConnection connection, string begin = "BEGIN TRANSACTION")
    {
        _connection = connection;
        connection.Execute(begin, [], CancellationToken.None);
        IsActive = true;
    }

    internal bool IsActive { get; private set; }

    private bool IsBroken { get; set; }

    /// <exception cref="InvalidOperationException">The transaction is over.</exception>
    /// <exception cref="DatabaseConflictException">A statement of it has failed before.</exception>
    public void Commit()
    {
        if (!IsActive)
            throw new InvalidOperationException("The transaction is over.");
        if (IsBroken)
        {
            Dispose();
            throw new DatabaseConflictException("a statement of the transaction has failed, and the transaction was taken back.");
        }
        // A commit that fails ends the transaction as well: both stores take it back.
        IsActive = false;
        _connection.Execute("COMMIT", [], CancellationToken.None);
    }

    /// <summary>Says that nothing of it can be kept. PostgreSQL itself calls a commit of such a transaction done, and takes it back.</summary>
    internal void Break() => IsBroken = true;

    public void Dispose()
    {
        if (!IsActive)
            return;
        IsActive = false;
        try
        {
            _connection.Execute("ROLLBACK", [], CancellationToken.None);
        }
        catch (DatabaseException)
        {
            // The error that led here is on its way to the caller, and a database that is beyond taking back has taken back.
        }
    }
}
