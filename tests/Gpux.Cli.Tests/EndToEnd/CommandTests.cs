using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Commands;
using Gpux.Cli.Terminals;
using Gpux.Cli.Tests.Documents;
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
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/sentiment").WithFolder(Corpus.PathOf("pipelines", "text-classification-bert", "repo"));
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        var model = Corpus.PathOf("pipelines", "text-classification-bert", "repo");
        var sentences = _user.Copy("models", "sentence-bert-mean-normalize");
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "texts.txt"), "one text\nanother text\n");
        ExampleResults.Write(_user.Folder);
        string[] bert = ["--model", "bert-base-uncased"];
        // In an order in which each finds what it needs.
        string[][] cases =
        [
            ["version"], ["--version"], ["completion", "bash"], ["devices"], ["registries"], ["registries", "add", "shelf", "--kind", "local", "--url", "."], ["registries", "remove", "shelf"],
            ["login", "--token", "hf_secret"], ["whoami"], ["logout"], ["search", "language", "--registry", "samples"], ["info", model], ["compare", "samples/language-id", "samples/digits"],
            ["tokenize", model, "the cat"], ["preprocess", model, "the cat"], ["run", model, "the cat"], ["embed", sentences, "texts.txt", "-o", "embeddings.jsonl"], ["similar", sentences, "the cat", "--in", "texts.txt"],
            ["convert", model, "-o", "onnx"], ["export", model, "-o", "a.onnx"], ["export", model, "-o", "b.onnx"], ["info", "a.onnx"], ["metadata", "show", "a.onnx"], ["metadata", "set", "a.onnx", "owner=me"],
            ["metadata", "copy", "a.onnx", "b.onnx"], ["metadata", "clear", "b.onnx"], ["metadata", "schema"], ["verify", "--reference", Corpus.PathOf("models", "bert-seqcls")],
            ["pull", "samples/language-id"], ["pull", "org/sentiment"], ["outdated"], ["update", "--all", "--dry-run"], ["lock", "org/sentiment"], ["lock", "--check"], ["init", "samples/language-id", "languages"],
            ["list"], ["df"], ["verify-store"], ["bundle", "export", "org/sentiment"], ["bundle", "verify", "models.gpuxbundle"], ["bundle", "list", "models.gpuxbundle"], ["bundle", "import", "models.gpuxbundle"],
            ["prune", "--dry-run"], ["remove", "samples/language-id"],
            ["plan-training", "--parameters", "7B", "--gpus", "8", "--gpu", "H200"], ["recommend", "samples/language-id"], ["bench", "samples/language-id", "--quick", "--no-save"], ["bench", "compare", "1,2,3,4", "17,18,19,20"],
            ["db", "create-schema"], ["db", "list"], ["db", "show", "1"], ["db", "add-version", .. bert, "--version", "v1.0.0"], ["db", "link-tests", .. bert, "--version", "v1.0.0", "--result-ids", "1,2,3,4"],
            ["db", "calculate-scores", .. bert], ["db", "recommend", .. bert], ["db", "update-task", "--task", "inference"], ["db", "create-snapshot", .. bert, "--version", "v1.0.0"],
            ["db", "create-snapshot", .. bert, "--version", "v1.1.0"], ["db", "compare-versions", .. bert, "--version1", "v1.0.0", "--version2", "v1.1.0"],
            ["db", "move-alias", .. bert, "--alias", "champion", "--version", "v1.1.0"], ["db", "version-history", .. bert], ["db", "plot", "latency", .. bert], ["db", "plot", "bars", .. bert, "-o", "bars.svg"],
            ["db", "report", .. bert, "-o", "report.html"], ["db", "export", "-o", "runs.json"], ["db", "import", "runs.json"], ["db", "backup"], ["db", "delete", "1", "--yes"],
        ];
        List<string> mistakes = [.. Verbs().Except(cases.Select(VerbOf)).Select(verb => $"gpux {verb}: no case of this test runs it with --json.")];
        foreach (var command in cases)
        {
            var answer = await _user.RunAsync([.. command, "--json"]);
            if (answer.ExitCode != 0 || !IsJson(answer.Output))
                mistakes.Add($"gpux {string.Join(' ', command)}: {answer}");
        }
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));

        // One value, and nothing before or behind it.
        static bool IsJson(string text)
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }

    // All that people may write: what a hidden verb says is between programs.
    private static IEnumerable<string> Verbs()
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        using var services = new Services(terminal);
        return [.. All(Application.Build(services, [])).OfType<GpuxCommand>().Where(command => !command.Hidden).Select(HelpText.FullName)];

        static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
    }

    private static string VerbOf(string[] arguments)
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        using var services = new Services(terminal);
        return HelpText.FullName(Application.Build(services, []).Parse(arguments, Application.Parsing).CommandResult.Command);
    }
}
