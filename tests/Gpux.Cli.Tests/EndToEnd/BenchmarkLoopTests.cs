using System.Text.Json;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>From a model to advice and to what a change of it brought, with what this machine measures.</summary>
[Trait("Category", "Slow")]
public sealed class BenchmarkLoopTests : IDisposable
{
    private const string Model = "samples/language-id";

    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task A_model_is_measured_versioned_scored_recommended_changed_and_compared()
    {
        await Run("pull", Model);
        var first = await Measure("fp32");
        var second = await Measure("int8");
        await Run("db", "add-version", "--model", Model, "--version", "v1.0.0", "--metadata", """{"precision": "fp32"}""");
        await Run("db", "link-tests", "--model", Model, "--version", "v1.0.0", "--result-ids", string.Join(',', first.Ids));
        await Run("db", "link-tests", "--model", Model, "--version", "v1.1.0", "--result-ids", string.Join(',', second.Ids));
        Assert.Equal(first.Ids, (await Run("db", "list", "--version", "v1.0.0", "--json")).EnumerateArray().Select(run => run.GetProperty("id").GetInt64()));

        // A busy machine gives results that no score is made of.
        if (!first.IsValid || !second.IsValid)
        {
            var refused = await _user.RunAsync("db", "create-snapshot", "--model", Model, "--version", first.IsValid ? "v1.1.0" : "v1.0.0", "--db-path", "loop.duckdb");
            Assert.Contains("GPUX6070", refused.Error, StringComparison.Ordinal);
            return;
        }
        var score = (await Run("db", "calculate-scores", "--model", Model, "--json")).ToString();
        Assert.Contains("compatibility", score, StringComparison.Ordinal);
        await Run("db", "create-snapshot", "--model", Model, "--version", "v1.0.0");
        await Run("db", "create-snapshot", "--model", Model, "--version", "v1.1.0");
        var compared = (await Run("db", "compare-versions", "--model", Model, "--version1", "v1.0.0", "--version2", "v1.1.0", "--json")).ToString();
        Assert.Contains("latency.e2e", compared, StringComparison.Ordinal);
        var advice = (await Run("recommend", Model, "--json")).ToString();
        Assert.Contains("measured", advice, StringComparison.Ordinal);
    }

    private async Task<(long[] Ids, bool IsValid)> Measure(string precision)
    {
        var measured = await Run("bench", Model, "--batch", "1,8", "--sequence", "16", "--precision", precision, "--quick", "--launches", "2", "--force", "--json");
        var runs = measured.GetProperty("runs").EnumerateArray().ToArray();
        Assert.Equal(2, runs.Length);
        return ([.. runs.Select(run => run.GetProperty("id").GetInt64())], runs.Any(run => run.GetProperty("verdict").GetString() == "valid"));
    }

    private async Task<JsonElement> Run(params string[] arguments)
    {
        var answer = await _user.RunAsync([.. arguments, .. arguments[0] is "pull" ? (string[])[] : ["--db-path", "loop.duckdb"]]);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        return arguments.Contains("--json") ? answer.Json : default;
    }
}
