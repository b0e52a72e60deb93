namespace Gpux.Benchmarks.Database;

/// <summary>The store of benchmark results could not do what was asked.</summary>
public abstract class DatabaseException(ErrorCode code, string problem, string remedy, Exception? inner = null)
    : GpuxException(code, problem, remedy, inner);

/// <summary>The file is no database, is damaged, or was written by a newer DuckDB.</summary>
public sealed class DatabaseDamagedException(string database, string detail) : DatabaseException(
    ErrorCode.DatabaseDamaged,
    $"'{database}' cannot be read as a database: {detail}",
    DatabaseBackup.RestoreCommand(database) is { } command
        ? $"Put its newest backup in its place: {command}"
        : "Name another file; no backup of it lies beside it.");

/// <summary>The file is of another kind than a database. DuckDB would open it all the same, and lose what is stored.</summary>
public sealed class NotDatabaseException : DatabaseException
{
    /// <param name="kind">What it looks like, such as "JSON".</param>
    public NotDatabaseException(string file, string kind) : this(file, $"it looks like {kind}",
        remedy: $"Name another file with --db-path; results in this one are imported into it: gpux db import {ShellWord.Of(file)}")
    {
    }

    private NotDatabaseException(string file, string problem, string remedy) : base(ErrorCode.NotDatabase, $"'{file}' is no DuckDB database: {problem}.", remedy)
    {
    }

    /// <summary>It is empty, which DuckDB takes for a damaged one.</summary>
    public static NotDatabaseException Empty(string file) => new(file, "it is empty", DatabaseBackup.RestoreCommand(file) is { } command
        ? $"Put its newest backup in its place: {command}"
        : $"Name another file with --db-path, or make a database in its place: rm {ShellWord.Of(file)} && gpux db create-schema --db-path {ShellWord.Of(file)}");
}

/// <summary>Another process, or another part of this one, has the database open.</summary>
public sealed class DatabaseLockedException(string database, string holder) : DatabaseException(
    ErrorCode.DatabaseLocked,
    $"'{database}' is in use by {holder}.",
    "One process at a time may write to it, and none may read meanwhile. Wait until it is done, or end it.")
{
    /// <summary>Who holds it, as far as the system says: such as "/usr/bin/gpux (PID 4711) by user ada".</summary>
    public string Holder { get; } = holder;
}

/// <summary>The disk, or what the user may use of it, is full.</summary>
public sealed class DatabaseStorageFullException(string database, string detail) : DatabaseException(
    ErrorCode.DatabaseStorageFull,
    $"There is no space left for '{database}': {detail}",
    "Free space on that disk. What was committed before is safe.")
{
    public string Database { get; } = database;

    /// <summary>What the system says.</summary>
    public string Detail { get; } = detail;
}

/// <summary>A value is not of the type, or not in the range, of its column or parameter.</summary>
public sealed class DatabaseValueTypeException(string detail) : DatabaseException(
    ErrorCode.DatabaseValueType,
    $"A value does not fit its type: {detail}",
    "Give a value of the column's type, or CAST it in the statement.");

/// <summary>A row breaks a rule of its table: a key, a reference, or a check such as that a latency is not negative.</summary>
public sealed class DatabaseConstraintException(string detail) : DatabaseException(
    ErrorCode.DatabaseConstraint,
    $"A row breaks a rule of its table: {detail}",
    "Correct the row. None of the statement's rows were stored.");

/// <summary>The statement is no SQL, or names what the database does not have.</summary>
public sealed class DatabaseStatementException(string detail) : DatabaseException(
    ErrorCode.DatabaseStatement,
    $"The database refuses the statement: {detail}",
    "Correct the statement, and check the names of its tables, columns and parameters.");

/// <summary>Two transactions changed the same rows at the same time.</summary>
public sealed class DatabaseConflictException(string detail) : DatabaseException(
    ErrorCode.DatabaseConflict,
    $"Another transaction came first: {detail}",
    "Nothing was stored. Do it again.");

/// <summary>The statement needs more memory than the database may take.</summary>
public sealed class DatabaseOutOfMemoryException(string detail) : DatabaseException(
    ErrorCode.DatabaseOutOfMemory,
    $"The database ran out of memory: {detail}",
    "Ask for fewer rows at a time, or free memory.");

/// <summary>The database cannot be reached: the file is not there, or may not be read or written; the server is gone, or lets nobody in.</summary>
public sealed class DatabaseUnavailableException : DatabaseException
{
    public DatabaseUnavailableException(string database, string detail, string? remedy = null, Exception? inner = null)
        : this(database, detail, $"'{database}' cannot be opened: {detail}", remedy ?? "Check the path, that its folder exists, and that you may read and write it.", inner)
    {
    }

    private DatabaseUnavailableException(string database, string detail, string problem, string remedy, Exception? inner) : base(ErrorCode.DatabaseUnavailable, problem, remedy, inner) =>
        (Database, Detail) = (database, detail);

    public string Database { get; }

    /// <summary>Why not.</summary>
    public string Detail { get; }

    /// <summary>A server went away from a connection that was open.</summary>
    /// <param name="inTransaction">Whether the work was to be committed later. Else it is not known whether the last statement was still done.</param>
    internal static DatabaseUnavailableException Lost(string database, string detail, bool inTransaction, Exception? inner = null) => new(database, detail,
        $"The connection to '{database}' was lost: {detail.TrimEnd('.')}. "
            + (inTransaction ? "Nothing of the transaction that was under way was stored." : "Whether the last statement was still done is not known."),
        "When the server is back, run it again: results that are stored already are known by their keys, and are not stored twice.", inner);
}
