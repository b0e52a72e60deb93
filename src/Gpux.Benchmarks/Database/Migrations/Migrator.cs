namespace Gpux.Benchmarks.Database.Migrations;

/// <summary>Brings a database's schema to the version that this build knows, one migration and one transaction after the other.</summary>
/// <param name="database">Its name, for messages.</param>
internal sealed class Migrator(ISqlConnection connection, string database, IReadOnlyList<Migration> known, TimeProvider clock)
{
    /// <summary>How many of the known migrations the database has.</summary>
    /// <exception cref="DatabaseTooNewException">It has one that this build does not know.</exception>
    /// <exception cref="MigrationChangedException">One that it has was another then.</exception>
    public int CountApplied(CancellationToken cancellationToken)
    {
        if (!HasRecords(cancellationToken))
            return 0;
        var applied = 0;
        using var rows = connection.Query(
            "SELECT version, name, sha256 FROM schema_migrations ORDER BY version", [], cancellationToken);
        while (rows.Read())
        {
            var (version, name, digest) = (rows.Int64(0), rows.Text(1), rows.Text(2));
            if (version > known.Count)
                throw new DatabaseTooNewException(database, name);
            var migration = known[applied];
            if (version != migration.Version || digest != migration.Digest)
                throw new MigrationChangedException(database, name);
            applied++;
        }
        return applied;
    }

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="MigrationFailedException">A migration failed, and was taken back; those before it stay.</exception>
    public void Apply(CancellationToken cancellationToken)
    {
        for (var i = CountApplied(cancellationToken); i < known.Count; i++)
            Apply(known[i], cancellationToken);
    }

    private void Apply(Migration migration, CancellationToken cancellationToken)
    {
        try
        {
            using var transaction = connection.BeginTransaction();
            connection.ExecuteScript(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version BIGINT PRIMARY KEY, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL)
                """, cancellationToken);
            connection.ExecuteScript(migration.Sql, cancellationToken);
            connection.Execute("INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
                [migration.Version, migration.Name, migration.Digest, clock.GetUtcNow()], cancellationToken);
            transaction.Commit();
        }
        catch (DatabaseException exception) when (exception is not DatabaseStorageFullException)
        {
            throw new MigrationFailedException(database, migration.Name, exception);
        }
    }

    private bool HasRecords(CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'schema_migrations' AND table_schema = current_schema()", [],
            cancellationToken);
        return rows.Read() && rows.Int64(0) > 0;
    }
}

/// <summary>The database was made by a newer GPUX.</summary>
public sealed class DatabaseTooNewException(string database, string migration) : DatabaseException(
    ErrorCode.DatabaseTooNew,
    $"'{database}' has the migration {migration}, which this GPUX does not know.",
    "Use the newer GPUX that made it, or name another database.")
{
    public string Migration { get; } = migration;
}

/// <summary>The database has a migration of a known number whose text is another.</summary>
public sealed class MigrationChangedException(string database, string migration) : DatabaseException(
    ErrorCode.MigrationChanged,
    $"'{database}' has the migration {migration}, whose text differs from the one in this GPUX: it was made by another build.",
    "Use the build that made it, or name another database.")
{
    public string Migration { get; } = migration;
}

/// <summary>The schema could not be brought up to date; the database is as before the migration.</summary>
public sealed class MigrationFailedException(string database, string migration, Exception inner) : DatabaseException(
    ErrorCode.MigrationFailed,
    $"The migration {migration} of '{database}' failed, and was taken back: {inner.Message}",
    "The data are as they were. If the file holds tables that GPUX did not make, name another file.", inner)
{
    public string Migration { get; } = migration;
}
