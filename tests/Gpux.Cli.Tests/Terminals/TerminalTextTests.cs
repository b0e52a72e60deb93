using Gpux.Cli.Terminals;

namespace Gpux.Cli.Tests.Terminals;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("bert", "bert")]
    [InlineData("a\tb", "a\tb")]
    [InlineData("模型 \U0001F600 é", "模型 \U0001F600 é")]
    [InlineData("a\e[2Jb\n", "a\\u001b[2Jb\\u000a")]
    [InlineData("gpt\u202Etrebx", "gpt\\u202etrebx")] // turns what follows around
    [InlineData("be\u200Brt\u2066\uFEFF", "be\\u200brt\\u2066\\ufeff")]
    [InlineData("a\u2028b\u2029c\u00ADd", "a\\u2028b\\u2029c\\u00add")]
    [InlineData("x\U000E0041", "x\\U000e0041")] // a tag, which nothing shows
    [InlineData("x\u3164", "x\\u3164")]
    public void What_a_terminal_obeys_or_does_not_show_is_spelled_out(string text, string safe) => Assert.Equal(safe, TerminalText.Safe(text));

    [Fact]
    public void Prose_keeps_the_joiners_that_scripts_need()
    {
        Assert.Equal("می\u200cخواهم \\u202e", TerminalText.SafeProse("می\u200cخواهم \u202e"));
        Assert.Equal("می\\u200cخواهم", TerminalText.Safe("می\u200cخواهم"));
    }

    [Fact]
    public void Styles_of_ours_stay_and_other_sequences_do_not()
    {
        Assert.Equal("\e[32mok\e[0m", TerminalText.SafeStyled("\e[32mok\e[0m"));
        Assert.Equal("\e[32m\\u001b[2Jok\e[0m\\u202e", TerminalText.SafeStyled("\e[32m\e[2Jok\e[0m\u202e"));
    }

    [Theory]
    [InlineData("bert", 4, "bert")]
    [InlineData("bert-base", 5, "bert…")]
    [InlineData("模型模型", 8, "模型模型")]
    [InlineData("模型模型", 6, "模型…")]
    public void A_long_text_ends_with_an_ellipsis(string text, int columns, string cut) => Assert.Equal(cut, TerminalText.Cut(text, columns));

    [Fact]
    public void A_table_shows_prose_as_it_is_written()
    {
        using var output = new StringWriter();
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        new Table("text", "class").Row("می\u200cخواهم", "\U0001F469\u200d\U0001F52C").Write(terminal, output);
        Assert.Contains("می\u200cخواهم", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\U0001F469\u200d\U0001F52C", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_long_name_does_not_widen_a_table()
    {
        using var output = new StringWriter();
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        new Table("model", "n").Cut(Table.NameWidth, 0).Row(new string('x', 1000), "1").Row("a\u202eb", "2").Write(terminal, output);
        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 1, Table.NameWidth + 3));
        Assert.Contains("…  1", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("a\\u202eb", lines[2], StringComparison.Ordinal);
    }
}
