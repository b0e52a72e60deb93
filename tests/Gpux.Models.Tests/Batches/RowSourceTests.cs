using System.Text;
using Gpux.Models.Batches;

namespace Gpux.Models.Tests.Batches;

public sealed class RowSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("id,text\n1,one\n2,two\n", "one|two")]
    [InlineData("id,text\r\n1,one\r\n2,two", "one|two")]
    [InlineData("\uFEFFtext\none\n\ntwo\n", "one||two")]
    [InlineData("id,text\n\n1,one\n\n", "one")]
    [InlineData("id;text\n1;one, with a comma\n", "one, with a comma")]
    [InlineData("id,text\n1,\"one, \"\"two\"\"\nand three\"\n2,four\n", "one, \"two\"\nand three|four")]
    [InlineData("id,text\n1,a 5\" pipe\n2,a 6\" pipe\n", "a 5\" pipe|a 6\" pipe")]
    [InlineData("text,id\n\"\",1\n\"\"\"\",2\n", "|\"")]
    public void Tables_are_read_as_spreadsheets_write_them(string table, string expected) =>
        Assert.Equal(expected, string.Join('|', Rows(Write("table.csv", table)).Select(row => row.Input?.Text)));

    [Fact]
    public void Tabs_separate_in_tsv() => Assert.Equal("one,two", Rows(Write("table.tsv", "id\ttext\n1\tone,two\n"))[0].Input?.Text);

    [Fact]
    public void A_missing_column_is_told_with_the_closest()
    {
        var exception = Assert.Throws<ColumnNotFoundException>(() => RowSource.Open(Write("table.csv", "id,review_text\n"), new RowColumns("reviewtext")));
        Assert.Contains("review_text", exception.Remedy, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.ColumnNotFound, exception.Code);
    }

    [Theory]
    [InlineData("id,text\n1,one,more\n2,two\n", 2, "3 fields")]
    [InlineData("id,text\n1\n2,two\n", 2, "1 fields")]
    [InlineData("id,text\n1,\"o\nne\",x\n2,two\n", 2, "3 fields")]
    [InlineData("id,text\n1,o\0ne\n2,two\n", 2, "zero byte")]
    public void A_bad_row_is_told_and_does_not_stop_the_others(string table, long line, string problem)
    {
        var rows = Rows(Write("table.csv", table));
        Assert.Equal(2, rows.Count);
        var failure = Assert.IsType<BadRowException>(rows[0].Failure);
        Assert.Equal(line, failure.Line);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.Equal("two", rows[1].Input?.Text);
    }

    [Fact]
    public void Bytes_that_are_no_text_spoil_their_row_alone()
    {
        var path = Path.Combine(_folder, "table.csv");
        File.WriteAllBytes(path, [.. "text\none\n"u8, 0xC3, 0x28, (byte)'\n', .. "two\n"u8]);
        Assert.Equal([null, ErrorCode.BadRow, null], Rows(path).Select(row => row.Failure?.Code));
    }

    [Fact]
    public void Quotes_that_are_never_closed_are_told_at_their_line()
    {
        var rows = Rows(Write("table.csv", "id,text\n1,one\n2,\"two\n3,three\n4,four\n"));
        Assert.Equal(2, rows.Count);
        Assert.Equal(3, rows[1].Line);
        Assert.Contains("never closed", rows[1].Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_ten_megabytes_is_read_and_one_beyond_the_limit_skipped()
    {
        var path = Path.Combine(_folder, "table.csv");
        using (var writer = new StreamWriter(path))
        {
            writer.Write("text\n");
            writer.Write(new string('a', 10 << 20));
            writer.Write('\n');
            for (var i = 0; i <= RowSource.LongestRowBytes >> 20; i++)
                writer.Write(new string('b', 1 << 20));
            writer.Write("\nlast\n");
        }
        var rows = Rows(path);
        Assert.Equal(10 << 20, rows[0].Input?.Text?.Length);
        Assert.Contains("more than the 16 MiB", rows[1].Failure?.Message, StringComparison.Ordinal);
        Assert.Equal("last", rows[2].Input?.Text);
        Assert.Equal(new FileInfo(path).Length, rows[2].EndBytes);
    }

    [Fact]
    public void Lines_are_rows_with_empty_ones() =>
        Assert.Equal(["one", "", "two"], Rows(Write("lines.txt", "one\n\ntwo\n")).Select(row => row.Input?.Text));

    [Fact]
    public void Objects_are_rows_by_a_column_or_by_the_names_of_the_task()
    {
        var path = Write("rows.jsonl", "{\"text\": \"one\", \"text_pair\": \"uno\", \"title\": \"first\"}\n\n{\"question\": \"who?\", \"context\": \"me\"}\n");
        var rows = Rows(path);
        Assert.Equal(("one", "uno"), (rows[0].Input?.Text, rows[0].Input?.Pair));
        Assert.Equal(("who?", "me", 3), (rows[1].Input?.Question, rows[1].Input?.Context, rows[1].Line));
        var titles = RowSource.Open(path, new RowColumns("title")).Read().ToArray();
        Assert.Equal("first", titles[0].Input?.Text);
        Assert.Contains("no column 'title'", titles[1].Failure?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1, 2]", "Array")]
    [InlineData("\"text\"", "String")]
    [InlineData("{\"text\": ", "no JSON")]
    [InlineData("{\"text\": 7}", "Number")]
    public void A_line_that_is_no_object_is_told(string line, string problem)
    {
        var rows = Rows(Write("rows.jsonl", $"{line}\n{{\"text\": \"two\"}}\n"));
        Assert.Contains(problem, rows[0].Failure?.Message, StringComparison.Ordinal);
        Assert.Equal("two", rows[1].Input?.Text);
    }

    [Theory]
    [InlineData("data.parquet", "CSV")]
    [InlineData("data.xlsx", ".csv")]
    [InlineData("data", null)]
    public void Formats_that_are_not_read_are_refused_by_name(string name, string? remedy)
    {
        var path = Write(name, "PAR1");
        if (remedy is null)
            Assert.Single(RowSource.Open(path, new RowColumns()).Read()); // a name without an extension is lines of text
        else
            Assert.Contains(remedy, Assert.Throws<BatchInputException>(() => RowSource.Open(path, new RowColumns())).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_cannot_be_read_are_refused()
    {
        Assert.Throws<BatchInputException>(() => RowSource.Open(Path.Combine(_folder, "none.csv"), new RowColumns()));
        Assert.Throws<BatchInputException>(() => RowSource.Open(_folder, new RowColumns()));
        Assert.Throws<BatchInputException>(() => RowSource.Open(Write("empty.csv", ""), new RowColumns()));
        var wide = Path.Combine(_folder, "wide.csv");
        File.WriteAllText(wide, "text\none\n", Encoding.Unicode);
        Assert.Contains("iconv", Assert.Throws<BatchInputException>(() => RowSource.Open(wide, new RowColumns())).Remedy, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }

    private static List<BatchRow> Rows(string path) => [.. RowSource.Open(path, new RowColumns()).Read()];
}
