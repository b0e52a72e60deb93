using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Database.Migrations;
using Gpux.Benchmarks.Database.Postgres;

namespace Gpux.Benchmarks.Database;

/// <summary>Opens the database of benchmark results, in a file or on a PostgreSQL server, with the schema that this build knows.</summary>
public static class BenchmarkDatabase
{
    /// <summary>Opens or makes a database, and brings its schema up to date: of a file after a backup, as <see cref="Open(string, TimeSpan, CancellationToken)"/>
    /// does; of a server without, for that is its own tool's work (pg_dump).</summary>
    /// <param name="location">The path of a DuckDB file, or postgresql://user@host/database.</param>
    /// <param name="lockWait">How long to wait while another process has the file, or brings the server's schema up to date. Zero tries once.</param>
    /// <exception cref="DatabaseException">It cannot be opened, is damaged, or has a newer schema.</exception>
    public static ISqlConnection Connect(string location, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        if (PostgresAddress.IsOne(location))
            return PostgresSchema.Open(PostgresAddress.Parse(location), lockWait, Migration.Known, TimeProvider.System, cancellationToken);
        using var database = Open(location, lockWait, cancellationToken); // the connection keeps it open
        return database.Connect();
    }

    /// <summary>As <see cref="Connect"/>, for reading: several processes may do so at a time.</summary>
    /// <exception cref="DatabaseOutdatedException">The schema is older, which only a writer changes.</exception>
    public static ISqlConnection ConnectToRead(string location, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        if (PostgresAddress.IsOne(location))
            return PostgresSchema.OpenToRead(PostgresAddress.Parse(location), Migration.Known, cancellationToken);
        using var database = OpenToRead(location, lockWait, cancellationToken);
        return database.Connect();
    }

    /// <summary>Copies a file beside itself, when nobody writes to it.</summary>
    /// <returns>The copy's path: the file's, the number of its last migration, and the time.</returns>
    /// <exception cref="BackupNotOursException">The location is a server's.</exception>
    public static string Backup(string location, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        if (PostgresAddress.IsOne(location))
            throw new BackupNotOursException(PostgresAddress.Parse(location));
        string file;
        int applied;
        using (var database = DuckDbDatabase.Open(location, readOnly: true, lockWait, cancellationToken))
        using (var connection = database.Connect())
        {
            file = database.Name;
            applied = new Migrator(connection, file, Migration.Known, TimeProvider.System).CountApplied(cancellationToken);
        }
        return DatabaseBackup.Make(file, applied, TimeProvider.System, cancellationToken);
    }

    /// <summary>What messages may say of a location: without a password.</summary>
    public static string NameOf(string location) => PostgresAddress.IsOne(location) ? PostgresAddress.Parse(location).Name : location;

    /// <summary>Opens or makes the file, and brings its schema up to date. Before an existing one changes, a copy of it is put beside
    /// it: "results.duckdb.0001-20270131T120000Z.backup", by the number of the last migration that it has.</summary>
    /// <param name="lockWait">How long to wait while another process has the file. Zero tries once.</param>
    /// <exception cref="DatabaseException">See <see cref="DuckDbDatabase.Open"/>; or the schema is newer, or cannot be changed.</exception>
    public static DuckDbDatabase Open(string path, TimeSpan lockWait, CancellationToken cancellationToken) =>
        Open(path, lockWait, Migration.Known, TimeProvider.System, cancellationToken);

    /// <summary>Opens the file for reading, as several processes may at a time.</summary>
    /// <exception cref="DatabaseException">See <see cref="DuckDbDatabase.Open"/>; or the schema is newer.</exception>
    /// <exception cref="DatabaseOutdatedException">The schema is older, which only a writer changes.</exception>
    public static DuckDbDatabase OpenToRead(string path, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        var database = DuckDbDatabase.Open(path, readOnly: true, lockWait, cancellationToken);
        try
        {
            using var connection = database.Connect();
            var known = Migration.Known;
            if (new Migrator(connection, database.Name, known, TimeProvider.System).CountApplied(cancellationToken) < known.Count)
                throw new DatabaseOutdatedException(database.Name);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    internal static DuckDbDatabase Open(
        string path, TimeSpan lockWait, IReadOnlyList<Migration> known, TimeProvider clock, CancellationToken cancellationToken)
    {
        var backedUpAt = -1;
        while (true)
        {
            // An empty file is what DuckDB itself makes of a new one.
            var existed = new FileInfo(path) is { Exists: true, Length: > 0 };
            var database = DuckDbDatabase.Open(path, readOnly: false, lockWait, cancellationToken);
            var file = database.Name;
            try
            {
                int applied;
                using (var connection = database.Connect())
                {
                    var migrator = new Migrator(connection, file, known, clock);
                    applied = migrator.CountApplied(cancellationToken);
                    // Another process may have migrated it between our backup and now.
                    if (!existed || applied == known.Count || applied == backedUpAt)
                    {
                        migrator.Apply(cancellationToken);
                        return database;
                    }
                }
                database.Dispose();
                DatabaseBackup.Make(file, applied, clock, cancellationToken);
                backedUpAt = applied;
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
    }
}

/// <summary>The database was made by an older GPUX, and was opened for reading only.</summary>
public sealed class DatabaseOutdatedException(string database) : DatabaseException(
    ErrorCode.DatabaseOutdated,
    $"'{database}' was made by an older GPUX, and is open for reading only.",
    "Open it once for writing, which makes a backup and brings it up to date: gpux db create-schema");

/// <summary>A backup was asked for of what the database's own tools save.</summary>
public sealed class BackupNotOursException : DatabaseException
{
    internal BackupNotOursException(PostgresAddress address) : base(
        ErrorCode.BackupNotOurs,
        $"'{address.Name}' is a server's database, which GPUX does not copy.",
        $"Use the server's own tool: pg_dump --format=custom --file=benchmarks.dump '{address.ForCommands}'")
    {
    }
}
