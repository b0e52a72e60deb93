using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Database.Migrations;

namespace Gpux.Benchmarks.Database;

/// <summary>Opens the database of benchmark results in a file, with the schema that this build knows.</summary>
public static class BenchmarkDatabase
{
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
    "Open it once for writing, which makes a backup and brings it up to date.");
