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

    [Theory]
    [InlineData("SELEKT 1")]
    [InlineData("SELECT * FROM missing")]
    [InlineData("SELECT missing FROM t")]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("")]
    public void Wrong_statement_is_refused(string sql) =>
        Assert.Throws<DatabaseStatementException>(() => _connection.Query(sql, [], default));

    [Fact]
    public void Parameters_must_be_as_many_as_the_statement_has()
    {
        Assert.Throws<ArgumentException>(() => _connection.Execute("INSERT INTO t VALUES ($1, $2)", [1L], default));
        Assert.Throws<ArgumentException>(() => _connection.Execute("INSERT INTO t VALUES (1, 2)", [1L], default));
    }

    [Fact]
    public void Value_of_another_type_is_refused() => Assert.Throws<DatabaseValueTypeException>(
        () => _connection.Execute("INSERT INTO t VALUES ($1, 1)", ["no number"], default));

    [Fact]
    public void Broken_rules_are_named()
    {
        _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
        Assert.Contains("id", Assert.Throws<DatabaseConstraintException>(
            () => _connection.Execute("INSERT INTO t VALUES ($1, 1)", [1L], default)).Message, StringComparison.Ordinal);
        Assert.Throws<DatabaseConstraintException>(() => _connection.Execute("INSERT INTO t VALUES (2, $1)", [-1.0], default));
    }

    [Fact]
    public void Text_cannot_leave_its_parameter()
    {
        _connection.ExecuteScript("CREATE TABLE names (name VARCHAR)", default);
        const string Attack = "x'); DROP TABLE t; --";
        _connection.Execute("INSERT INTO names VALUES ($1)", [Attack], default);
        using var rows = _connection.Query("SELECT count(*) FROM names WHERE name = $1", [Attack], default);
        Assert.True(rows.Read());
        Assert.Equal(1, rows.Int64(0));
        Assert.Equal(0, _connection.Execute("DELETE FROM t", [], default)); // it is there
    }

    [Fact]
    public void Table_name_of_an_append_is_a_name_and_no_sql()
    {
        Assert.ThrowsAny<DatabaseException>(() => _connection.Append("t; DROP TABLE t", [], default));
        Assert.ThrowsAny<DatabaseException>(() => _connection.Append("t", ["id) VALUES (1); DROP TABLE t; --"], default));
        _connection.ExecuteScript("CREATE TABLE \"odd \"\"name'\" (\"a column\" BIGINT)", default);
        using (var appender = _connection.Append("odd \"name'", ["a column"], default))
        {
            appender.Add(1L);
            appender.EndRow();
            appender.Complete();
        }
        Assert.Equal(1, _connection.Execute("DELETE FROM \"odd \"\"name'\"", [], default));
    }

    [Fact]
    public void Transaction_is_taken_back_unless_committed()
    {
        using (_connection.BeginTransaction())
        {
            _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
            Assert.Throws<InvalidOperationException>(_connection.BeginTransaction);
        }
        Assert.Equal(0, Count());
        using (var transaction = _connection.BeginTransaction())
        {
            _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
            transaction.Commit();
            Assert.Throws<InvalidOperationException>(transaction.Commit);
        }
        Assert.Equal(1, Count());
    }

    [Fact]
    public void Transaction_after_a_failure_can_only_be_taken_back()
    {
        using (_connection.BeginTransaction())
        {
            Assert.Throws<DatabaseConstraintException>(() => _connection.Execute("INSERT INTO t VALUES (1, -1)", [], default));
            Assert.ThrowsAny<DatabaseException>(() => _connection.Execute("INSERT INTO t VALUES (2, 1)", [], default));
        }
        Assert.Equal(1, _connection.Execute("INSERT INTO t VALUES (3, 1)", [], default));
        Assert.Equal(1, Count());
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
    public void Append_is_all_or_nothing()
    {
        const int MoreThanDuckDbHoldsBack = 500_000;
        using (var appender = _connection.Append("t", [], default))
            Fill(appender, 0, MoreThanDuckDbHoldsBack);
        Assert.Equal(0, Count());
        using (var appender = _connection.Append("t", [], default))
        {
            Fill(appender, 0, 3000);
            Fill(appender, 2999, 3000); // a key that is taken
            Assert.Throws<DatabaseConstraintException>(appender.Complete);
            Assert.Throws<InvalidOperationException>(() => appender.Add(1L));
        }
        Assert.Equal(0, Count());
    }

    [Fact]
    public void Append_belongs_to_the_callers_transaction()
    {
        using (_connection.BeginTransaction())
        {
            using var appender = _connection.Append("t", [], default);
            Fill(appender, 0, 10);
            appender.Complete();
            Assert.Equal(10, Count());
        }
        Assert.Equal(0, Count());
    }

    [Fact]
    public void Append_refuses_what_is_not_of_the_columns_type()
    {
        Assert.Throws<DatabaseValueTypeException>(() => AppendOne(appender => appender.Add("text")));
        Assert.Throws<DatabaseValueTypeException>(() => AppendOne(appender => appender.Add(1.0)));
        Assert.Throws<InvalidOperationException>(() => AppendOne(appender => appender.EndRow()));
        Assert.Throws<InvalidOperationException>(() => AppendOne(appender =>
        {
            appender.Add(1L);
            appender.Add(1.0);
            appender.Add(1.0);
        }));
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
            Path.Combine(Corpus.Repository, "src", "Gpux.Benchmarks", "Database"), "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 15);
        foreach (var file in files)
            foreach (var line in File.ReadLines(file))
                // The texts of errors are interpolated; statements start with their verb in capitals.
                Assert.False(System.Text.RegularExpressions.Regex.IsMatch(line,
                    """(\$+"+|"\s*\+|\+\s*"|Format\().*\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|ATTACH|COPY|WHERE|VALUES|PRAGMA)\b"""),
                    $"{file}: {line}");
    }

    private static void Fill(DuckDbAppender appender, long from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            appender.Add(i);
            appender.Add(1.0);
            appender.EndRow();
        }
    }

    private void AppendOne(Action<DuckDbAppender> add)
    {
        using var appender = _connection.Append("t", [], default);
        add(appender);
    }

    private long Count()
    {
        using var rows = _connection.Query("SELECT count(*) FROM t", [], default);
        Assert.True(rows.Read());
        return rows.Int64(0);
    }
}
