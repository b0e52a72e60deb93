using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.Migrations;
using Gpux.Benchmarks.Database.Postgres;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Database.Postgres;

/// <summary>What only a server does: it has many clients, and goes away.</summary>
[Collection(nameof(PostgresServer))]
public sealed class PostgresServerTests(PostgresServer server) : IDisposable
{
    private readonly ITestDatabase _database = server.Create();

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task Clients_that_start_at_once_make_the_schema_once()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(Open)));
        Assert.Equal(Migration.Known.Count, Count(stores[0], "SELECT count(*) FROM schema_migrations"));
        Array.ForEach(stores, store => store.Dispose());
    }

    [Fact]
    public async Task Schema_is_waited_for_as_long_as_asked()
    {
        using var holder = PostgresConnection.Open(PostgresAddress.Parse(_database.Location), readOnly: false, default);
        using (holder.Query("SELECT pg_advisory_lock($1)", [0x67707578L], default))
        {
        }
        Assert.Throws<DatabaseLockedException>(() => BenchmarkDatabase.Connect(_database.Location, TimeSpan.Zero, default));
        var opening = Task.Run(Open);
        holder.Dispose();
        (await opening).Dispose();
    }

    [Fact]
    public async Task Concurrent_writers_lose_no_run_and_add_none_twice()
    {
        const int Writers = 6, Runs = 20;
        Open().Dispose();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            using var store = Open();
            for (var i = 0; i < Runs; i++)
            {
                // One of the writer's own, and one that all write; the models' order differs, so that transactions wait for each other.
                BenchmarkRun[] runs = [ExampleRun.Of($"{writer} {i}", model: $"m{i}", version: "v1"), ExampleRun.Of($"all {i}", model: $"m{Runs - i}", hardware: $"h{i}")];
                if (writer % 2 == 0)
                    store.AddAll(runs, default);
                else
                    store.Append(runs.Reverse(), default);
            }
        })));
        using var store = Open();
        var found = store.Find(new RunFilter(), default);
        Assert.Equal((Writers + 1) * Runs, found.Count);
        Assert.All(found, stored => Assert.Equal(3, stored.Run.Metrics.Count));
        Assert.Equal(found.Count, found.Select(stored => stored.Run.Key).Distinct().Count());
    }

    [Fact]
    public void Server_that_dies_loses_nothing_that_was_committed_and_keeps_nothing_half()
    {
        using var store = Open();
        store.Add(ExampleRun.Of("before"), default);
        IEnumerable<BenchmarkRun> DyingHalfway()
        {
            for (var i = 0; i < 1000; i++)
                yield return ExampleRun.Of($"run {i}");
        }

        // Within a transaction, whose rows are on the server.
        using (var transaction = store.Connection.BeginTransaction())
        {
            store.Connection.Execute("INSERT INTO models (name) VALUES ('half')", [], default);
            server.Crash();
            var lost = Assert.Throws<DatabaseUnavailableException>(() => store.Connection.Execute("INSERT INTO models (name) VALUES ('lost')", [], default));
            Assert.Contains("was lost", lost.Message, StringComparison.Ordinal);
            Assert.Contains("Nothing of the transaction", lost.Message, StringComparison.Ordinal);
            Assert.Contains("run it again", lost.Remedy, StringComparison.Ordinal);
            // What comes after must not run on its own.
            Assert.Throws<DatabaseUnavailableException>(() => store.Connection.Execute("INSERT INTO models (name) VALUES ('lost too')", [], default));
            Assert.ThrowsAny<DatabaseException>(transaction.Commit);
        }
        var gone = Assert.Throws<DatabaseUnavailableException>(() => store.Append(DyingHalfway(), default));
        Assert.Contains(_database.Location[(_database.Location.IndexOf('@') + 1)..], gone.Message, StringComparison.Ordinal); // the database and its folder
        server.StartAgain();
        Assert.Equal("before", Assert.Single(store.Find(new RunFilter(), default)).Run.Key);
        Assert.Null(store.ModelId("half", default));
        Assert.Null(store.ModelId("lost too", default));
        Assert.Equal(1000, store.Append(DyingHalfway(), default));
    }

    [Fact]
    public void Server_that_dies_during_an_append_keeps_none_of_it()
    {
        using var store = Open();
        var (id, _) = store.Add(ExampleRun.Of("before"), default);
        using (var appender = store.Connection.Append("performance_results", ["test_run_id", "metric", "sample_count", "mean"], default))
        {
            var lost = Assert.Throws<DatabaseUnavailableException>(() =>
            {
                for (var i = 0; i < 100_000_000; i++)
                {
                    if (i == 1000)
                        server.Crash();
                    appender.Add(id + 1 + i);
                    appender.Add("goodput");
                    appender.Add(1L);
                    appender.Add(1.0);
                    appender.EndRow();
                }
            });
            Assert.DoesNotContain("cannot be opened", lost.Message, StringComparison.Ordinal);
        }
        server.StartAgain();
        Assert.Equal(3, Count(store, "SELECT count(*) FROM performance_results"));
    }

    [Fact]
    public void Connection_that_is_ended_is_made_again()
    {
        using var store = Open();
        server.Administrate("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gpux'");
        Assert.Contains("was lost", Assert.Throws<DatabaseUnavailableException>(() => store.Add(ExampleRun.Of("a"), default)).Message, StringComparison.Ordinal);
        Assert.True(store.Add(ExampleRun.Of("a"), default).IsNew);
    }

    [Fact]
    public void Instants_and_dates_do_not_depend_on_the_server_s_zone_and_forms()
    {
        using var store = Open();
        var run = ExampleRun.Of("a") with { StartedAt = new DateTimeOffset(2026, 3, 29, 2, 30, 0, 123, 456, TimeSpan.FromHours(-9.5)) };
        store.Add(run, default);
        Assert.Equal(run.StartedAt, Assert.Single(store.Find(new RunFilter(), default)).Run.StartedAt);
        using var rows = store.Connection.Query("SELECT CAST(started_at AS VARCHAR) FROM test_runs", [], default);
        Assert.True(rows.Read());
        Assert.EndsWith("UTC", rows.Text(0), StringComparison.Ordinal);
    }

    [Fact]
    public void Reader_changes_nothing()
    {
        Assert.Throws<DatabaseOutdatedException>(() => BenchmarkStore.OpenToRead(_database.Location, TimeSpan.Zero, default));
        using (var store = Open())
            store.Add(ExampleRun.Of("a"), default);
        using var reader = BenchmarkStore.OpenToRead(_database.Location, TimeSpan.Zero, default);
        Assert.Single(reader.Find(new RunFilter(), default));
        Assert.ThrowsAny<DatabaseException>(() => reader.Add(ExampleRun.Of("b"), default));
    }

    [Fact]
    public void What_cannot_be_reached_is_named_without_the_password()
    {
        foreach (var location in (string[])
            [
                "postgresql://ada:secret@127.0.0.1:1/results", "postgresql://ada:secret@/results?host=/nowhere",
                _database.Location.Replace("postgres@", "nobody:secret@", StringComparison.Ordinal), server.LocationOf("missing").Replace("postgres@", "postgres:secret@", StringComparison.Ordinal),
            ])
        {
            var refused = Assert.Throws<DatabaseUnavailableException>(() => BenchmarkDatabase.Connect(location, TimeSpan.Zero, default));
            Assert.Contains(BenchmarkDatabase.NameOf(location), refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Backup_is_the_server_s()
    {
        var refused = Assert.Throws<BackupNotOursException>(() => BenchmarkDatabase.Backup(_database.Location, TimeSpan.Zero, default));
        Assert.Contains("pg_dump", refused.Remedy, StringComparison.Ordinal);
        Assert.Contains("'postgresql://postgres@/", refused.Remedy, StringComparison.Ordinal);
    }

    private BenchmarkStore Open() => BenchmarkStore.Open(_database.Location, TimeSpan.FromMinutes(1), default);

    private static long Count(BenchmarkStore store, string sql)
    {
        using var rows = store.Connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
