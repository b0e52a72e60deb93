using System.Diagnostics;
using Gpux.Models.Detection;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Models.Tests.Detection;

public sealed class HubConfigurationTests : IDisposable
{
    private const string Config = """{"model_type":"bert","architectures":["BertForSequenceClassification"]}""";
    private static readonly string Commit = "fbc7e0c1" + new string('0', 32);
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-configuration-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Files_of_the_named_model_are_fetched_once_and_then_found_offline()
    {
        await using var hub = await StartHubAsync();
        var path = Onnx("model.onnx", ("hf_hub_revision", Commit));
        using (var machine = Environment(("HF_ENDPOINT", hub.Endpoint)))
        {
            var configuration = await Load(machine, path);
            Assert.Null(configuration.Refusal);
            Assert.Equal(["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"], configuration.Files.Names.Order(StringComparer.Ordinal));
            Assert.Equal((Commit, "org/m"), (configuration.Model!.Commit, configuration.Model.Model.Name));
            Assert.DoesNotContain(hub.Requests, request => request.Target.Contains("safetensors", StringComparison.Ordinal));
        }
        hub.ForgetRequests();
        using (var machine = Environment(("HF_ENDPOINT", hub.Endpoint)))
            Assert.Equal(4, (await Load(machine, path)).Files.Names.Count());
        Assert.Empty(hub.Requests);
        using (var machine = Environment(("HF_HUB_OFFLINE", "1")))
            Assert.Equal(4, (await Load(machine, path)).Files.Names.Count());
    }

