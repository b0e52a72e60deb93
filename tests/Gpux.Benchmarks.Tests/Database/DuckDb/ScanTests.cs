using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

public sealed class ScanTests : IDisposable
{
    private const int Rows = 1000;
    private const string Different = "SELECT count(*) FROM (SELECT DISTINCT a.i + b.i * $1 FROM t a, range($2) b(i))";

    // A table of so many different values needs more than 16 bytes for each: more than a scan has.
    private static readonly long Enough = (32 + 8 * Environment.ProcessorCount) * (1L << 20) / (16 * Rows);

    private readonly DuckDbFile _file = new();

    public ScanTests()
    {
        using var database = DuckDbDatabase.Open(_file.Location, readOnly: false, TimeSpan.Zero, default);
        using var connection = database.Connect();
        connection.Execute("CREATE TABLE t AS SELECT i FROM range($1) r(i)", [(long)Rows], default);
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Question_that_needs_more_memory_is_answered_all_the_same()
    {
        using var database = DuckDbDatabase.Open(_file.Location, readOnly: true, TimeSpan.Zero, default);
        using var connection = database.Connect();
        var before = Bound(connection);
        using var rows = connection.Scan(Different, [(long)Rows, Enough], default);
        Assert.True(rows.Read());
        Assert.Equal(Enough * Rows, rows.Int64(0));
        Assert.Equal(before, Bound(connection));
    }

    /// <summary>The bound on memory is every connection's, so that another one would fail by it.</summary>
    [Theory]
    [InlineData(true, 0, true)]
    [InlineData(true, 1, false)]
    [InlineData(false, 0, false)]
    public void Only_the_one_reader_of_a_database_is_bounded(bool readOnly, int others, bool isBounded)
    {
        using var database = DuckDbDatabase.Open(_file.Location, readOnly, TimeSpan.Zero, default);
        using var connection = database.Connect();
        database.Connect().Dispose(); // one that is gone does not count
        var more = Enumerable.Range(0, others).Select(_ => database.Connect()).ToList();
        using (var rows = connection.Scan("SELECT current_setting('memory_limit')", [], default))
        {
            Assert.True(rows.Read());
            Assert.Equal(isBounded, rows.Text(0) != Bound(connection));
        }
        more.ForEach(other => other.Dispose());
    }

    [Fact]
    public void Failure_leaves_no_bound_behind()
    {
        using var database = DuckDbDatabase.Open(_file.Location, readOnly: true, TimeSpan.Zero, default);
        using var connection = database.Connect();
        var before = Bound(connection);
        Assert.Throws<DatabaseStatementException>(() => connection.Scan("SELECT nothing FROM t", [], default));
        Assert.Equal(before, Bound(connection));
    }

    private static string Bound(DuckDbConnection connection)
    {
        using var rows = connection.Query("SELECT current_setting('memory_limit')", [], default);
        Assert.True(rows.Read());
        return rows.Text(0);
    }
}
