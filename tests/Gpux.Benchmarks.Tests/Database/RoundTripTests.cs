using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Tests.Database.DuckDb;
using Gpux.Benchmarks.Tests.Database.Postgres;

namespace Gpux.Benchmarks.Tests.Database;

public sealed class DuckDbRoundTripTests() : RoundTripTests(new DuckDbFile(), manyRows: 1_000_000)
{
    [Fact]
    public void Text_with_a_nul_comes_back()
    {
        Assert.Equal("a\0b", Bound("a\0b").Text(0));
        Assert.Equal("a\0b", Appended("VARCHAR", appender => appender.Add("a\0b")).Text(0));
    }
}

[Collection(nameof(PostgresServer))]
public sealed class PostgresRoundTripTests(PostgresServer server) : RoundTripTests(server.Create(), manyRows: 50_000)
{
    [Fact]
    public void Text_with_a_nul_is_refused()
    {
        Assert.Throws<DatabaseValueTypeException>(() => Bound("a\0b"));
        Assert.Throws<DatabaseValueTypeException>(() => Appended("VARCHAR", appender => appender.Add("a\0b")));
    }

    [Fact]
    public void Sums_and_means_of_integers_are_read()
    {
        var rows = First("SELECT sum(i), avg(i), sum(i) * 9223372036854775807, CAST(-6 AS SMALLINT), CAST(0.5 AS REAL) FROM generate_series(CAST(1 AS BIGINT), 4) r(i)");
        Assert.Equal((10, 2.5, -6, 0.5), (rows.Int64(0), rows.Double(1), rows.Int64(3), rows.Double(4)));
        Assert.Throws<DatabaseValueTypeException>(() => rows.Int64(1));
        Assert.Throws<DatabaseValueTypeException>(() => rows.Int64(2));
    }
}

public abstract class RoundTripTests : IDisposable
{
    private readonly ITestDatabase _database;
    private readonly ISqlConnection _connection;
    private readonly int _manyRows;

    protected RoundTripTests(ITestDatabase database, int manyRows)
    {
        (_database, _manyRows) = (database, manyRows);
        _connection = BenchmarkDatabase.Connect(database.Location, TimeSpan.Zero, default);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
        GC.SuppressFinalize(this);
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
        Assert.Equal(value, Appended("BYTEA", appender => appender.Add((ReadOnlySpan<byte>)value)).Bytes(0));
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
    public void Many_rows_come_back_equal()
    {
        _connection.ExecuteScript(
            "CREATE TABLE t (i BIGINT, n INTEGER, d DOUBLE PRECISION, s VARCHAR, b BOOLEAN, z TIMESTAMPTZ, x BYTEA)", default);
        var random = new Random(1);
        using (var appender = _connection.Append("t", [], default))
        {
            for (var i = 0; i < _manyRows; i++)
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
        for (var i = 0; i < _manyRows; i++)
        {
            // One assertion a row: a many rows of seven would take longer than the database.
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
    public void Columns_that_are_not_given_take_their_defaults()
    {
        _connection.ExecuteScript("CREATE SEQUENCE s; CREATE TABLE t (id BIGINT DEFAULT nextval('s'), a VARCHAR, b DOUBLE PRECISION)", default);
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

    protected ISqlRows Bound(SqlValue value)
    {
        var rows = _connection.Query("SELECT $1", [value], default);
        Assert.True(rows.Read());
        return rows;
    }

    protected ISqlRows First(string sql)
    {
        var rows = _connection.Query(sql, [], default);
        Assert.True(rows.Read());
        return rows;
    }

    protected ISqlRows Appended(string type, Action<ISqlAppender> add)
    {
        _connection.ExecuteScript("DROP TABLE IF EXISTS one; CREATE TABLE one (v " + type + ")", default);
        using (var appender = _connection.Append("one", [], default))
        {
            add(appender);
            appender.EndRow();
            appender.Complete();
        }
        return First("SELECT v FROM one");
    }
}
