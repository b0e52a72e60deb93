using System.Text;
using System.Text.Json;
using Gpux.StandIns;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>The commands that look after the store, run as a user runs them, with a stand-in for the Hub.</summary>
[Trait("Category", "Slow")]
public sealed class StoreCommandTests : IAsyncLifetime, IDisposable
{
    private const string Model = "org/sentiment";
    private const string Text = "Alice likes the good movie!";
    private static readonly string Newer = new('b', 40);

    private readonly User _user = new();
    private HubStandIn _hub = null!; // Set by InitializeAsync
    private HubRepository _repository = null!; // likewise

    public async Task InitializeAsync()
    {
        _hub = await HubStandIn.StartAsync();
        _repository = _hub.Add(Model).WithFolder(Corpus.PathOf("pipelines", "text-classification-bert", "repo"));
        _user.Variables["HF_ENDPOINT"] = _hub.Endpoint;
    }

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Damage_is_found_and_only_the_damaged_file_is_fetched_again()
    {
        await DoneAsync("pull", Model);
        await DoneAsync("verify-store");
        var weights = Path.Combine(_user.Folder, ".cache", "huggingface", "hub", "models--org--sentiment", "blobs", _repository.Files["model.safetensors"].Sha256);
        var bytes = await File.ReadAllBytesAsync(weights);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(weights, bytes);

        var damaged = await _user.RunAsync("verify-store", "--json");
        Assert.Equal(1, damaged.ExitCode);
        Assert.Equal("model.safetensors", Assert.Single(damaged.Json.GetProperty("problems").EnumerateArray()).GetProperty("file").GetString());
        Assert.Equal("its weights are damaged", Assert.Single(damaged.Json.GetProperty("variants").EnumerateArray()).GetProperty("problem").GetString());

        _hub.ForgetRequests();
        var repaired = await DoneAsync("verify-store", Model, "--repair", "--json");
        Assert.Equal("repaired", Assert.Single(repaired.Json.GetProperty("problems").EnumerateArray()).GetProperty("state").GetString());
        Assert.All(_hub.Requests, request => Assert.Contains("model.safetensors", request.Target, StringComparison.Ordinal));
        await DoneAsync("verify-store");
    }

