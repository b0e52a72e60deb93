using System.Diagnostics;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

public sealed class DatabaseFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File_ => _folder["results.duckdb"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writer_in_another_process_is_named()
    {
        using var other = new OtherProcess("write", File_);
        Assert.Equal("open", other.ReadLine());
        foreach (var readOnly in (bool[])[false, true])
        {
            var locked = Assert.Throws<DatabaseLockedException>(() => Open(readOnly));
            Assert.Contains($"PID {other.Id}", locked.Holder, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lock_is_waited_for_as_long_as_asked()
    {
        using var other = new OtherProcess("write", File_);
        Assert.Equal("open", other.ReadLine());
        var watch = Stopwatch.StartNew();
        Assert.Throws<DatabaseLockedException>(() => DuckDbDatabase.Open(File_, false, TimeSpan.FromMilliseconds(200), default));
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(200));
        var opening = Task.Run(() => DuckDbDatabase.Open(File_, false, TimeSpan.FromSeconds(30), default));
        other.EndInput();
        (await opening).Dispose();
        using var third = new OtherProcess("write", File_);
        Assert.Equal("open", third.ReadLine());
        using var cancelling = new CancellationTokenSource(50);
        Assert.ThrowsAny<OperationCanceledException>(
            () => DuckDbDatabase.Open(File_, false, TimeSpan.FromSeconds(30), cancelling.Token));
    }

    [Fact]
    public void Readers_share_and_keep_a_writer_out()
    {
        Open(readOnly: false).Dispose();
        using var other = new OtherProcess("read", File_);
        Assert.Equal("open", other.ReadLine());
        using (var database = Open(readOnly: true))
        using (var connection = database.Connect())
        {
            Assert.ThrowsAny<DatabaseException>(() => connection.ExecuteScript("CREATE TABLE t (i BIGINT)", default));
        }
        Assert.Throws<DatabaseLockedException>(() => Open(readOnly: false));
    }

    [Fact]
    public void File_opens_once_in_a_process_until_all_that_uses_it_is_disposed_of()
    {
        var database = Open(readOnly: false);
        var link = _folder["link.duckdb"];
        File.CreateSymbolicLink(link, File_);
        var locked = Assert.Throws<DatabaseLockedException>(() => DuckDbDatabase.Open(link, true, TimeSpan.Zero, default));
        Assert.Contains("this process", locked.Holder, StringComparison.Ordinal);
        var connection = database.Connect();
        var rows = connection.Query("SELECT 1", [], default);
        database.Dispose();
        Assert.Throws<DatabaseLockedException>(() => Open(readOnly: false));
        connection.Dispose();
        Assert.Throws<DatabaseLockedException>(() => Open(readOnly: false));
        rows.Dispose();
        Open(readOnly: false).Dispose();
    }

    [Fact]
    public void What_cannot_be_opened_is_said()
    {
        Assert.Throws<DatabaseUnavailableException>(() => Open(readOnly: true)); // no such file
        Assert.Throws<DatabaseUnavailableException>(
            () => DuckDbDatabase.Open(_folder["no/such/folder.duckdb"], false, TimeSpan.Zero, default));
        Assert.ThrowsAny<DatabaseException>(() => DuckDbDatabase.Open(_folder[""], false, TimeSpan.Zero, default)); // a folder
    }

    // DuckDB makes a database in memory of tables: what is stored there is lost.
    [Theory]
    [InlineData("a.csv", "model,ms\nbert,1\n", "a text, such as CSV")]
    [InlineData("a.json", "[{\"model\": \"bert\"}]", "JSON")]
    [InlineData("a.jsonl", "{\"model\": \"bert\"}\n", "JSON")]
    [InlineData("a.duckdb", "model,ms\nbert,1\n", "a text, such as CSV")]
    [InlineData("short.csv", "a\n", "a text, such as CSV")]
    [InlineData("notes.duckdb", "Größe: 1 µs, and so on", "a text, such as CSV")]
    [InlineData("a.parquet", "PAR1\0\0\0\0\0\0\0\0\0", "Parquet")]
    [InlineData("a.sqlite", "SQLite format 3\0\0\0\0\0", "an SQLite database")]
    public void Files_of_another_kind_are_refused_and_stay_as_they_are(string name, string content, string kind)
    {
        var file = _folder[name];
        File.WriteAllText(file, content);
        foreach (var open in (Action[])[() => BenchmarkDatabase.Connect(file, TimeSpan.Zero, default).Dispose(), () => BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default).Dispose(),
            () => BenchmarkDatabase.Backup(file, TimeSpan.Zero, default)])
        {
            var refused = Assert.Throws<NotDatabaseException>(open);
            Assert.Equal($"'{file}' is no DuckDB database: it looks like {kind}.", refused.Message);
            Assert.Contains("--db-path", refused.Remedy, StringComparison.Ordinal);
        }
        Assert.Equal(content, File.ReadAllText(file));
        Assert.Equal([name], _folder.Files);
    }

    [Theory]
    [InlineData("results.duckdb")]
    [InlineData("results.db")]
    [InlineData("results")]
    public void An_empty_file_is_no_database(string name)
    {
        var file = _folder[name];
        File.WriteAllText(file, "");
        foreach (var open in (Action[])[() => BenchmarkDatabase.Connect(file, TimeSpan.Zero, default).Dispose(), () => BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default).Dispose(),
            () => BenchmarkDatabase.Backup(file, TimeSpan.Zero, default)])
        {
            var refused = Assert.Throws<NotDatabaseException>(open);
            Assert.Equal($"'{file}' is no DuckDB database: it is empty.", refused.Message);
            Assert.Contains($"gpux db create-schema --db-path {file}", refused.Remedy, StringComparison.Ordinal);
        }
        File.WriteAllText(file + ".0004-20260101T000000Z.backup", "");
        Assert.StartsWith("Put its newest backup in its place: cp ", Assert.Throws<NotDatabaseException>(() => BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default)).Remedy, StringComparison.Ordinal);
        File.Delete(file);
        BenchmarkDatabase.Connect(file, TimeSpan.Zero, default).Dispose();
        BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default).Dispose();
    }

    [Theory]
    [InlineData(".csv")]
    [InlineData(".json")]
    [InlineData(".parquet")]
    public void An_empty_file_that_is_called_as_a_table_is_refused(string ending)
    {
        var file = _folder[$"empty{ending}"];
        File.WriteAllText(file, "");
        Assert.Throws<NotDatabaseException>(() => BenchmarkDatabase.Connect(file, TimeSpan.Zero, default));
        Assert.Throws<NotDatabaseException>(() => BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default));
        Assert.Equal(0, new FileInfo(file).Length);
        // A new file may be called so: it is a database from the first moment.
        File.Delete(file);
        BenchmarkDatabase.Connect(file, TimeSpan.Zero, default).Dispose();
        BenchmarkDatabase.ConnectToRead(file, TimeSpan.Zero, default).Dispose();
    }

    [Fact]
    public void Folders_and_pipes_are_told_as_what_they_are()
    {
        Directory.CreateDirectory(_folder["folder"]);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_folder["pipe"]]))
            make.WaitForExit();
        foreach (var readOnly in (bool[])[true, false])
        {
            Assert.Contains("it is a folder", Assert.Throws<DatabaseUnavailableException>(() => DuckDbDatabase.Open(_folder["folder"], readOnly, TimeSpan.Zero, default)).Message, StringComparison.Ordinal);
            Assert.Contains("a pipe", Assert.Throws<DatabaseUnavailableException>(() => DuckDbDatabase.Open(_folder["pipe"], readOnly, TimeSpan.Zero, default)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Other_and_damaged_files_are_refused()
    {
        File.WriteAllBytes(File_, [1, 0, .. new byte[8000]]);
        Assert.Contains(File_, Assert.Throws<DatabaseDamagedException>(() => Open(readOnly: false)).Message, StringComparison.Ordinal);

        File.Delete(File_);
        using (var database = Open(readOnly: false))
        using (var connection = database.Connect())
            connection.ExecuteScript("CREATE TABLE t AS SELECT i, hash(i) AS h FROM range(500000) r(i)", default);
        var good = File.ReadAllBytes(File_);
        foreach (var length in (int[])[13, 4096, 8192, 12288, 20000, good.Length / 2, good.Length - 1])
            Assert.Throws<DatabaseDamagedException>(() => ReadAll(good[..length]));
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            var damaged = (byte[])good.Clone();
            var start = i < 20 ? random.Next(12288) : random.Next(good.Length - 64);
            random.NextBytes(damaged.AsSpan(start, 64));
            try
            {
                ReadAll(damaged); // blocks that nothing refers to may change unseen
            }
            catch (DatabaseException)
            {
                // Any other exception, or the end of the process, fails the test.
            }
        }
        ReadAll(good);
    }

    [Fact]
    public void Full_disk_is_said_and_what_was_committed_stays()
    {
        const int LimitBlocks = 4096; // of 512 bytes
        // The runtime's own double mapping of code counts as a file of 2 GB.
        using var other = new OtherProcess(
            "append", File_, "0", $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f {LimitBlocks};");
        var (committed, line) = (-1L, "");
        while (other.ReadLine() is { } next)
        {
            line = next;
            committed = long.TryParse(next, out var batch) ? batch : committed;
        }
        Assert.StartsWith("GPUX6003: ", line, StringComparison.Ordinal);
        Assert.True(committed >= 0);
        AssertBatches(committed);
    }

    [Fact]
    public void Killed_writer_loses_no_committed_row() => KillWhileAppending(10);

    [Fact]
    [Trait("Category", "Slow")]
    public void Writer_killed_a_hundred_times_loses_no_committed_row() => KillWhileAppending(100);

    private void KillWhileAppending(int times)
    {
        long committed = -1;
        new Kills(times, piecesBefore: 1).Each(
            () => new OtherProcess("append", File_, (committed + 1).ToString()),
            said => committed = AssertBatches(said.Select(line => long.TryParse(line, out var batch) ? batch : committed).Max()));
    }

    /// <returns>The last batch: one more than was said, if the process died between committing and saying so.</returns>
    private long AssertBatches(long committed)
    {
        using var database = Open(readOnly: false);
        using var connection = database.Connect();
        using var rows = connection.Query("SELECT count(*), count(DISTINCT batch), max(batch) FROM rows", [], default);
        Assert.True(rows.Read());
        var last = rows.Int64(2);
        Assert.InRange(last, committed, committed + 1);
        Assert.Equal(((last + 1) * 1000, last + 1), (rows.Int64(0), rows.Int64(1)));
        return last;
    }

    private void ReadAll(byte[] content)
    {
        File.WriteAllBytes(File_, content);
        using var database = Open(readOnly: false);
        using var connection = database.Connect();
        using var rows = connection.Query("SELECT count(*), sum(i), max(h) FROM t", [], default);
        Assert.True(rows.Read());
    }

    private DuckDbDatabase Open(bool readOnly) => DuckDbDatabase.Open(File_, readOnly, TimeSpan.Zero, default);
}
