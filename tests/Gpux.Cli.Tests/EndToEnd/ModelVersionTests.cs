using System.Text.Json;
using Gpux.Cli.Tests.Documents;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Versions of models and scores of hardware, by the lines that the first description of them shows.</summary>
[Trait("Category", "Slow")]
public sealed class ModelVersionTests : IDisposable
{
    private const string Bert = "bert-base-uncased";

    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Every_line_of_the_first_description_does_what_it_says()
    {
        ExampleResults.Write(_user.Folder);
        await DoneAsync("db", "create-schema", "--db-path", "./benchmark_db.duckdb");
        await DoneAsync("db", "link-tests", "--model", Bert, "--version", "v1.0.0", "--result-ids", "1,2,3,4");
        var scores = await JsonAsync("db", "calculate-scores", "--model", Bert, "--hardware", "cuda");
        Assert.Equal(["NVIDIA A100 40GB", "NVIDIA L4", "NVIDIA T4"], scores.EnumerateArray().Select(score => score.GetProperty("hardware").GetString()));
        var version = await JsonAsync("db", "add-version", "--model", Bert, "--version", "v1.0.0", "--hash", "abcdef123456", "--metadata",
            """{"author": "user", "description": "Initial release"}""");
        Assert.Equal("Initial release", version.GetProperty("metadata").GetProperty("description").GetString());
        var history = await JsonAsync("db", "version-history", "--model", Bert);
        Assert.Equal(["v1.1.0", "v1.0.0"], history.GetProperty("versions").EnumerateArray().Select(each => each.GetProperty("version").GetString()));
        var snapshot = await JsonAsync("db", "create-snapshot", "--model", Bert, "--version", "v1.0.0");
        Assert.Equal(4, snapshot.GetProperty("hardware").GetArrayLength());
        await DoneAsync("db", "create-snapshot", "--model", Bert, "--version", "v1.1.0");
        var compared = await JsonAsync("db", "compare-versions", "--model", Bert, "--version1", "v1.0.0", "--version2", "v1.1.0");
        var changes = compared.GetProperty("changes").EnumerateArray().ToDictionary(change => change.GetProperty("hardware").GetString()!); // each has a name
        Assert.True(changes["NVIDIA L4"].GetProperty("beyond_chance").GetBoolean());
        Assert.False(changes["AMD EPYC 9354"].GetProperty("beyond_chance").GetBoolean());
        Assert.Contains(changes["NVIDIA A100 40GB"].GetProperty("not_comparable").EnumerateArray(), reason => reason.GetString() == "driver 550.54 -> 570.86");
        Assert.Equal("NVIDIA T4", compared.GetProperty("only_version1")[0].GetString());
    }

    [Fact]
    public async Task The_filter_does_not_change_the_numbers()
    {
        ExampleResults.Write(_user.Folder);
        var all = await JsonAsync("db", "calculate-scores", "--model", Bert);
        var some = await JsonAsync("db", "calculate-scores", "--model", Bert, "--hardware", "cpu", "--dry-run");
        Assert.Equal(Score(all.EnumerateArray().Single(score => score.GetProperty("hardware_kind").GetString() == "cpu")), Score(Assert.Single(some.EnumerateArray())));
        var geometric = await JsonAsync("db", "calculate-scores", "--score", "geometric", "--rank-by", "suitability");
        Assert.Equal("geometric", geometric[0].GetProperty("score_form").GetString());
        Assert.Equal("NVIDIA T4", geometric[3].GetProperty("hardware").GetString()); // measured once

        static double Score(JsonElement score) => score.GetProperty("compatibility_score").GetDouble();
    }

    [Fact]
    public async Task An_alias_stands_for_a_version()
    {
        ExampleResults.Write(_user.Folder);
        Assert.Equal("champion: none -> v1.0.0\n", (await DoneAsync("db", "move-alias", "--model", Bert, "--alias", "champion", "--version", "v1.0.0")).Output);
        Assert.Contains("v1.0.0", (await DoneAsync("db", "create-snapshot", "--model", Bert, "--version", "@champion")).Output, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.AliasMoved, "db", "move-alias", "--model", Bert, "--alias", "champion", "--version", "v1.1.0", "--expect", "v0.9.0");
    }

    [Fact]
    public async Task Mistakes_say_what_to_do()
    {
        await FailsAsync(ErrorCode.NothingMeasured, "db", "calculate-scores");
        ExampleResults.Write(_user.Folder);
        await FailsAsync(ErrorCode.RunNotFound, "db", "link-tests", "--model", Bert, "--version", "v1", "--result-ids", "1,999");
        await FailsAsync(ErrorCode.ModelNotMeasured, "db", "version-history", "--model", "'; DROP TABLE models; --");
        await FailsAsync(ErrorCode.HardwareNotKnown, "db", "calculate-scores", "--model", Bert, "--hardware", "tpu");
        await FailsAsync(ErrorCode.VersionNotFound, "db", "create-snapshot", "--model", Bert, "--version", "v9");
        await FailsAsync(ErrorCode.SnapshotNotFound, "db", "compare-versions", "--model", Bert, "--version1", "v1.0.0", "--version2", "v1.1.0");
        await FailsAsync(ErrorCode.InvalidVersion, "db", "add-version", "--model", Bert, "--version", "v2", "--metadata", "[1]");
        await FailsAsync(ErrorCode.InvalidVersionLink, "db", "add-version", "--model", Bert, "--version", "v2", "--link", "hf:org/name@main");
        await DoneAsync("db", "add-version", "--model", Bert, "--version", "v2", "--hash", "abcdef");
        await FailsAsync(ErrorCode.VersionChanged, "db", "add-version", "--model", Bert, "--version", "v2", "--hash", "123456");
        foreach (var ids in (string[])["one", "", "1;2", "-1", "99999999999999999999"])
            Assert.Equal(2, (await _user.RunAsync("db", "link-tests", "--model", Bert, "--version", "v1", "--result-ids", ids)).ExitCode);
        Assert.Equal(2, (await _user.RunAsync("db", "calculate-scores", "--score", "best")).ExitCode);
        Assert.Equal(2, (await _user.RunAsync("db", "version-history")).ExitCode);
    }

    private async Task<Answer> DoneAsync(params string[] arguments)
    {
        var answer = await _user.RunAsync(arguments);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        return answer;
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments) => (await DoneAsync([.. arguments, "--json"])).Json;

    private async Task FailsAsync(ErrorCode code, params string[] arguments)
    {
        var answer = await _user.RunAsync(arguments);
        Assert.True(answer.ExitCode == 1 && answer.Error.Contains($"GPUX{(int)code}: ", StringComparison.Ordinal), answer.ToString());
    }
}
