using System.Diagnostics;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;

namespace Gpux.Benchmarks.Tests.Results;

public sealed class StoreFaultTests : IDisposable
{
    /// <summary>That the process which is killed adds at a time.</summary>
    public const int ManyRuns = 300;

    private readonly TemporaryFolder _folder = new();

    private string File_ => _folder["results.duckdb"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Killed_writer_leaves_whole_runs() => KillWhileAdding(3);

    [Fact]
    [Trait("Category", "Slow")]
    public void Writer_killed_a_hundred_times_leaves_whole_runs() => KillWhileAdding(100);

    [Fact]
    public void Killed_migration_is_done_or_not() => KillWhileMigrating(3);

    [Fact]
    [Trait("Category", "Slow")]
    public void Migration_killed_a_hundred_times_is_done_or_not() => KillWhileMigrating(100);

    [Fact]
    public void Full_disk_leaves_whole_runs()
    {
        const int LimitBlocks = 24576; // of 512 bytes
        // The runtime's own double mapping of code counts as a file of 2 GB.
        using var other = new OtherProcess("runs", File_, "0", $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f {LimitBlocks};");
        var (stored, line) = (0, "");
        while (other.ReadLine() is { } next)
        {
            line = next;
            stored = int.TryParse(next, out var said) ? said : stored;
        }
        Assert.StartsWith("GPUX6003: ", line, StringComparison.Ordinal);
        Assert.True(stored > 0);
        AssertWholeRuns(stored);
    }

    [Fact]
    public void Damaged_file_s_message_gives_the_command_that_restores_its_newest_backup()
    {
        using (var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default))
            store.Add(ExampleRun.Of("a"), default);
        var backup = BenchmarkDatabase.Backup(File_, TimeSpan.Zero, default);
        File.WriteAllBytes(File_ + ".0001-20200101T000000Z.backup", [1]); // an older one
        using (var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default))
            store.Add(ExampleRun.Of("b"), default);
        var content = File.ReadAllBytes(File_);
        File.WriteAllBytes(File_, content[..(content.Length / 2)]);
        var damaged = Assert.Throws<DatabaseDamagedException>(() =>
        {
            using var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
            store.Find(new RunFilter(), default);
        });
        Assert.Contains(File_, damaged.Message, StringComparison.Ordinal);
        Assert.Contains(backup, damaged.Remedy, StringComparison.Ordinal);
        var command = damaged.Remedy[(damaged.Remedy.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        using (var shell = Process.Start("sh", ["-c", command])!) // null only where a running process is reused, which no shell execution does
            shell.WaitForExit();
        using var restored = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
        Assert.Equal("a", Assert.Single(restored.Find(new RunFilter(), default)).Run.Key);
        File.WriteAllBytes(_folder["other.duckdb"], [1, 0, 2, 0]);
        Assert.Contains("no backup", Assert.Throws<DatabaseDamagedException>(
            () => BenchmarkStore.Open(_folder["other.duckdb"], TimeSpan.Zero, default)).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Reader_beside_a_writer_is_told_who_writes()
    {
        BenchmarkStore.Open(File_, TimeSpan.Zero, default).Dispose();
        using var other = new OtherProcess("write", File_);
        Assert.Equal("open", other.ReadLine());
        var locked = Assert.Throws<DatabaseLockedException>(() => BenchmarkStore.OpenToRead(File_, TimeSpan.Zero, default));
        Assert.Contains($"PID {other.Id}", locked.Message, StringComparison.Ordinal);
        Assert.Throws<DatabaseLockedException>(() => BenchmarkDatabase.Backup(File_, TimeSpan.Zero, default));
    }

    private void KillWhileAdding(int times)
    {
        var stored = 0;
        new Kills(times, piecesBefore: 1).Each(
            () => new OtherProcess("runs", File_, stored.ToString()),
            said => stored = AssertWholeRuns(said.Select(line => int.TryParse(line, out var count) ? count : 0).Max()));
        using var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
        Assert.All(store.Find(new RunFilter(), default), found => Assert.Equal((3, "v1"), (found.Run.Metrics.Count, found.Run.VersionTag)));
    }

    /// <returns>How many there are: some more than was said, if the process died between committing and saying so.</returns>
    private int AssertWholeRuns(int said)
    {
        using var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
        var count = (int)Count(store.Connection, "SELECT count(*) FROM test_runs");
        Assert.Contains(count, (int[])[said, said + 1, said + ManyRuns]);
        // Those that were added, each with all that it has, and nothing that belongs to no run.
        Assert.Equal(count, Count(store.Connection, "SELECT count(*) FROM test_runs WHERE CAST(substr(run_key, 5) AS BIGINT) < (SELECT count(*) FROM test_runs)"));
        Assert.Equal(count, Count(store.Connection, "SELECT count(*) FROM test_runs r JOIN test_run_versions l ON l.test_run_id = r.id"));
        Assert.Equal(count, Count(store.Connection, "SELECT count(*) FROM (SELECT test_run_id FROM performance_results GROUP BY test_run_id HAVING count(*) = 3) p JOIN test_runs r ON r.id = p.test_run_id"));
        Assert.Equal(3 * count, Count(store.Connection, "SELECT count(*) FROM performance_results"));
        Assert.Equal((count + 19) / 20, Count(store.Connection, "SELECT count(*) FROM test_run_samples s JOIN test_runs r ON r.id = s.test_run_id WHERE octet_length(s.content) = 20000"));
        return count;
    }

    private void KillWhileMigrating(int times)
    {
        BenchmarkDatabase.Open(File_, TimeSpan.Zero, [SlowMigration.First], TimeProvider.System, default).Dispose();
        var old = File.ReadAllBytes(File_);
        var (backups, halfway) = (0, 0);
        new Kills(times, piecesBefore: 0).Each(() => new OtherProcess("migrate", File_), said =>
        {
            var isDone = AssertMigratedOrNot(File_, mayBeDone: true);
            Assert.True(isDone || said[^1] != Kills.End); // what was said to be done is
            foreach (var backup in _folder.Files.Where(name => name.EndsWith(".backup", StringComparison.Ordinal)))
            {
                // Whole, whenever its maker died.
                AssertMigratedOrNot(_folder[backup], mayBeDone: false);
                backups++;
                halfway += isDone ? 0 : 1;
            }
            BenchmarkDatabase.Open(File_, TimeSpan.Zero, SlowMigration.Both, TimeProvider.System, default).Dispose();
            Assert.True(AssertMigratedOrNot(File_, mayBeDone: true));
            foreach (var name in _folder.Files.ToArray())
                File.Delete(_folder[name]);
            File.WriteAllBytes(File_, old);
        });
        Assert.True(backups > 0);
        Assert.True(times < 10 || halfway >= times / 10, $"{halfway} of {times} died in the migration itself.");
    }

    /// <returns>Whether the second migration is done.</returns>
    private static bool AssertMigratedOrNot(string file, bool mayBeDone)
    {
        using var database = DuckDbDatabase.Open(file, readOnly: !mayBeDone, TimeSpan.Zero, default);
        using var connection = database.Connect();
        var version = Count(connection, "SELECT max(version) FROM schema_migrations");
        Assert.Equal(version, Count(connection, "SELECT count(*) FROM schema_migrations"));
        Assert.InRange(version, 1, mayBeDone ? 2 : 1);
        Assert.Equal(version == 2 ? 500 : 1000, Count(connection, "SELECT count(*) FROM a"));
        Assert.Equal(version - 1, Count(connection, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'b'"));
        Assert.True(version == 1 || Count(connection, "SELECT count(*) FROM b") == SlowMigration.Rows);
        return version == 2;
    }

    private static long Count(ISqlConnection connection, string sql)
    {
        using var rows = connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
