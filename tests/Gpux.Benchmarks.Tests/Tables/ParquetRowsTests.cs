using Gpux.Benchmarks.Database.DuckDb;
using Gpux.Benchmarks.Tables;
using Gpux.Models.Batches;

namespace Gpux.Benchmarks.Tests.Tables;

/// <summary>A Parquet file's rows are inputs.</summary>
public sealed class ParquetRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Rows_come_in_order_with_their_columns()
    {
        var path = Write("rows.parquet", "SELECT i AS id, 'text ' || i AS text, [i, i + 1] AS list, DATE '2026-11-22' AS day FROM range(100000) AS t(i)");
        var source = Open(path);
        Assert.Equal(["id", "text", "list", "day"], source.Columns);
        var number = 0L;
        foreach (var row in source.Read())
        {
            Assert.Null(row.Failure);
            if (number % 20_000 == 0)
                Assert.Equal(($"text {number}", $"{number} text {number} [{number}, {number + 1}] 2026-11-22"), (row.Input!.Text, string.Join(' ', row.Values)));
            Assert.Equal(++number, row.Line);
        }
        Assert.Equal(100_000, number);
        Assert.Equal(new FileInfo(path).Length, source.Read().Last().EndBytes);
    }

    [Theory]
    [InlineData("it's [a] \"n*me?\".parquet")]
    [InlineData("year=2026/part.parquet")] // which is no column
    public void A_name_is_a_name_and_no_pattern(string name)
    {
        Write("it's a \"nome!\".parquet", "SELECT 'another' AS text");
        var source = Open(Write(name, "SELECT 'one' AS text"));
        Assert.Equal(["text"], source.Columns);
        Assert.Equal("one", Assert.Single(source.Read()).Input?.Text);
    }

    [Fact]
    public void Texts_that_were_stored_as_bytes_are_texts() =>
        Assert.Equal("Où ?", Assert.Single(Open(Write("old.parquet", "SELECT encode('Où ?') AS text")).Read()).Input?.Text);

    [Fact]
    public void A_row_without_a_text_does_not_stop_the_others()
    {
        var rows = Open(Write("rows.parquet", "SELECT * FROM (VALUES (1, 'one'), (2, NULL), (3, chr(0) || 'x'), (4, repeat('x', 17000000)), (5, 'five')) AS t(id, text)")).Read().ToArray();
        Assert.Equal(["one", null, null, null, "five"], rows.Select(row => row.Input?.Text));
        Assert.Contains("'text' is null", rows[1].Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("zero byte", rows[2].Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("16 MiB", rows[3].Failure!.Message, StringComparison.Ordinal);
        Assert.IsType<BadRowException>(rows[3].Failure);
    }

    [Fact]
    public void Columns_are_named()
    {
        var path = Write("pairs.parquet", "SELECT 'a question' AS question, 'a passage' AS passage");
        var row = Assert.Single(Open(path, new RowColumns("question", "passage")).Read());
        Assert.Equal(("a question", "a passage"), (row.Input?.Text, row.Input?.Pair));
        Assert.Contains("--column 'passage'", Assert.Throws<ColumnNotFoundException>(() => Open(path, new RowColumns("pasage"))).Remedy, StringComparison.Ordinal);
        Assert.Throws<ColumnNotFoundException>(() => Open(path));
        Assert.Empty(Open(Write("none.parquet", "SELECT 'x' AS text WHERE false")).Read());
    }

    [Fact]
    public void Damage_is_told_wherever_it_is()
    {
        var good = File.ReadAllBytes(Write("good.parquet", "SELECT 'text ' || i AS text FROM range(20000) AS t(i)"));
        var path = Path.Combine(_folder, "bad.parquet");
        var told = 0;
        for (var at = 0; at < good.Length; at += 1 + good.Length / 300)
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= 0xFF;
            File.WriteAllBytes(path, bad);
            told += Reads() ? 0 : 1;
        }
        Assert.True(told > 30, $"{told}");
        File.WriteAllBytes(path, good[..(good.Length / 2)]);
        Assert.False(Reads());
        File.WriteAllText(path, "id,text\n1,one\n");
        Assert.False(Reads());

        bool Reads()
        {
            try
            {
                return Open(path).Read().Count() == 20_000;
            }
            catch (BatchInputException exception)
            {
                Assert.Contains(path, exception.Message, StringComparison.Ordinal);
                return false;
            }
            catch (ColumnNotFoundException)
            {
                return false; // its name was damaged
            }
        }
    }

    private static RowSource Open(string path, RowColumns? wanted = null) => RowSource.Open(path, wanted ?? new RowColumns(), ParquetRows.Open);

    private string Write(string name, string query)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = database.Connect();
        connection.ExecuteScript($"CREATE TABLE rows AS {query}", default);
        connection.Execute("COPY rows TO $1 (FORMAT parquet)", [path], default);
        return path;
    }
}
