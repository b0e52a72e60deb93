using System.Text.Json;
using Gpux.StandIns;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>What wrong, damaged and missing input gets: a code, what it is about, what to do next, and no stack trace.</summary>
[Trait("Category", "Slow")]
public sealed class BadInputTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Theory]
    [InlineData(1002, "run", "samples/langauge-id", "text")]
    [InlineData(1004, "run", "org/unreachable", "text")]
    [InlineData(1001, "run", "org/name@", "text")]
    [InlineData(1002, "run", "./no-such-folder", "text")]
    [InlineData(2008, "verify", "--reference", "no-such-recording")]
    public async Task What_is_not_there_is_named(int code, params string[] command) => await AssertRefusedAsync(code, 1, command);

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("run")]
    [InlineData("run", "samples/language-id", "text", "--frob")]
    [InlineData("verify")]
    [InlineData("run", "samples/language-id", "text", "--set", "topk")]
    [InlineData("run", "samples/language-id", "--file", "no-such-file")]
    public async Task Wrong_usage_ends_with_2(params string[] command) => await AssertRefusedAsync(5001, 2, command);

    [Fact]
    public async Task An_unknown_argument_of_a_task_is_refused_with_those_that_it_has()
    {
        var answer = await AssertRefusedAsync(3341, 1, "run", "samples/language-id", "text", "--set", "beams=3");
        Assert.Contains("function_to_apply", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_family_that_is_not_built_is_refused_before_its_weights_are_fetched()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/mamba").With("config.json", """{"model_type":"mamba","architectures":["MambaForCausalLM"]}""").With("model.safetensors", new byte[1 << 20]);
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        var answer = await AssertRefusedAsync(2006, 1, "run", "org/mamba", "text");
        Assert.Contains("mamba", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(hub.Requests, request => request.ToString().Contains("model.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_revision_is_named()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/sentiment").WithFolder(Corpus.PathOf("pipelines", "text-classification-bert", "repo"));
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        await AssertRefusedAsync(1005, 1, "run", "org/sentiment@v9", "text");
    }

    [Theory]
    [InlineData("config.json", 2001)]
    [InlineData("model.safetensors", 2006)]
    [InlineData("tokenizer.json", 3103)]
    public async Task A_missing_file_is_named(string file, int code)
    {
        var model = _user.Copy("pipelines", "text-classification-bert");
        File.Delete(Path.Combine(model, file));
        await AssertRefusedAsync(code, 1, "run", model, "text");
    }

    [Theory]
    [InlineData("config.json", 2002)]
    [InlineData("model.safetensors", 2005)]
    [InlineData("tokenizer.json", 3101)]
    public async Task A_truncated_file_is_named(string file, int code)
    {
        var model = _user.Copy("pipelines", "text-classification-bert");
        var path = Path.Combine(model, file);
        var bytes = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)]);
        var answer = await AssertRefusedAsync(code, 1, "run", model, "text");
        Assert.Contains(file, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_that_are_no_numbers_are_told_from_answers()
    {
        var model = _user.Copy("pipelines", "text-classification-bert");
        var path = Path.Combine(model, "model.safetensors");
        var bytes = await File.ReadAllBytesAsync(path);
        bytes.AsSpan(8 + (int)BitConverter.ToInt64(bytes)).Fill(0xFF); // NaN
        await File.WriteAllBytesAsync(path, bytes);
        await AssertRefusedAsync(3343, 1, "run", model, "the cat");
    }

    [Fact]
    public async Task A_long_text_is_cut_with_a_note_or_refused()
    {
        var text = string.Join(' ', Enumerable.Repeat("the cat sat on the mat .", 60));
        var answer = await _user.RunAsync("run", Corpus.PathOf("pipelines", "text-classification-bert", "repo"), text);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Contains("cut", answer.Error, StringComparison.Ordinal);
        await AssertRefusedAsync(3344, 1, "run", Corpus.PathOf("pipelines", "text-classification-bert", "repo"), text, "--strict");
    }

    [Fact]
    public async Task Images_that_are_none_are_refused()
    {
        var path = Path.Combine(_user.Folder, "picture.png");
        await File.WriteAllTextAsync(path, "not a picture");
        var answer = await _user.RunAsync("run", "samples/digits", path);
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("GPUX32", answer.Error, StringComparison.Ordinal);
        await AssertRefusedAsync(5001, 2, "run", "samples/digits", "no-such.png");
    }

    [Fact]
    public async Task Errors_are_JSON_where_results_are()
    {
        var answer = await _user.RunAsync("run", "samples/nothing", "text", "--json");
        Assert.Equal("", answer.Output);
        using var error = JsonDocument.Parse(answer.Error);
        Assert.Equal("GPUX1002", error.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.NotEqual("", error.RootElement.GetProperty("error").GetProperty("remedy").GetString());
    }

    private async Task<Answer> AssertRefusedAsync(int code, int exitCode, params string[] command)
    {
        var answer = await _user.RunAsync(command);
        Assert.True(answer.ExitCode == exitCode, answer.ToString());
        Assert.Equal("", answer.Output);
        Assert.Contains($"GPUX{code}", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answer.Error, StringComparison.Ordinal);
        return answer;
    }
}
