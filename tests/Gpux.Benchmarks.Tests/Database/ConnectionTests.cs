using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Tests.Database.DuckDb;
using Gpux.Benchmarks.Tests.Database.Postgres;

namespace Gpux.Benchmarks.Tests.Database;

public sealed class DuckDbConnectionTests() : ConnectionTests(new DuckDbFile());

[Collection(nameof(PostgresServer))]
public sealed class PostgresConnectionTests(PostgresServer server) : ConnectionTests(server.Create());

public abstract class ConnectionTests : IDisposable
{
    private readonly ITestDatabase _database;
    private readonly ISqlConnection _connection;

    protected ConnectionTests(ITestDatabase database)
    {
        _database = database;
        _connection = BenchmarkDatabase.Connect(database.Location, TimeSpan.Zero, default);
        _connection.ExecuteScript("CREATE TABLE t (id BIGINT PRIMARY KEY, seconds DOUBLE PRECISION CHECK (seconds >= 0))", default);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
        GC.SuppressFinalize(this);
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
    public void Value_of_another_type_is_refused() => Assert.Throws<DatabaseValueTypeException>(
        () => _connection.Execute("INSERT INTO t VALUES ($1, 1)", ["no number"], default));

    [Fact]
    public void Broken_rules_are_named()
    {
        _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
        // DuckDB names the column, PostgreSQL the key.
        Assert.Matches("\"id: 1\"|t_pkey", Assert.Throws<DatabaseConstraintException>(
            () => _connection.Execute("INSERT INTO t VALUES ($1, 1)", [1L], default)).Message);
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
    public void Transaction_with_a_failure_is_not_committed()
    {
        using (var transaction = _connection.BeginTransaction())
        {
            _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default);
            Assert.ThrowsAny<DatabaseException>(() => _connection.Execute("INSERT INTO t VALUES (1, 1)", [], default));
            Assert.ThrowsAny<DatabaseException>(transaction.Commit);
        }
        Assert.Equal(0, Count());
    }

    [Fact]
    public async Task Long_statement_is_interrupted_and_the_connection_lives_on()
    {
        using var cancelling = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Run(() => _connection.Query(
            "SELECT count(*) FROM generate_series(1, 100000) a(i), generate_series(1, 1000000) b(i) WHERE a.i * b.i % 7 = 3", [], cancelling.Token)));
        Assert.Equal(0, Count());
    }

    [Fact]
    public void Rows_stay_readable_when_other_statements_run()
    {
        using var rows = _connection.Query("SELECT i FROM generate_series(1, 5000) r(i) ORDER BY i", [], default);
        for (var i = 1; i <= 5000; i++)
        {
            Assert.True(rows.Read());
            Assert.Equal(i, rows.Int64(0));
            if (i % 1000 == 0)
                Assert.Equal(0, Count());
        }
        Assert.False(rows.Read());
        Assert.Throws<InvalidOperationException>(() => rows.Int64(0));
    }

    private static void Fill(ISqlAppender appender, long from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            appender.Add(i);
            appender.Add(1.0);
            appender.EndRow();
        }
    }

    private void AppendOne(Action<ISqlAppender> add)
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