    [Fact]
    public async Task Second_load_of_a_session_takes_no_time_until_the_file_changes()
    {
        await using var hub = await StartHubAsync();
        using var machine = Environment(("HF_ENDPOINT", hub.Endpoint));
        var configurations = new HubConfigurations(machine, new ModelStore(machine));
        var path = Onnx("model.onnx", ("hf_hub_revision", Commit));
        var first = await configurations.LoadAsync(path, null, CancellationToken.None);
        var fastest = Enumerable.Range(0, 5).Min(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            Assert.Same(first, configurations.LoadAsync(path, null, CancellationToken.None).GetAwaiter().GetResult());
            return Stopwatch.GetElapsedTime(started);
        });
        Assert.InRange(fastest.TotalMilliseconds, 0, 5);
        Onnx("model.onnx", ("hf_hub_revision", Commit), ("owner", "me"));
        Assert.NotSame(first, await configurations.LoadAsync(path, null, CancellationToken.None));
    }

    /// <summary>A snapshot of another client, which has a part of the repository and no list of it.</summary>
    [Fact]
    public async Task Optional_files_that_are_not_there_are_asked_for_once()
    {
        await using var hub = await StartHubAsync();
        var snapshot = Directory.CreateDirectory(Path.Combine(_folder, "cache", "models--org--m", "snapshots", Commit)).FullName;
        File.WriteAllText(Path.Combine(snapshot, "config.json"), Config);
        var path = Onnx("model.onnx", ("hf_hub_revision", Commit));
        using (var machine = Environment(("HF_ENDPOINT", hub.Endpoint)))
            Assert.Equal(["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"], (await Load(machine, path)).Files.Names.Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(_folder, "cache", "models--org--m", ".no_exist", Commit, "vocab.txt")));
        hub.ForgetRequests();
        using (var machine = Environment(("HF_ENDPOINT", hub.Endpoint)))
            await Load(machine, path);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task First_digits_of_a_commit_are_completed_from_the_cache_then_by_the_Hub()
    {
        await using var hub = await StartHubAsync();
        var path = Onnx("model.onnx", ("hf_hub_revision", Commit[..8]));
        using (var machine = Environment(("HF_ENDPOINT", hub.Endpoint)))
            Assert.Equal(Commit, (await Load(machine, path)).Model!.Commit);
        Assert.Contains(hub.Requests, request => request.Target.Contains("/commits/main", StringComparison.Ordinal));
        using (var machine = Environment(("HF_HUB_OFFLINE", "1")))
            Assert.Equal(Commit, (await Load(machine, path)).Model!.Commit);
    }

    [Fact]
    public async Task First_digits_that_mean_no_commit_or_two_are_refused()
    {
        await using var hub = await StartHubAsync();
        using var machine = Environment(("HF_ENDPOINT", hub.Endpoint));
        var none = await Assert.ThrowsAsync<CommitPrefixException>(() => Load(machine, Onnx("none.onnx", ("hf_hub_revision", "0123abcd"))));
        Assert.Contains("no commit", none.Message, StringComparison.Ordinal);
        foreach (var last in "12")
            Directory.CreateDirectory(Path.Combine(_folder, "cache", "models--org--m", "snapshots", "0123abcd" + new string('0', 31) + last));
        var two = await Assert.ThrowsAsync<CommitPrefixException>(() => Load(machine, Onnx("two.onnx", ("hf_hub_revision", "0123abcd"))));
        Assert.Contains("more than one", two.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_within_the_file_is_there_when_nothing_else_is()
    {
        using var machine = Environment(("HF_HUB_OFFLINE", "1"));
        var configuration = await Load(machine, Onnx("model.onnx", ("hf_hub_revision", Commit), ("hf_config", Config)));
        Assert.IsType<OfflineException>(configuration.Refusal);
        Assert.Equal(Config, File.ReadAllText(configuration.Files.Require("config.json")));
    }

    [Fact]
    public async Task Configuration_within_the_file_comes_before_the_Hubs()
    {
        await using var hub = await StartHubAsync();
        using var machine = Environment(("HF_ENDPOINT", hub.Endpoint));
        var configuration = await Load(machine, Onnx("model.onnx", ("hf_hub_revision", Commit), ("hf_config", """{"model_type":"own"}""")));
        Assert.Contains("own", File.ReadAllText(configuration.Files.Require("config.json")), StringComparison.Ordinal);
        Assert.NotNull(configuration.Files.Find("tokenizer.json"));
    }

    [Fact]
    public async Task Files_beside_serve_without_the_Hub_unless_they_are_of_another_model()
    {
        using var machine = Environment(("HF_HUB_OFFLINE", "1"));
        File.WriteAllText(Path.Combine(_folder, "config.json"), Config);
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), "a");
        var configuration = await Load(machine, TinyOnnx.Write(Path.Combine(_folder, "bare.onnx")));
        Assert.Equal(["config.json", "vocab.txt"], configuration.Files.Names.Order(StringComparer.Ordinal));
        Assert.Null(configuration.Model);
        Assert.NotNull((await Load(machine, Onnx("model.onnx", ("hf_config", """{"model_type":"other"}""")))).Refusal);
    }

    [Fact]
    public async Task File_that_names_no_model_says_what_to_do()
    {
        using var machine = Environment();
        var unknown = await Assert.ThrowsAsync<UnknownOriginException>(() => Load(machine, TinyOnnx.Write(Path.Combine(_folder, "m.onnx"))));
        Assert.Contains("gpux metadata set", unknown.Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnknownOriginException>(() => Load(machine, TinyOnnx.Write(Path.Combine(_folder, "l.onnx"), ("hf_hub_id", "/etc"), ("hf_model_type", "local"))));
        await Assert.ThrowsAsync<UnknownOriginException>(() => Load(machine, TinyOnnx.Write(Path.Combine(_folder, "r.onnx"), ("hf_hub_id", "org/m"), ("hf_hub_revision", "../../x"))));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => Load(machine, Path.Combine(_folder, "nothing.onnx")));
    }

    private static Task<HubConfiguration> Load(RegistryEnvironment machine, string path) =>
        new HubConfigurations(machine, new ModelStore(machine)).LoadAsync(path, null, CancellationToken.None);

    private static async Task<HubStandIn> StartHubAsync()
    {
        var hub = await HubStandIn.StartAsync();
        hub.Add("org/m").With("config.json", Config).With("tokenizer.json", "{}").With("tokenizer_config.json", "{}")
            .With("preprocessor_config.json", "{}").With("model.safetensors", "weights").Revisions["main"] = Commit;
        return hub;
    }

    private RegistryEnvironment Environment(params (string Name, string Value)[] more) => TestHome.Environment(_folder, more);

    private string Onnx(string name, params (string, string)[] metadata) =>
        TinyOnnx.Write(Path.Combine(_folder, name), [("hf_hub_id", "org/m"), ("hf_model_type", "hub"), .. metadata]);
}
