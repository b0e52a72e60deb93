using System.Diagnostics;
using Gpux.Benchmarks.Database.Migrations;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>Opens a PostgreSQL database with the schema that this build knows.</summary>
/// <remarks>No backup is made before the schema changes: a server's data are for its own tools (pg_dump) to save.</remarks>
internal static class PostgresSchema
{
    // Any number that no other program's lock in the same database has: "gpux" in ASCII.
    private const long LockNumber = 0x67707578;

    // DuckDB finds rows by the order in which they were stored, and would append at half the speed with these.
    private const string Indexes =
        """
        CREATE INDEX IF NOT EXISTS performance_results_test_run ON performance_results (test_run_id);
        CREATE INDEX IF NOT EXISTS test_runs_model ON test_runs (model_id, hardware_id);
        CREATE INDEX IF NOT EXISTS test_runs_started_at ON test_runs (started_at);
        """;

    /// <param name="lockWait">How long to wait while another client changes the schema.</param>
    /// <exception cref="DatabaseLockedException">It still does.</exception>
    public static PostgresConnection Open(
        PostgresAddress address, TimeSpan lockWait, IReadOnlyList<Migration> known, TimeProvider clock, CancellationToken cancellationToken)
    {
        var connection = PostgresConnection.Open(address, readOnly: false, cancellationToken);
        try
        {
            var migrator = new Migrator(connection, address.Name, known, clock);
            if (migrator.CountApplied(cancellationToken) < known.Count)
                Migrate(connection, migrator, lockWait, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <exception cref="DatabaseOutdatedException">The schema is older, which only a writer changes.</exception>
    public static PostgresConnection OpenToRead(PostgresAddress address, IReadOnlyList<Migration> known, CancellationToken cancellationToken)
    {
        var connection = PostgresConnection.Open(address, readOnly: true, cancellationToken);
        try
        {
            if (new Migrator(connection, address.Name, known, TimeProvider.System).CountApplied(cancellationToken) < known.Count)
                throw new DatabaseOutdatedException(address.Name);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>One client at a time; those that come meanwhile then find it done. The lock ends with its connection at the latest.</summary>
    private static void Migrate(PostgresConnection connection, Migrator migrator, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        var (watch, pauses) = (Stopwatch.StartNew(), new RetryPauses());
        while (!Asked("SELECT pg_try_advisory_lock($1)"))
        {
            if (watch.Elapsed >= lockWait)
                throw new DatabaseLockedException(connection.Name, "another client, which brings its schema up to date");
            cancellationToken.WaitHandle.WaitOne(pauses.Next(lockWait - watch.Elapsed));
            cancellationToken.ThrowIfCancellationRequested();
        }
        migrator.Apply(cancellationToken);
        connection.ExecuteScript(Indexes, cancellationToken);
        Asked("SELECT pg_advisory_unlock($1)");

        bool Asked(string sql)
        {
            using var rows = connection.Query(sql, [LockNumber], cancellationToken);
            return rows.Read() && rows.Boolean(0);
        }
    }
}
