using Gpux.Models.Yaml;

namespace Gpux.Models.Tests.Yaml;

public sealed class YamlTreeTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Values_keep_their_lines_and_quotes()
    {
        var map = Assert.IsType<YamlMap>(Read("a: 1\nb:\n  - \"2\"\n  - {c: ~}\n"));
        Assert.Equal(["a", "b"], map.Members.Select(member => member.Name));
        Assert.Equal(new YamlText("1", IsPlain: true, Line: 1), map.Members[0].Value);
        var list = Assert.IsType<YamlList>(map.Members[1].Value);
        Assert.Equal(new YamlText("2", IsPlain: false, Line: 3), list.Items[0]);
        Assert.True(Assert.IsType<YamlText>(Assert.IsType<YamlMap>(list.Items[1]).Members[0].Value).IsNull);
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

    [Fact]
    public void Random_damage_is_refused_or_read()
    {
        var random = new Random(5);
        var text = "a: {b: [1, \"2\"], c: 'x'}\nd:\n  - e: |\n      f\n".ToCharArray();
        for (var i = 0; i < 500; i++)
        {
            var damaged = text.ToArray();
            for (var j = 0; j < 3; j++)
                damaged[random.Next(damaged.Length)] = (char)random.Next(1, 128);
            try
            {
                Read(new string(damaged));
            }
            catch (FormatException)
            {
            }
        }
    }

    private YamlValue Read(string text)
    {
        File.WriteAllText(_path, text);
        return YamlTree.Read(_path, 1 << 20, (line, problem) => new FormatException($"{line}: {problem}"));
    }
}
