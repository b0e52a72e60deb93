using Npgsql;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>Turns what PostgreSQL or the way to it says into the exception that tells a user what to do.</summary>
/// <remarks>Source: PostgreSQL 15, appendix A, "Error Codes".</remarks>
internal static class PostgresError
{
    private const string Remedy = "Check that the server runs, that the network leads there, and that the user, the password (PGPASSWORD or ~/.pgpass) and the database are right.";

    /// <summary>Whether an exception of Npgsql is one to be turned.</summary>
    public static bool IsOne(Exception exception) => exception is NpgsqlException or IOException or TimeoutException or NotSupportedException
        or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException;

    /// <param name="inTransaction">Of a connection that was open, whether it had a transaction; null of one that was being opened.</param>
    public static Exception Of(Exception exception, string database, bool? inTransaction, CancellationToken cancellationToken)
    {
        if (exception is not PostgresException { SqlState: var state, MessageText: var text } error)
        {
            return exception is NotSupportedException
                ? new DatabaseStatementException(exception.Message) // of several statements where one is expected
                : cancellationToken.IsCancellationRequested ? new OperationCanceledException(exception.Message, exception, cancellationToken)
                : Unavailable(Reason(exception));
        }
        // "unique_violation" of which key, "check_violation" of which check.
        var detail = error.ConstraintName is { Length: > 0 } constraint && !text.Contains(constraint, StringComparison.Ordinal) ? $"{text} ({constraint})" : text;
        return state switch
        {
            PostgresErrorCodes.QueryCanceled when cancellationToken.IsCancellationRequested => new OperationCanceledException(text, error, cancellationToken),
            PostgresErrorCodes.DiskFull => new DatabaseStorageFullException(database, text),
            PostgresErrorCodes.OutOfMemory => new DatabaseOutOfMemoryException(text),
            PostgresErrorCodes.LockNotAvailable => new DatabaseLockedException(database, "another transaction"),
            PostgresErrorCodes.ProtocolViolation => new ArgumentException(text, error), // of parameters that are too few
            PostgresErrorCodes.DatatypeMismatch => new DatabaseValueTypeException(text),
            PostgresErrorCodes.InsufficientPrivilege => new DatabaseUnavailableException(database, text, "Ask its owner for the right to read and write its tables.", error),
            PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new DatabaseDamagedException(database, text),
            // The server ends, or ended, its connections; the rest of the class are statements that were stopped.
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => Unavailable(text),
            _ => state[..2] switch
            {
                "22" => new DatabaseValueTypeException(text),
                "23" => new DatabaseConstraintException(detail),
                "40" => new DatabaseConflictException(text),
                // Authorisation, no such database, no resources, an operator's intervention, the system's own errors.
                "08" => Unavailable(text),
                "28" or "3D" or "53" or "57" or "58" => new DatabaseUnavailableException(database, text, Remedy, error),
                _ => new DatabaseStatementException(text),
            },
        };

        DatabaseUnavailableException Unavailable(string detail) => inTransaction is { } had
            ? DatabaseUnavailableException.Lost(database, detail, had, exception) : new DatabaseUnavailableException(database, detail, Remedy, exception);
    }

    // Npgsql says "Exception while reading from stream"; the cause says why.
    private static string Reason(Exception exception) => exception.InnerException is { } cause ? $"{exception.Message}: {cause.Message}" : exception.Message;
}
