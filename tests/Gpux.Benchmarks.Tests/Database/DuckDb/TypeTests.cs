using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

public sealed class TypeTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public TypeTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void Integers_of_all_widths_are_read()
    {
        var rows = First("""
            SELECT CAST(-5 AS TINYINT), CAST(-6 AS SMALLINT), CAST(-7 AS INTEGER), CAST(200 AS UTINYINT), CAST(60000 AS USMALLINT),
            CAST(4000000000 AS UINTEGER), CAST(9223372036854775807 AS UBIGINT), CAST(-8 AS HUGEINT), CAST(9223372036854775807 AS HUGEINT)
            """);
        Assert.Equal([-5, -6, -7, 200, 60000, 4000000000, long.MaxValue, -8, long.MaxValue],
            Enumerable.Range(0, rows.ColumnCount).Select(rows.Int64));
    }

    [Theory]
    [InlineData("CAST(9223372036854775808 AS UBIGINT)")]
    [InlineData("CAST(9223372036854775808 AS HUGEINT)")]
    [InlineData("CAST(-9223372036854775809 AS HUGEINT)")]
    [InlineData("'1'")]
    [InlineData("CAST(1 AS DOUBLE)")]
    [InlineData("CAST(1 AS DECIMAL(9, 2))")]
    [InlineData("[1, 2]")]
    public void What_is_no_64_bit_integer_is_not_read_as_one(string expression) =>
        Assert.Throws<DatabaseValueTypeException>(() => First("SELECT " + expression).Int64(0));

    [Fact]
    public void Columns_are_read_whole_by_chunk()
    {
        using var rows = _connection.Query("SELECT i, CAST(i AS DOUBLE) / 2 FROM range(10000) t(i) ORDER BY i", [], default);
        long next = 0;
        while (rows.NextChunk())
        {
            Assert.False(rows.HasNulls(0));
            var integers = rows.Int64Column(0);
            var numbers = rows.DoubleColumn(1);
            Assert.Equal(integers.Length, rows.ChunkSize);
            for (var i = 0; i < integers.Length; i++, next++)
                Assert.Equal((next, next / 2.0), (integers[i], numbers[i]));
        }
        Assert.Equal(10000, next);
    }

    private DuckDbRows First(string sql)
    {
        var rows = _connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows;
    }
}
