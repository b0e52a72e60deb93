using Gpux.Models.Yaml;
using Gpux.Registries.Yaml;

namespace Gpux.Models.Tests.Yaml;

public sealed class YamlReaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Values_are_found_by_name_and_quotes_keep_texts()
    {
        var root = Read("a: 1\nb:\n  - \"2\"\n  - null\nc: {d: ~, e: \"~\", f: \"3\"}\n");
        Assert.Equal(["a", "b", "c"], root.Names);
        Assert.Equal(1, root.Integer("a", 0, 9));
        Assert.Equal(["2", "null"], root.Texts("b"));
        var inner = root.Map("c")!; // it is there
        Assert.Equal((3 + 2, null, "~"), (inner.Line, inner.Text("d"), inner.Text("e")));
        Assert.Equal("5: 'c.f' is '3', where a whole number from 0 to 9 was expected", Assert.Throws<FormatException>(() => inner.Integer("f", 0, 9)).Message);
        Assert.Equal("5: there is no field 'c.f'; the closest is 'd'", Assert.Throws<FormatException>(() => inner.RequireKnown("d", "e")).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a: &x 1\nb: *x\n")] // what bombs are made of
    [InlineData("a: 1\na: 2\n")]
    [InlineData("--- 1\n--- 2\n")]
    [InlineData("a: [1, 2\n")]
    [InlineData("a: \"\\q\"\n")]
    [InlineData("? [1]\n: 2\n")]
    [InlineData("a: !!binary x\nb: @\n")]
    public void Anything_else_is_refused_with_its_line(string text) => Assert.Throws<FormatException>(() => Read(text));

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Deep_nesting_is_refused(string open, string close) =>
        Assert.Throws<FormatException>(() => Read(string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000))));

    [Fact]
    public void Large_files_are_refused() => Assert.Throws<FormatException>(() => Read($"a: {new string('x', 1 << 20)}"));

    private YamlReader Read(string text)
    {
        File.WriteAllText(_path, text);
        return YamlReader.Read(_path, new YamlRules(IsOneTree: true), (line, problem) => new FormatException($"{line}: {problem}"));
    }
}
