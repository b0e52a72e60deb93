using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

public sealed class StatementTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public StatementTests()
    {
        _connection = _database.Connect();
        _connection.ExecuteScript("CREATE TABLE t (id BIGINT PRIMARY KEY, seconds DOUBLE CHECK (seconds >= 0))", default);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void Prepared_statement_runs_often()
    {
        using var insert = _connection.Prepare("INSERT INTO t VALUES ($1, $2)");
        Assert.Equal(2, insert.ParameterCount);
        for (long i = 0; i < 100; i++)
            Assert.Equal(1, insert.Execute([i, i / 2.0], default));
        Assert.Equal(100, _connection.Execute("UPDATE t SET seconds = $1", [1.0], default));
    }

    [Fact]
    public void Parameters_must_be_as_many_as_the_statement_has()
    {
        Assert.Throws<ArgumentException>(() => _connection.Execute("INSERT INTO t VALUES ($1, $2)", [1L], default));
        Assert.Throws<ArgumentException>(() => _connection.Execute("INSERT INTO t VALUES (1, 2)", [1L], default));
    }

    [Fact]
    public void Of_two_writers_of_a_row_the_second_is_told()
    {
        _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
        using var other = _database.Connect();
        using var first = _connection.BeginTransaction();
        using var second = other.BeginTransaction();
        _connection.Execute("UPDATE t SET seconds = 2", [], default);
        Assert.Throws<DatabaseConflictException>(() => other.Execute("UPDATE t SET seconds = 3", [], default));
    }

    [Fact]
    public async Task Long_statement_is_interrupted()
    {
        using var cancelling = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAsync<OperationCanceledException>(() => Task.Run(() => _connection.Query(
            "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)", [], cancelling.Token)));
        Assert.Equal(0, Count()); // the connection lives on
    }

    [Fact]
    public void Rows_outlive_later_statements_and_their_connection()
    {
        var rows = _connection.Query("SELECT i FROM range(5000) r(i) ORDER BY i", [], default);
        Assert.True(rows.Read());
        Assert.Equal(0, Count());
        _connection.Dispose();
        for (var i = 1; i < 5000; i++)
            Assert.True(rows.Read() && rows.Int64(0) == i);
        rows.Dispose();
        Assert.Throws<ObjectDisposedException>(() => rows.Read());
        Assert.Throws<ObjectDisposedException>(() => _connection.Prepare("SELECT 1"));
    }

    [Fact]
    public void Missing_library_says_what_to_do()
    {
        var missing = Assert.Throws<DuckDbLibraryException>(() => DuckDbLibrary.Load("/nowhere/libduckdb.so"));
        Assert.Contains("/nowhere/libduckdb.so", missing.Message, StringComparison.Ordinal);
        Assert.Contains("GPUX_DUCKDB", missing.Remedy, StringComparison.Ordinal);
        Assert.Throws<DuckDbLibraryException>(() => DuckDbLibrary.Load(typeof(StatementTests).Assembly.Location));
    }

    [Fact]
    public void No_sql_is_built_from_input()
    {
        var files = Directory.GetFiles(
            Path.Combine(Corpus.Repository, "src", "Gpux.Benchmarks"), "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 150);
        // What reads the statements of others' files runs none.
        foreach (var file in files.Where(file => Path.GetFileName(file) != "SqlInserts.cs"))
            foreach (var line in File.ReadLines(file))
                // The texts of errors are interpolated; statements start with their verb in capitals.
                Assert.False(System.Text.RegularExpressions.Regex.IsMatch(line,
                    """(\$+"+|"\s*\+|\+\s*"|Format\().*\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|ATTACH|COPY|WHERE|VALUES|PRAGMA)\b"""),
                    $"{file}: {line}");
    }

    private long Count()
    {
        using var rows = _connection.Query("SELECT count(*) FROM t", [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
