using System.Text.Json;
using Gpux.StandIns;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>The built program, run as a user runs it.</summary>
[Trait("Category", "Slow")]
public sealed class CommandTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task A_sample_answers_and_is_listed_and_removed()
    {
        var answer = await _user.RunAsync("run", "samples/language-id", "Wo ist denn hier bitte der Bahnhof und wann fährt der Zug?");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Matches(@"^de 0\.\d\d\n$|^de 1\.00\n$", answer.Output);
        var listed = (await _user.RunAsync("list", "--json")).Json;
        Assert.Equal("text-classification", listed[0].GetProperty("task").GetString());
        Assert.Equal(0, (await _user.RunAsync("remove", "samples/language-id")).ExitCode);
        Assert.Equal(0, (await _user.RunAsync("list", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Input_comes_from_files_and_from_standard_input()
    {
        var file = Path.Combine(_user.Folder, "texts.txt");
        await File.WriteAllTextAsync(file, "Where is the railway station, please?\nДе знаходиться залізничний вокзал?\n");
        var lines = (await _user.RunAsync("run", "samples/language-id", "--file", file, "--lines", "--json")).Json;
        Assert.Equal(["en", "uk"], lines.EnumerateArray().Select(line => line.GetProperty("label").GetString()));
        var piped = await _user.RunWithInputAsync("Gdzie jest najbliższy dworzec kolejowy?\n", "run", "samples/language-id");
        Assert.StartsWith("pl ", piped.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digit_is_read_from_a_photo()
    {
        var answer = await _user.RunAsync("run", "samples/digits", Path.Combine(User.Samples, "inputs", "digit-3.png"), "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("3", answer.Json[0].GetProperty("label").GetString());
    }

    [Fact]
    public async Task A_story_is_streamed_and_the_same_for_a_seed()
    {
        string[] command = ["run", "samples/storyteller", "It was a truth", "--seed", "7", "--max-new-tokens", "12"];
        var answer = await _user.RunAsync(command);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.StartsWith("It was a truth", answer.Output, StringComparison.Ordinal);
        Assert.Equal(answer.Output, (await _user.RunAsync(command)).Output);
        var json = (await _user.RunAsync([.. command, "--json"])).Json;
        Assert.Equal(answer.Output.TrimEnd('\n'), json[0].GetProperty("generated_text").GetString());
    }

    [Fact]
    public async Task An_interrupted_answer_ends_with_130()
    {
        var answer = await _user.InterruptAsync("run", "samples/storyteller", "Once", "--set", "max_new_tokens=250", "--set", "eos_token_id=null", "--set", "max_time=60");
        Assert.True(answer.ExitCode is 130 or 0, answer.ToString()); // it may have been faster
    }

    [Fact]
    public async Task A_converted_model_stands_alone()
    {
        var model = _user.Copy("models", "bert-seqcls");
        var converted = await _user.RunAsync("convert", model, "-o", "out", "--self-contained", "--json");
        Assert.True(converted.ExitCode == 0, converted.ToString());
        Assert.Equal(0, converted.Json.GetProperty("bytes_mapped").GetInt64());
        Directory.Delete(model, recursive: true);
        Assert.Equal(["config.json", "model.onnx", "model.onnx.data"],
            Directory.EnumerateFiles(Path.Combine(_user.Folder, "out")).Select(path => Path.GetFileName(path)).Intersect(["config.json", "model.onnx", "model.onnx.data"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Recordings_are_verified_one_by_one_and_together()
    {
        var one = await _user.RunAsync("verify", "--reference", Corpus.PathOf("models", "bert-seqcls"), "--json");
        Assert.True(one.ExitCode == 0, one.ToString());
        Assert.Equal("passed", one.Json.GetProperty("status").GetString());
        var all = await _user.RunAsync("verify", "--corpus", Corpus.Root, "--filter", "models/bert-*", "--json");
        Assert.True(all.ExitCode == 0, all.ToString());
        Assert.Equal(0, all.Json.GetProperty("failed").GetInt32());
        Assert.True(all.Json.GetProperty("passed").GetInt32() >= 4);
        Assert.All(all.Json.GetProperty("cases").EnumerateArray().Where(entry => entry.GetProperty("status").GetString() == "passed"),
            entry => Assert.True(entry.GetProperty("worst").GetProperty("maxAbs").GetDouble() < 1e-4));
    }

    [Fact]
    public async Task A_changed_weight_does_not_verify()
    {
        var model = _user.Copy("models", "bert-seqcls");
        var weights = Path.Combine(model, "model.safetensors");
        var bytes = await File.ReadAllBytesAsync(weights);
        bytes.AsSpan(bytes.Length / 2, 64).Fill(0x3F);
        await File.WriteAllBytesAsync(weights, bytes);
        var answer = await _user.RunAsync("verify", model, "--reference", Corpus.PathOf("models", "bert-seqcls"));
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("failed", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_the_Hub_is_fetched_once_and_then_runs_offline()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/sentiment").WithFolder(Corpus.PathOf("pipelines", "text-classification-bert", "repo"));
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        var pulled = await _user.RunAsync("pull", "org/sentiment", "--json");
        Assert.True(pulled.ExitCode == 0, pulled.ToString());
        hub.ForgetRequests();
        _user.Variables["HF_HUB_OFFLINE"] = "1";
        var answer = await _user.RunAsync("run", "org/sentiment", "Alice likes the good movie!", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("good", answer.Json[0].GetProperty("label").GetString());
        Assert.Equal(0.7598363757133484, answer.Json[0].GetProperty("score").GetDouble(), 4);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task Every_command_speaks_JSON()
    {
        var model = Corpus.PathOf("pipelines", "text-classification-bert", "repo");
        string[][] commands =
        [
            ["version"], ["--version"], ["list"], ["registries"], ["devices"], ["completion", "bash"], ["info", model], ["pull", "samples/language-id"],
            ["tokenize", model, "the cat"], ["preprocess", model, "the cat"], ["run", model, "the cat"], ["convert", model, "-o", "onnx"],
            ["verify", "--reference", Corpus.PathOf("models", "bert-seqcls")], ["remove", "samples/language-id"],
        ];
        foreach (var command in commands)
        {
            var answer = await _user.RunAsync([.. command, "--json"]);
            Assert.True(answer.ExitCode == 0, $"{command[0]}: {answer}");
            Assert.True(answer.Json.ValueKind is JsonValueKind.Object or JsonValueKind.Array, command[0]);
        }
    }
}
