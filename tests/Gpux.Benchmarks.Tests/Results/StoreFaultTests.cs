using System.Diagnostics;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;

namespace Gpux.Benchmarks.Tests.Results;

public sealed class StoreFaultTests : IDisposable
{
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
    public void Migration_killed_fifty_times_is_done_or_not() => KillWhileMigrating(50);

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
        File.WriteAllText(_folder["other.duckdb"], "no database");
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
        var random = new Random(times);
        var stored = 0;
        for (var i = 0; i < times; i++)
        {
            using (var other = new OtherProcess("runs", File_, stored.ToString()))
            {
                for (var lines = random.Next(1, 12); lines > 0; lines--)
                    stored = int.Parse(other.ReadLine()!); // null, which fails, if it ended by itself
                // Some time into the next.
                Thread.SpinWait(random.Next(400_000));
                other.Kill();
                // Committed, but not said before it died.
                while (other.ReadLine() is { } line && int.TryParse(line, out var said))
                    stored = said;
            }
            stored = AssertWholeRuns(stored);
        }
    }

    /// <returns>How many there are: some more than was said, if the process died between committing and saying so.</returns>
    private int AssertWholeRuns(int said)
    {
        using var store = BenchmarkStore.Open(File_, TimeSpan.Zero, default);
        var runs = store.Find(new RunFilter(), default);
        Assert.Contains(runs.Count, (int[])[said, said + 1, said + 20]);
        Assert.Equal(Enumerable.Range(0, runs.Count).Select(number => $"run {number}"), runs.Select(stored => stored.Run.Key));
        Assert.All(runs, stored => Assert.Equal((3, "v1"), (stored.Run.Metrics.Count, stored.Run.VersionTag)));
        Assert.Equal(runs.Count, Count(store.Connection, "SELECT count(*) FROM test_run_samples"));
        Assert.Equal(3 * runs.Count, Count(store.Connection, "SELECT count(*) FROM performance_results"));
        return runs.Count;
    }

    private void KillWhileMigrating(int times)
    {
        var random = new Random(times);
        BenchmarkDatabase.Open(File_, TimeSpan.Zero, [SlowMigration.First], TimeProvider.System, default).Dispose();
        var old = File.ReadAllBytes(File_);
        for (var i = 0; i < times; i++)
        {
            using (var other = new OtherProcess("migrate", File_))
            {
                Assert.Equal("ready", other.ReadLine());
                Thread.SpinWait(random.Next(30_000_000));
                other.Kill();
            }
            using (var database = DuckDbDatabase.Open(File_, readOnly: false, TimeSpan.Zero, default))
            using (var connection = database.Connect())
            {
                var isDone = Count(connection, "SELECT count(*) FROM schema_migrations") == 2;
                Assert.Equal(isDone ? 500 : 1000, Count(connection, "SELECT count(*) FROM a"));
                Assert.Equal(isDone ? 1 : 0, Count(connection, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'b'"));
            }
            BenchmarkDatabase.Open(File_, TimeSpan.Zero, SlowMigration.Both, TimeProvider.System, default).Dispose();
            foreach (var name in _folder.Files.ToArray())
                File.Delete(_folder[name]);
            File.WriteAllBytes(File_, old);
        }
    }

    private static long Count(ISqlConnection connection, string sql)
    {
        using var rows = connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