    [Fact]
    public async Task An_update_fetches_what_changed_and_converts_again()
    {
        await DoneAsync("pull", Model);
        Assert.Contains("1 up to date", (await DoneAsync("outdated")).Output, StringComparison.Ordinal);
        var config = Publish();
        var check = Assert.Single((await DoneAsync("outdated", "--json")).Json.EnumerateArray());
        Assert.True(check.GetProperty("outdated").GetBoolean());
        Assert.Equal(config.Length, check.GetProperty("fetch_bytes").GetInt64());
        Assert.Equal("config.json", Assert.Single(check.GetProperty("changes").EnumerateArray()).GetProperty("path").GetString());

        _hub.ForgetRequests();
        Assert.Contains("Would update 1", (await DoneAsync("update", "--all", "--dry-run")).Output, StringComparison.Ordinal);
        Assert.Contains("Updated 1", (await DoneAsync("update", Model)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(_hub.Requests, request => request.Target.Contains("model.safetensors", StringComparison.Ordinal));
        var listed = (await DoneAsync("list", "--json")).Json.EnumerateArray().ToArray();
        Assert.Equal(2, listed.Length); // the former commit stays
        Assert.All(listed, model => Assert.Equal(1, model.GetProperty("variants").GetArrayLength()));
        Assert.Equal("splendid", await LabelAsync(Model));
        Assert.Contains("Nothing to update", (await DoneAsync("update", "--all")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_told_beside_the_others()
    {
        await DoneAsync("pull", Model);
        await DoneAsync("pull", "samples/language-id");
        _user.Variables["HF_HUB_OFFLINE"] = "1";
        var answer = await DoneAsync("outdated", "--json");
        Assert.Contains("HF_HUB_OFFLINE", answer.Error, StringComparison.Ordinal);
        Assert.Equal([true, false], answer.Json.EnumerateArray().Select(check => check.GetProperty("failure").ValueKind == JsonValueKind.String));
    }

    [Fact]
    public async Task A_lock_gives_the_same_bytes_or_says_which_file_differs()
    {
        await DoneAsync("pull", Model, "--lock");
        var lockFile = Path.Combine(_user.Folder, "gpux.lock");
        var text = await File.ReadAllTextAsync(lockFile);
        await DoneAsync("lock", Model);
        Assert.Equal(text, await File.ReadAllTextAsync(lockFile));
        await DoneAsync("lock", "--check");

        // The branch has moved on; the lock has not.
        Publish();
        using (var other = new User())
        {
            other.Variables["HF_ENDPOINT"] = _hub.Endpoint;
            await File.WriteAllTextAsync(Path.Combine(other.Folder, "gpux.lock"), text);
            _repository.Revisions["v1"] = new string('a', 39) + "1";
            var pulled = await other.RunAsync("pull", "--locked", "--json");
            Assert.True(pulled.ExitCode == 0, pulled.ToString());
            Assert.Equal(new string('a', 39) + "1", pulled.Json[0].GetProperty("commit").GetString());
            other.Variables["HF_HUB_OFFLINE"] = "1";
            Assert.Equal(0, (await other.RunAsync("pull", "--locked")).ExitCode);
            Assert.Equal(0, (await other.RunAsync("run", Model, Text)).ExitCode);
        }

        var sha256 = _repository.Files["model.safetensors"].Sha256;
        await File.WriteAllTextAsync(lockFile, text.Replace(sha256, new string('0', 64), StringComparison.Ordinal));
        var refused = await _user.RunAsync("pull", "--locked");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("GPUX4011", refused.Error, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.RunAsync("lock", "--check")).ExitCode);
    }

    [Fact]
    public async Task What_cannot_be_run_is_locked_and_bundled_all_the_same()
    {
        var gguf = new byte[5000];
        new Random(9).NextBytes(gguf);
        _hub.Add("org/quantized").With("tiny.Q4_0.gguf", gguf);
        await DoneAsync("pull", "org/quantized", "--lock");
        var lockFile = await File.ReadAllTextAsync(Path.Combine(_user.Folder, "gpux.lock"));
        Assert.Contains("tiny.Q4_0.gguf", lockFile, StringComparison.Ordinal);
        await DoneAsync("lock", "org/quantized");
        Assert.Equal(lockFile, await File.ReadAllTextAsync(Path.Combine(_user.Folder, "gpux.lock")));
        await DoneAsync("lock", "--check");
        await DoneAsync("bundle", "export", "org/quantized", "-o", "models.gpuxbundle");

        using var other = new User(); // whose endpoint answers nothing
        await File.WriteAllTextAsync(Path.Combine(other.Folder, "gpux.lock"), lockFile);
        var imported = await other.RunAsync("bundle", "import", Path.Combine(_user.Folder, "models.gpuxbundle"));
        Assert.True(imported.ExitCode == 0, imported.ToString());
        var pulled = await other.RunAsync("pull", "--locked", "--json");
        Assert.True(pulled.ExitCode == 0, pulled.ToString());
        Assert.Equal(JsonValueKind.String, pulled.Json[0].GetProperty("refusal").ValueKind);
        Assert.Equal("tiny.Q4_0.gguf", Assert.Single(pulled.Json[0].GetProperty("files").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_model_that_is_an_archive_is_looked_after_like_any_other()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        foreach (var (name, value) in kaggle.Variables)
            _user.Variables[name] = value;
        const string archive = "kaggle:keras/bert/keras/large";
        await DoneAsync("pull", archive, "--lock");
        var path = Path.Combine(_user.Folder, "gpux.lock");
        var text = await File.ReadAllTextAsync(path);
        Assert.Contains("archive: \"large.tar.gz\"", text, StringComparison.Ordinal);
        await DoneAsync("lock", "--check");
        await DoneAsync("pull", "--locked");
        Assert.Equal(30, (await DoneAsync("df", "--json")).Json.GetProperty("models")[0].GetProperty("files").GetInt32());
        Assert.Contains("Nothing to free", (await DoneAsync("prune")).Output, StringComparison.Ordinal);

        var member = Directory.EnumerateFiles(_user.Folder, "shard-3.bin", SearchOption.AllDirectories).Single();
        await File.WriteAllBytesAsync(member, [9]);
        Assert.Equal(1, (await _user.RunAsync("lock", "--check")).ExitCode);
        var damaged = await _user.RunAsync("verify-store", "--json");
        Assert.Equal(1, damaged.ExitCode);
        Assert.Equal("shard-3.bin", Assert.Single(damaged.Json.GetProperty("problems").EnumerateArray()).GetProperty("file").GetString());
        await DoneAsync("verify-store", "--repair");
        await DoneAsync("lock", "--check");

        await DoneAsync("bundle", "export", archive, "-o", "models.gpuxbundle");
        using var other = new User();
        await File.WriteAllTextAsync(Path.Combine(other.Folder, "gpux.lock"), text);
        var imported = await other.RunAsync("bundle", "import", Path.Combine(_user.Folder, "models.gpuxbundle"), "--json");
        Assert.Equal(30, imported.Json[0].GetProperty("files").GetInt32());
        Assert.Equal(0, (await other.RunAsync("lock", "--check")).ExitCode);

        await File.WriteAllTextAsync(path, text.Replace("path: \"shard-3.bin\"", "path: \"shard-33.bin\"", StringComparison.Ordinal));
        var refused = await _user.RunAsync("pull", "--locked");
        Assert.Contains("large.tar.gz does not hold it", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_runs_on_a_machine_without_a_network()
    {
        await DoneAsync("bundle", "export", Model, "samples/language-id", "-o", "models.gpuxbundle");
        var bundle = Path.Combine(_user.Folder, "models.gpuxbundle");
        await DoneAsync("bundle", "verify", bundle);
        Assert.Equal(2, (await DoneAsync("bundle", "list", bundle, "--json")).Json.GetProperty("models").GetArrayLength());
        using var other = new User(); // whose endpoint answers nothing
        var imported = await other.RunAsync("bundle", "import", bundle, "--json");
        Assert.True(imported.ExitCode == 0, imported.ToString());
        var answer = await other.RunAsync("run", Model, Text, "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("good", answer.Json[0].GetProperty("label").GetString());

        await using (var cut = File.OpenWrite(bundle))
            cut.SetLength(cut.Length / 2);
        using var third = new User();
        var partial = await third.RunAsync("bundle", "import", bundle);
        Assert.Equal(1, partial.ExitCode);
        Assert.Contains("GPUX1063", partial.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pruning_says_what_would_go_and_deletes_only_that()
    {
        await DoneAsync("pull", Model);
        Assert.Contains("Nothing to free", (await DoneAsync("prune")).Output, StringComparison.Ordinal);
        var model = (await DoneAsync("list", "--json")).Json[0];
        var folder = model.GetProperty("folder").GetString()!; // a path
        var stale = Path.Combine(folder, "cpu-00000000");
        Directory.CreateDirectory(stale);
        foreach (var file in Directory.GetFiles(Path.Combine(folder, model.GetProperty("variants")[0].GetProperty("name").GetString()!))) // a name
            File.Copy(file, Path.Combine(stale, Path.GetFileName(file)));
        Directory.CreateDirectory(Path.Combine(folder, "cpu-11111111.abcdefgh.ijk"));
        var planned = (await DoneAsync("prune", "--dry-run", "--json")).Json;
        Assert.Equal(["variant", "variant"], planned.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("kind").GetString()));
        Assert.True(Directory.Exists(stale));
        await DoneAsync("prune");
        Assert.False(Directory.Exists(stale));
        Assert.Equal("good", await LabelAsync(Model));

        File.SetLastWriteTimeUtc(Path.Combine(folder, "manifest.json"), DateTime.UtcNow.AddDays(-40));
        Assert.Empty((await DoneAsync("prune", "--older", "50d", "--json")).Json.GetProperty("items").EnumerateArray());
        Assert.Contains("model", (await DoneAsync("prune", "--older", "30d")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await DoneAsync("list", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_run_counts_as_use()
    {
        await DoneAsync("pull", Model);
        var manifest = Path.Combine((await DoneAsync("list", "--json")).Json[0].GetProperty("folder").GetString()!, "manifest.json"); // a path
        File.SetLastWriteTimeUtc(manifest, DateTime.UtcNow.AddDays(-40));
        await DoneAsync("run", Model, Text);
        Assert.Empty((await DoneAsync("prune", "--older", "30d", "--json")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Signing_in_keeps_a_token_as_the_Hubs_own_tools_do()
    {
        var refused = await _user.RunWithInputAsync(HubStandIn.UnknownToken, "login", "--token-stdin");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("GPUX1008", refused.Error, StringComparison.Ordinal);
        var folder = Path.Combine(_user.Folder, ".cache", "huggingface");
        Assert.False(File.Exists(Path.Combine(folder, "token")));

        var answer = await _user.RunWithInputAsync("hf_secret\n", "login", "--token-stdin");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.DoesNotContain("hf_secret", answer.Output + answer.Error, StringComparison.Ordinal);
        Assert.Equal("hf_secret", await File.ReadAllTextAsync(Path.Combine(folder, "token")));
        Assert.Equal("[laptop]\nhf_token = hf_secret\n\n", await File.ReadAllTextAsync(Path.Combine(folder, "stored_tokens")));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in (string[])["token", "stored_tokens"])
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, file)));
        }
        var who = (await DoneAsync("whoami", "--json")).Json.EnumerateArray().First(row => row.GetProperty("registry").GetString() == "hf");
        Assert.Equal(("ada", Path.Combine(folder, "token")), (who.GetProperty("account").GetString(), who.GetProperty("token_from").GetString()));
        await DoneAsync("logout");
        Assert.False(File.Exists(Path.Combine(folder, "token")));
        Assert.Equal("", await File.ReadAllTextAsync(Path.Combine(folder, "stored_tokens")));
        Assert.Equal(2, (await _user.RunAsync("login", "samples", "--token", "x")).ExitCode);
    }

    [Fact]
    public async Task A_project_says_how_its_model_runs()
    {
        await DoneAsync("pull", Model, "--project", "mood");
        var path = Path.Combine(_user.Folder, "mood", "gpux.yml");
        var text = await File.ReadAllTextAsync(path);
        Assert.Equal("good", await LabelAsync("./mood"));

        await File.WriteAllTextAsync(path, text.Replace("\"good\"", "\"marvellous\"", StringComparison.Ordinal).Replace("batch_size: 1", "batch_size: 4", StringComparison.Ordinal));
        Assert.Equal("marvellous", await LabelAsync("./mood"));
        var several = await DoneAsync("run", "./mood", Text, Text, "dull", "--json");
        Assert.Equal(3, several.Json.GetArrayLength());

        await File.WriteAllTextAsync(path, text.Replace("batch_size", "batchsize", StringComparison.Ordinal));
        var unknown = await _user.RunAsync("run", "./mood", Text);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Matches("GPUX4013: .*gpux.yml, line [0-9]+: there is no field 'runtime.batchsize'; the closest is 'batch_size'", unknown.Error);

        await File.WriteAllTextAsync(path, text + "preprocessing:\n  max_length: 3\n  truncation: false\n");
        Assert.Contains("GPUX3344", (await _user.RunAsync("run", "./mood", Text)).Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace("\"logits\"", "\"logit\"", StringComparison.Ordinal));
        Assert.Contains("the closest is 'logits'", (await _user.RunAsync("run", "./mood", Text)).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.RunAsync("init", Model, "mood")).ExitCode); // somebody may have edited it
        await DoneAsync("init", Model, "other", "--json");
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_an_error()
    {
        await DoneAsync("init", "samples/storyteller", "story");
        var path = Path.Combine(_user.Folder, "story", "gpux.yml");
        var text = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, text.Replace("  # timeout: 30s ", "  timeout: 5ms ", StringComparison.Ordinal));
        var late = await _user.RunAsync("run", "./story", "Once", "--max-new-tokens", "200", "--json");
        Assert.Equal(1, late.ExitCode);
        Assert.Contains("GPUX4015", late.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_of_the_store_speaks_JSON()
    {
        await DoneAsync("pull", "samples/language-id");
        await DoneAsync("lock", "samples/language-id", "--json");
        string[][] commands = [["df"], ["prune"], ["verify-store"], ["outdated"], ["update", "--all"], ["lock", "--check"], ["whoami"], ["logout"], ["pull", "--locked"]];
        foreach (var command in commands)
        {
            var answer = await DoneAsync([.. command, "--json"]);
            Assert.True(answer.Json.ValueKind is JsonValueKind.Object or JsonValueKind.Array, command[0]);
        }
    }

    // A new commit, which changes the name of a label.
    private byte[] Publish()
    {
        var former = _repository.Files;
        var config = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(former["config.json"].Content).Replace("\"good\"", "\"splendid\"", StringComparison.Ordinal));
        _repository.FilesAt[Newer] = new SortedDictionary<string, HubFile>(former, StringComparer.Ordinal) { ["config.json"] = new HubFile(config, IsLarge: false) };
        _repository.Revisions["main"] = Newer;
        return config;
    }

    private async Task<string?> LabelAsync(string model) => (await DoneAsync("run", model, Text, "--json")).Json[0].GetProperty("label").GetString();

    private async Task<Answer> DoneAsync(params string[] arguments)
    {
        var answer = await _user.RunAsync(arguments);
        Assert.True(answer.ExitCode == 0, $"{string.Join(' ', arguments)}: {answer}");
        return answer;
    }
}
