using System.Diagnostics;
using System.Text;
using Gpux.Registries.Yaml;
using Xunit.Abstractions;

namespace Gpux.Registries.Tests.Yaml;

public sealed class YamlNodeTests(ITestOutputHelper output)
{
    private const string Marks = "{}[]:,&*!|>'\"%@`#-? \n\t\\x";

    private static YamlNode? Read(string text) => YamlNode.Read(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Values_keep_their_lines()
    {
        var node = (YamlMapping)Read("a: 1\n\nb:\n  c: 'x y'\n")!; // It is not empty
        Assert.Equal((1, 3), (node.Entries["a"].Line, node.Entries["b"].Line));
        Assert.Equal("x y", node["b"]?.Text("c"));
        Assert.Null(Read("# nothing\n"));
        Assert.Null(Read("a: null")?.Text("a"));
        Assert.Equal("null", Read("a: 'null'")?.Text("a"));
    }

    [Fact]
    public void Aliases_are_the_same_value_and_cost_nothing()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 30; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        var time = Stopwatch.StartNew();
        var node = Read(text.ToString());
        Assert.Same(((YamlSequence)node!["a29"]!).Items[0], node["a28"]); // Both are there
        Assert.True(time.Elapsed < TimeSpan.FromMinutes(1)); // 9 to the power of 30 would take for ever
    }

    [Fact]
    public void Size_depth_and_number_of_values_are_bounded()
    {
        Assert.Throws<InvalidYamlException>(() => Read(new string('[', 40)));
        Assert.Throws<InvalidYamlException>(() => Read($"a: {new string(' ', 1 << 20)}"));
        Assert.Throws<InvalidYamlException>(() => Read($"[{string.Join(',', Enumerable.Repeat("1", 100_001))}]"));
    }

    [Theory]
    [InlineData("a: 1\nb: &x 1\n", 2)] // what bombs are made of
    [InlineData("a: 1\n--- 2\n", 2)]
    [InlineData("a: 1\na: 2\n", 2)]
    public void One_tree_has_no_anchors_and_no_second_document(string text, int line)
    {
        var refusal = Assert.Throws<InvalidYamlException>(() => YamlNode.Read(Encoding.UTF8.GetBytes(text), new YamlRules(IsOneTree: true)));
        Assert.Equal((line, $"line {line}: {refusal.Problem}"), (refusal.Line, refusal.Message));
        Assert.Equal("1", YamlNode.Read("a: 1\n...\n"u8.ToArray(), new YamlRules(IsOneTree: true))?.Text("a"));
    }

    [Fact]
    public void Damaged_files_give_typed_errors_only() => Fuzzing.TenThousand(output, "YAML", Reader);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_files_give_typed_errors_only() => Fuzzing.Million(output, "YAML", Reader);

    private static Func<Chance, bool> Reader()
    {
        byte[][] good =
        [
            Encoding.UTF8.GetBytes("a: &x {b: 'c', d: [1, \"\\x41\\u00e9\"]}\n? e\n: |\n  text\n  more\nf: *x\n!!str g: !t >-\n  h\n---\nz\n"),
            Encoding.UTF8.GetBytes("a: {b: [1, \"2\"], c: 'x'}\nd:\n  - e: |\n      f\n"),
        ];
        var damage = new Damage(good, int.MaxValue, [.. Marks.Select(mark => (byte[])[(byte)mark])]);
        return chance =>
        {
            try
            {
                YamlNode.Read(damage.Next(chance).Bytes);
                return true;
            }
            catch (FormatException)
            {
                return false;
            }
        };
    }
}
