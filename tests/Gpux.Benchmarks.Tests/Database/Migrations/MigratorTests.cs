using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Database.Migrations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Database.Migrations;

public sealed class MigratorTests : IDisposable
{
    private static readonly Migration First = Migration.Named("0001-first", "CREATE TABLE a (i BIGINT); INSERT INTO a VALUES (1);");
    private static readonly Migration Second = Migration.Named("0002-second", "CREATE TABLE b (i BIGINT); INSERT INTO b VALUES (2);");
    private static readonly Migration Failing = Migration.Named(
        "0002-failing", "INSERT INTO a VALUES (5); CREATE TABLE c (i BIGINT); INSERT INTO c VALUES ('no number');");

    private readonly TemporaryFolder _folder = new();

    private string File_ => _folder["results.duckdb"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Migrations_are_numbered_from_1_without_gaps() => Assert.Equal(
        Enumerable.Range(1, Migration.Known.Count), Migration.Known.Select(migration => migration.Version));

    [Fact]
    public void No_migration_alters_a_table() => Assert.DoesNotContain( // why not: see 0001
        Migration.Known, migration => migration.Sql.Split('\n').Any(line => line.TrimStart().StartsWith("ALTER", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Line_ends_do_not_change_the_digest() => Assert.Equal(
        Migration.Named("0001-a", "x\ny").Digest, Migration.Named("0001-a", "x\r\ny").Digest);

    [Fact]
    public void New_file_is_migrated_once_and_needs_no_backup()
    {
        Open(First, Second).Dispose();
        using (var database = Open(First, Second))
        using (var connection = database.Connect())
        {
            Assert.Equal(1, Count(connection, "SELECT count(*) FROM a"));
            Assert.Equal(2, Count(connection, "SELECT count(*) FROM schema_migrations"));
        }
        Assert.Equal(["results.duckdb"], _folder.Files);
    }

    [Fact]
    public void Existing_file_is_backed_up_before_it_changes()
    {
        Open(First).Dispose();
        using (var database = Open(First, Second))
        using (var connection = database.Connect())
            Assert.Equal(1, Count(connection, "SELECT count(*) FROM b"));
        var backup = Assert.Single(_folder.Files, name => name.EndsWith(".backup", StringComparison.Ordinal));
        Assert.StartsWith("results.duckdb.0001-", backup, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Files, name => name.Contains("partial", StringComparison.Ordinal));
        using var old = DuckDbDatabase.Open(_folder[backup], readOnly: true, TimeSpan.Zero, default);
        using var reader = old.Connect();
        Assert.Equal(1, Count(reader, "SELECT count(*) FROM a"));
        Assert.Throws<DatabaseStatementException>(() => reader.Prepare("SELECT * FROM b"));
    }

    [Fact]
    public void Failing_migration_leaves_the_old_version()
    {
        Open(First).Dispose();
        var failed = Assert.Throws<MigrationFailedException>(() => Open(First, Failing));
        Assert.Equal("0002-failing", failed.Migration);
        using var database = Open(First);
        using var connection = database.Connect();
        Assert.Equal(1, Count(connection, "SELECT count(*) FROM a"));
        Assert.Equal(1, Count(connection, "SELECT max(version) FROM schema_migrations"));
        Assert.Throws<DatabaseStatementException>(() => connection.Prepare("SELECT * FROM c"));
    }

    [Fact]
    public void Newer_schema_is_refused_by_name()
    {
        Open(First, Second).Dispose();
        Assert.Equal("0002-second", Assert.Throws<DatabaseTooNewException>(() => Open(First)).Migration);
    }

    [Fact]
    public void Changed_migration_is_refused_by_name()
    {
        Open(First).Dispose();
        var changed = First with { Sql = "CREATE TABLE a (i DOUBLE)" };
        Assert.Equal("0001-first", Assert.Throws<MigrationChangedException>(
            () => Open(Migration.Named(changed.Name, changed.Sql))).Migration);
    }

    [Fact]
    public void Reader_refuses_an_older_schema_and_changes_nothing()
    {
        DuckDbDatabase.Open(File_, readOnly: false, TimeSpan.Zero, default).Dispose();
        Assert.Throws<DatabaseOutdatedException>(() => BenchmarkDatabase.OpenToRead(File_, TimeSpan.Zero, default));
        BenchmarkDatabase.Open(File_, TimeSpan.Zero, default).Dispose();
        BenchmarkDatabase.OpenToRead(File_, TimeSpan.Zero, default).Dispose();
    }

    [Fact]
    public void Every_released_version_is_brought_up_to_date_with_its_rows()
    {
        for (var version = 1; version < Migration.Known.Count; version++)
        {
            var path = _folder[$"{version}.duckdb"];
            using (var database = BenchmarkDatabase.Open(path, TimeSpan.Zero, [.. Migration.Known.Take(version)], TimeProvider.System, default))
            using (var old = new BenchmarkStore(database.Connect(), TimeProvider.System))
                old.Add(ExampleRun.Of("a"), default);
            using var store = BenchmarkStore.Open(path, TimeSpan.Zero, default);
            store.Add(ExampleRun.Of("b") with { Metrics = [new MetricResult(Metric.Latency, 1, Mean: null) { P99 = 1 }] }, default);
            Assert.Equal([3, 1], store.Find(new RunFilter(), default).Select(run => run.Run.Metrics.Count));
        }
    }

    private DuckDbDatabase Open(params Migration[] known) =>
        BenchmarkDatabase.Open(File_, TimeSpan.Zero, known, TimeProvider.System, default);

    private static long Count(DuckDbConnection connection, string sql)
    {
        using var rows = connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
