using System.Xml.Linq;

namespace Gpux.Cli.Tests.EndToEnd;

public sealed class PlotTests : IDisposable
{
    private readonly User _user = new();

    private static string Golden(string name) => Path.Combine(Corpus.Repository, "tests", "Golden", "charts", name);

    public void Dispose() => _user.Dispose();

    [Theory]
    [InlineData("latency"), InlineData("box"), InlineData("pareto"), InlineData("history"), InlineData("heatmap"), InlineData("bars")]
    public async Task Every_kind_is_drawn_as_a_file_and_in_the_terminal(string kind)
    {
        var written = await _user.RunAsync("db", "plot", kind, Golden("runs.json"), "--precision", "int8", "-o", "plot.svg");
        Assert.True(written.ExitCode == 0, written.ToString());
        Assert.Equal("svg", XDocument.Load(Path.Combine(_user.Folder, "plot.svg")).Root!.Name.LocalName); // loaded
        var shown = await _user.RunAsync("db", "plot", kind, Golden("runs.json"), "--precision", "int8");
        Assert.True(shown.ExitCode == 0 && shown.Output.Split('\n').Length > 5, shown.ToString());
        Assert.DoesNotContain('\e', shown.Output);
        Assert.All(shown.Output.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task Png_and_html_are_written_by_the_name_s_ending()
    {
        Assert.Equal(0, (await _user.RunAsync("db", "plot", "bars", Golden("runs.json"), "--metric", "memory.peak_rss", "-o", "pictures/plot.png")).ExitCode);
        var png = File.ReadAllBytes(Path.Combine(_user.Folder, "pictures", "plot.png"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.Equal(2 * 760, png[16] << 24 | png[17] << 16 | png[18] << 8 | png[19]);
        Assert.Equal(0, (await _user.RunAsync("db", "plot", "bars", Golden("runs.json"), "-o", "plot.html")).ExitCode);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(Path.Combine(_user.Folder, "plot.html")), StringComparison.Ordinal);
        var refused = await _user.RunAsync("db", "plot", "bars", Golden("runs.json"), "-o", "plot.gif");
        Assert.Equal(2, refused.ExitCode);
        // A report is a page, and nothing else under another name.
        foreach (var name in (string[])["report.pdf", "report"])
        {
            Assert.Equal(2, (await _user.RunAsync("db", "report", Golden("before.json"), "-o", name)).ExitCode);
            Assert.False(File.Exists(Path.Combine(_user.Folder, name)));
        }
    }

    [Theory]
    [InlineData("latency"), InlineData("history"), InlineData("bars")]
    public async Task Picture_of_nothing_is_refused(string kind)
    {
        var runs = File.ReadAllText(Golden("before.json"));
        File.WriteAllText(Path.Combine(_user.Folder, "invalid.json"), runs.Replace("\"valid\"", "\"invalid\"", StringComparison.Ordinal));
        foreach (var output in (string[][])[[], ["-o", "plot.svg"]])
        {
            var refused = await _user.RunAsync(["db", "plot", kind, "invalid.json", .. output]);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("GPUX6062", refused.Error, StringComparison.Ordinal);
            Assert.Contains("5 of 5 runs are left out: unstable or invalid.", refused.Error, StringComparison.Ordinal);
        }
        Assert.False(File.Exists(Path.Combine(_user.Folder, "plot.svg")));
        var some = await _user.RunAsync("db", "plot", kind, Golden("after.json"), "invalid.json", "-o", "plot.svg");
        Assert.Contains("5 of 10 runs.", some.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_stands_by_itself()
    {
        var written = await _user.RunAsync("db", "report", Golden("before.json"), Golden("after.json"), "-o", "report.html", "--json");
        Assert.True(written.ExitCode == 0 && written.Json.GetProperty("runs").GetInt32() == 10, written.ToString());
        Assert.Contains("v1.2.0", File.ReadAllText(Path.Combine(_user.Folder, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comparison_says_how_much_and_how_sure()
    {
        var compared = await _user.RunAsync("bench", "compare", Golden("before.json"), Golden("after.json"), "--json");
        Assert.True(compared.ExitCode == 0, compared.ToString());
        var latency = compared.Json[0].GetProperty("metrics")[0];
        Assert.Equal(("latency.e2e", "better"), (latency.GetProperty("name").GetString(), latency.GetProperty("verdict").GetString()));
        Assert.InRange(latency.GetProperty("factor").GetProperty("low").GetDouble(), 1.2, latency.GetProperty("factor").GetProperty("estimate").GetDouble());
        Assert.Contains("B is 1.", (await _user.RunAsync("bench", "compare", Golden("before.json"), Golden("after.json"))).Output, StringComparison.Ordinal);
        // Of several machines each with itself; what one side alone ran is named.
        var several = await _user.RunAsync("bench", "compare", Golden("before.json"), Golden("runs.json"));
        Assert.True(several.ExitCode == 0, several.ToString());
        Assert.Contains("Only B: example/encoder-base", several.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comparison_says_what_differs_and_what_it_leaves_out()
    {
        var (usual, other) = (File.ReadAllText(Golden("after.json")), Path.Combine(_user.Folder, "webgpu.json"));
        File.WriteAllText(other, usual.Replace("\"execution_provider\": \"cpu\"", "\"execution_provider\": \"webgpu\"", StringComparison.Ordinal));
        var asked = await _user.RunAsync("bench", "compare", Golden("after.json"), other);
        Assert.True(asked.ExitCode == 0 && asked.Output.Contains("\nThey differ: provider cpu -> webgpu\nMETRIC", StringComparison.Ordinal), asked.ToString());
        // Both in one file, against one: each with itself, and the rest is named.
        File.WriteAllText(Path.Combine(_user.Folder, "both.json"), $"[{usual[(usual.IndexOf('[') + 1)..usual.LastIndexOf(']')]},{File.ReadAllText(other)[(usual.IndexOf('[') + 1)..].TrimEnd()[..^1].TrimEnd()[..^1]}]");
        var both = await _user.RunAsync("bench", "compare", "both.json", Golden("after.json"));
        Assert.True(both.ExitCode == 0 && both.Output.Contains("\nOnly A, provider webgpu: example/encoder-base", StringComparison.Ordinal), both.ToString());
        Assert.DoesNotContain("They differ", both.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_names_no_runs_is_refused()
    {
        Assert.Equal(2, (await _user.RunAsync("db", "plot", "latency", "nothing-like-that")).ExitCode);
        Assert.Equal(2, (await _user.RunAsync("db", "plot", "bars", Golden("runs.json"), "--metric", "speed")).ExitCode);
        File.WriteAllText(Path.Combine(_user.Folder, "bad.json"), "{}");
        Assert.Contains("GPUX6061", (await _user.RunAsync("db", "plot", "latency", "bad.json")).Error, StringComparison.Ordinal);
        Assert.Contains("GPUX6062", (await _user.RunAsync("db", "plot", "latency", Golden("runs.json"), "--precision", "fp8")).Error, StringComparison.Ordinal);
        await _user.RunAsync("db", "create-schema", "--db-path", "empty.duckdb");
        Assert.Contains("GPUX6062", (await _user.RunAsync("db", "plot", "latency", "12", "--db-path", "empty.duckdb")).Error, StringComparison.Ordinal);
    }
}
