using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Tests.Database.DuckDb;

public sealed class RoundTripTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public RoundTripTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public void Integers_come_back(long value) => Assert.Equal(value, Bound(value).Int64(0));

    [Theory]
    [InlineData(-0.0)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(16777217.1)]
    public void Numbers_come_back_bit_by_bit(double value) =>
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(Bound(value).Double(0)));

    [Theory]
    [InlineData("")]
    [InlineData("twelve bytes")]
    [InlineData("thirteen byte")]
    [InlineData("a\0b")]
    [InlineData("Größe 模型 \U0001F600")]
    [InlineData("'; DROP TABLE models; --")]
    [InlineData("$1 \" \\ \r\n%")]
    public void Texts_come_back(string value)
    {
        Assert.Equal(value, Bound(value).Text(0));
        Assert.Equal(value, Appended("VARCHAR", appender => appender.Add(value)).Text(0));
    }

    [Fact]
    public void Text_of_a_million_characters_comes_back()
    {
        var value = new string('ß', 1_000_000);
        Assert.Equal(value, Bound(value).Text(0));
        Assert.Equal(value, Appended("VARCHAR", appender => appender.Add(value)).Text(0));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_the_callers_mistake()
    {
        Assert.ThrowsAny<ArgumentException>(() => Bound("a\ud800b"));
        Assert.ThrowsAny<ArgumentException>(() => Appended("VARCHAR", appender => appender.Add("a\ud800b")));
    }

    [Fact]
    public void Truth_values_come_back()
    {
        Assert.True(Bound(true).Boolean(0));
        Assert.False(Bound(false).Boolean(0));
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59.999999Z")]
    [InlineData("2026-11-21T17:00:00.123456+05:30")]
    [InlineData("9999-12-31T23:59:59.999999Z")]
    public void Instants_come_back_in_utc(string text)
    {
        var value = DateTimeOffset.Parse(text);
        var time = Bound(value).Time(0);
        Assert.Equal(value, time);
        Assert.Equal(TimeSpan.Zero, time.Offset);
        Assert.Equal(value, Appended("TIMESTAMPTZ", appender => appender.Add(value)).Time(0));
    }

    [Fact]
    public void Instants_are_rounded_down_to_microseconds() => Assert.Equal(
        DateTimeOffset.UnixEpoch.AddTicks(-10), Bound(DateTimeOffset.UnixEpoch.AddTicks(-1)).Time(0));

    [Fact]
    public void Instants_beyond_dates_are_refused() => Assert.Throws<DatabaseValueTypeException>(
        () => First("SELECT CAST('infinity' AS TIMESTAMPTZ)").Time(0));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(100_000)]
    public void Bytes_come_back(int count)
    {
        var value = new byte[count];
        new Random(count).NextBytes(value);
        Assert.Equal(value, Bound(value).Bytes(0));
        Assert.Equal(value, Appended("BLOB", appender => appender.Add((ReadOnlySpan<byte>)value)).Bytes(0));
    }

    [Fact]
    public void Null_is_null_and_no_value()
    {
        var rows = Bound(SqlValue.Null);
        Assert.True(rows.IsNull(0));
        Assert.Throws<DatabaseValueTypeException>(() => rows.Int64(0));
        Assert.True(Bound((string?)null).IsNull(0));
        Assert.True(Bound((byte[]?)null).IsNull(0));
        Assert.True(Bound(SqlValue.From((double?)null)).IsNull(0));
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
    public void Million_rows_come_back_equal()
    {
        const int Count = 1_000_000;
        _connection.ExecuteScript(
            "CREATE TABLE t (i BIGINT, n INTEGER, d DOUBLE, s VARCHAR, b BOOLEAN, z TIMESTAMPTZ, x BLOB)", default);
        var random = new Random(1);
        using (var appender = _connection.Append("t", [], default))
        {
            for (var i = 0; i < Count; i++)
            {
                appender.Add(random.NextInt64(long.MinValue, long.MaxValue));
                if (i % 7 == 0)
                    appender.AddNull();
                else
                    appender.Add((long)i);
                appender.Add(random.NextDouble());
                appender.Add(i % 11 == 0 ? null : TextOf(i));
                appender.Add(i % 3 == 0);
                appender.Add(DateTimeOffset.UnixEpoch.AddMicroseconds(i * 1000L));
                appender.Add(BitConverter.GetBytes(i));
                appender.EndRow();
            }
            appender.Complete();
        }
        random = new Random(1);
        using var rows = _connection.Query("SELECT * FROM t ORDER BY z", [], default);
        for (var i = 0; i < Count; i++)
        {
            // One assertion a row: a million rows of seven would take longer than the database.
            var same = rows.Read()
                && rows.Int64(0) == random.NextInt64(long.MinValue, long.MaxValue)
                && (i % 7 == 0 ? rows.IsNull(1) : rows.Int64(1) == i)
                && BitConverter.DoubleToInt64Bits(rows.Double(2)) == BitConverter.DoubleToInt64Bits(random.NextDouble())
                && (i % 11 == 0 ? rows.IsNull(3) : rows.Text(3) == TextOf(i))
                && rows.Boolean(4) == (i % 3 == 0)
                && rows.Time(5) == DateTimeOffset.UnixEpoch.AddMicroseconds(i * 1000L)
                && BitConverter.ToInt32(rows.Bytes(6)) == i;
            if (!same)
                Assert.Fail($"Row {i} differs.");
        }
        Assert.False(rows.Read());
    }

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

    [Fact]
    public void Columns_that_are_not_given_take_their_defaults()
    {
        _connection.ExecuteScript("CREATE SEQUENCE s; CREATE TABLE t (id BIGINT DEFAULT nextval('s'), a VARCHAR, b DOUBLE)", default);
        using (var appender = _connection.Append("t", ["b"], default))
        {
            for (var i = 0; i < 5000; i++)
            {
                appender.Add(i / 4.0);
                appender.EndRow();
            }
            appender.Complete();
        }
        using var rows = _connection.Query("SELECT count(DISTINCT id), max(id), count(a), sum(b) FROM t", [], default);
        Assert.True(rows.Read());
        Assert.Equal((5000, 5000, 0, 4999 * 5000 / 8.0), (rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Double(3)));
    }

    private static string TextOf(int i) => (i % 5) switch
    {
        0 => "",
        1 => "inlined",
        2 => "模型" + i,
        3 => $"a text that is longer than twelve bytes {i}",
        _ => new string('x', i % 40),
    };

    private DuckDbRows Bound(SqlValue value)
    {
        var rows = _connection.Query("SELECT $1", [value], default);
        Assert.True(rows.Read());
        return rows;
    }

    private DuckDbRows First(string sql)
    {
        var rows = _connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows;
    }

    private DuckDbRows Appended(string type, Action<DuckDbAppender> add)
    {
        _connection.ExecuteScript("CREATE OR REPLACE TABLE one (v " + type + ")", default);
        using (var appender = _connection.Append("one", [], default))
        {
            add(appender);
            appender.EndRow();
            appender.Complete();
        }
        return First("SELECT v FROM one");
    }
}
