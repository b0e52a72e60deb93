namespace Gpux.Benchmarks.Database;

/// <summary>Statements that count together or not at all. Disposal without <see cref="Commit"/> takes them back.</summary>
public sealed class SqlTransaction : IDisposable
{
    private readonly ISqlConnection _connection;

    /// <summary>Begins it. Connections do so, which know whether they have one already.</summary>
    internal SqlTransaction(ISqlConnection connection)
    {
        _connection = connection;
        connection.Execute("BEGIN TRANSACTION", [], CancellationToken.None);
        IsActive = true;
    }

    internal bool IsActive { get; private set; }

    /// <exception cref="InvalidOperationException">The transaction is over.</exception>
    public void Commit()
    {
        if (!IsActive)
            throw new InvalidOperationException("The transaction is over.");
        // A commit that fails ends the transaction as well: both stores take it back.
        IsActive = false;
        _connection.Execute("COMMIT", [], CancellationToken.None);
    }

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
