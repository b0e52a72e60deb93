using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Tests.Documents;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Every command that reads results understands the same names of models and versions.</summary>
[Trait("Category", "Slow")]
public sealed class ResultNamesTests : IDisposable
{
    private readonly User _user = new();

    public ResultNamesTests()
    {
        ExampleResults.Write(_user.Folder);
        using var store = BenchmarkStore.Open(Path.Combine(_user.Folder, ".local", "share", "gpux", "benchmarks.duckdb"), TimeSpan.Zero, default);
        var runs = store.Find(new RunFilter { Model = "bert-base-uncased" }, default);
        foreach (var model in (string[])["samples/language-id", "org/other"])
            store.AddAll(runs.Select(run => run.Run with { Key = $"{model} {run.Run.Key}", Model = new BenchmarkedModel(model) }), default);
        foreach (var model in (string[])["samples/language-id", "bert-base-uncased"])
            new VersionControlSystem(store).MoveAlias(model, "champion", "v1.0.0");
    }

    public void Dispose() => _user.Dispose();

    [Theory]
    [InlineData("samples:language-id")]
    [InlineData("samples/language-id")]
    [InlineData("language-id")]
    public async Task A_model_is_understood_by_every_command(string name)
    {
        foreach (var command in (string[][])[["db", "list", "--model", name], ["db", "export", "-o", "a.csv", "--model", name], ["db", "report", "--model", name, "-o", "a.html"],
            ["db", "plot", "bars", "--model", name], ["db", "version-history", "--model", name], ["db", "calculate-scores", "--model", name], ["db", "recommend", "--model", name],
            ["db", "plot", "bars", $"{name}@@champion"], ["db", "plot", "bars", $"{name}@champion"], ["bench", "compare", $"{name}@champion", $"{name}@champion"]])
        {
            var answer = await _user.RunAsync(command);
            Assert.True(answer.ExitCode == 0 || command[0] == "bench" && answer.Error.Length == 0, $"{string.Join(' ', command)}: {answer}");
        }
        Assert.All((await _user.RunAsync("db", "list", "--model", name, "--json")).Json.EnumerateArray(), run => Assert.Equal("samples/language-id", run.GetProperty("model").GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_model_that_is_not_there_fails_every_command_and_writes_nothing()
    {
        foreach (var command in (string[][])[["db", "list", "--model", "language-it"], ["db", "export", "-o", "a.csv", "--model", "language-it"],
            ["db", "report", "--model", "language-it", "-o", "a.html"], ["db", "plot", "bars", "--model", "language-it", "-o", "a.svg"],
            ["bench", "compare", "language-it@v1.0.0", "bert-base-uncased@v1.0.0"]])
        {
            var answer = await _user.RunAsync(command);
            Assert.True(answer.ExitCode == 1 && answer.Error.Contains("samples/language-id", StringComparison.Ordinal) && answer.Output.Length == 0, $"{string.Join(' ', command)}: {answer}");
        }
        Assert.Empty(Directory.GetFiles(_user.Folder, "a.*"));
        var unknown = await _user.RunAsync("db", "recommend", "--model", "language-it");
        Assert.True(unknown.ExitCode == 1 && unknown.Error.Contains("GPUX6086", StringComparison.Ordinal) && unknown.Error.Contains("samples/language-id", StringComparison.Ordinal), unknown.ToString());
        // A filter that leaves nothing of a model that is there is an answer.
        Assert.Equal("[]", (await _user.RunAsync("db", "list", "--model", "language-id", "--hardware", "npu", "--json")).Output.Trim());
    }

    [Fact]
    public async Task An_alias_is_understood_where_a_tag_is()
    {
        var all = await _user.RunAsync("db", "list", "--version", "@champion", "--json");
        Assert.Equal(["bert-base-uncased", "samples/language-id"], all.Json.EnumerateArray().Select(run => run.GetProperty("model").GetProperty("name").GetString()).Distinct().Order());
        var one = await _user.RunAsync("db", "list", "--version", "@champion", "--model", "language-id", "--json");
        Assert.NotEqual(0, one.Json.GetArrayLength());
        Assert.Equal(one.Json.GetArrayLength(), (await _user.RunAsync("db", "export", "-o", "a.csv", "--version", "@champion", "--model", "language-id", "--json")).Json.GetProperty("runs").GetInt32());
        Assert.Equal(0, (await _user.RunAsync("db", "plot", "bars", "--version", "@champion", "--model", "language-id")).ExitCode);
        // Files have tags, the database what an alias means.
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "runs.json"), $"[{string.Join(',', await Task.WhenAll(((string[])["1", "5", "17"]).Select(async id => (await _user.RunAsync("db", "show", id, "--json")).Output)))}]");
        var ofFile = await _user.RunAsync("db", "report", "runs.json", "--version", "@champion", "-o", "a.html", "--json");
        Assert.True(ofFile.ExitCode == 0 && ofFile.Json.GetProperty("runs").GetInt32() == 1, ofFile.ToString()); // one of no version, one of v1.0.0, one of v1.1.0
        foreach (var refused in (Answer[])[await _user.RunAsync("db", "plot", "bars", "runs.json", "--version", "@challenger"), await _user.RunAsync("db", "plot", "bars", "runs.json", "--version", "@champion", "--db-path", "none.duckdb")])
            Assert.True(refused.ExitCode != 0 && refused.Error.Contains(refused.ExitCode == 2 ? "is an alias, which files do not know" : "none.duckdb", StringComparison.Ordinal), refused.ToString());
        var unknown = await _user.RunAsync("db", "list", "--version", "@challenger", "--model", "language-id");
        Assert.True(unknown.ExitCode == 1 && unknown.Error.Contains("GPUX6076", StringComparison.Ordinal), unknown.ToString());
    }
}
