using System.Text;
using Gpux.Registries.Mlflow;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Mlflow;

public sealed class MlflowRegistryTests : IAsyncLifetime
{
    private TestMachine _machine = null!; // Set before each test
    private MlflowStandIn _server = null!; // Set before each test

    public async Task InitializeAsync()
    {
        _server = await MlflowStandIn.StartAsync();
        _machine = TestMachine.With(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private MlflowRegistry Open() => new(_machine.Environment());

    private Task<ModelManifest> ResolveAsync(string text) =>
        Open().ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    [Theory]
    [InlineData("models:/big model/2")]
    [InlineData("models:/big model/Production")]
    [InlineData("models:/big model/latest")]
    [InlineData("models:/m-ffffffffffffffffffffffffffffffff")]
    [InlineData("runs:/0a1b2c3d4e5f60718293a4b5c6d7e8f9/model")]
    public async Task Every_native_spelling_finds_the_files(string spelling)
    {
        var manifest = await ResolveAsync(spelling);
        Assert.Equal(_server.Files.Keys, manifest.Files.Select(file => file.Path));
        Assert.Equal(1_200_000, manifest.Find("model.onnx")?.SizeBytes);
        Assert.Equal("onnx", manifest.Properties["mlflow_flavor"]);
    }

    [Fact]
    public async Task Run_path_may_name_one_file()
    {
        var manifest = await ResolveAsync($"runs:/{MlflowStandIn.RunId}/model/model.onnx");
        Assert.Equal(["model.onnx"], manifest.Files.Select(file => file.Path));
        await using var content = await Open().OpenAsync(manifest, manifest.Files[0], default, CancellationToken.None);
        Assert.Equal(1_200_000, content.TotalBytes);
    }

    [Fact]
    public async Task Moved_alias_is_asked_anew()
    {
        var before = await ResolveAsync(_server.Reference);
        _server.Champion = "1";
        Assert.Equal("1", (await ResolveAsync(_server.Reference)).Properties["mlflow_model_version"]);
        Assert.Equal("2", before.Properties["mlflow_model_version"]);
    }

    [Fact]
    public async Task Licence_is_a_tag() => Assert.Equal("mit", (await ResolveAsync(_server.Reference)).Licence);

    [Fact]
    public async Task Storage_is_used_directly_where_the_server_signs_addresses()
    {
        _server.Presigns = true;
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(_server.Reference));
        Assert.Equal(_server.Artifacts["model.onnx"], await File.ReadAllBytesAsync(files.Require("model.onnx")));
        Assert.Equal(3, _server.Servers[1].Requests.Count);
        Assert.All(_server.Servers[1].Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Version_that_is_not_ready_is_refused()
    {
        _server.Status = "FAILED_REGISTRATION";
        await Assert.ThrowsAsync<ModelNotReadyException>(() => ResolveAsync(_server.Reference));
    }

    [Fact]
    public async Task Another_host_that_an_artifact_names_sees_no_credential()
    {
        await using var other = await MlflowStandIn.StartAsync();
        _server.ArtifactUri = $"mlflow-artifacts://{new Uri(other.Servers[0].Address).Authority}/1/models/{MlflowStandIn.LoggedId}/artifacts";
        await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_server.Reference));
        Assert.NotEmpty(other.Servers[0].Requests);
        Assert.All(other.Servers[0].Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Artifacts_in_a_bucket_are_read_from_it()
    {
        await using var storage = await S3StandIn.StartAsync();
        foreach (var (name, value) in storage.Variables)
            _machine.Variables[name] = value;
        _machine.Variables.Remove("AWS_ENDPOINT_URL_S3");
        _machine.Variables["MLFLOW_S3_ENDPOINT_URL"] = storage.Servers[0].Address;
        _server.ArtifactUri = storage.Reference;
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(_server.Reference));
        Assert.Equal(storage.Files["model.safetensors"], await File.ReadAllBytesAsync(files.Require("model.safetensors")));
    }

    [Fact]
    public async Task Artifacts_may_be_named_by_the_servers_web_address()
    {
        _server.ArtifactUri = $"{_server.Servers[0].Address}/api/2.0/mlflow-artifacts/artifacts/1/models/{MlflowStandIn.LoggedId}/artifacts/extra/deep";
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(_server.Reference));
        Assert.Equal("x", await File.ReadAllTextAsync(files.Require("a b é.txt")));
    }

    [Fact]
    public async Task File_that_the_server_lost_is_named()
    {
        var manifest = await ResolveAsync(_server.Reference);
        _server.Artifacts.Remove("empty.txt");
        var error = await Assert.ThrowsAsync<FileNotInModelException>(
            () => Open().OpenAsync(manifest, manifest.Find("empty.txt")!, default, CancellationToken.None)); // It was listed
        Assert.Equal("empty.txt", error.Path);
    }

    [Theory]
    [InlineData("dbfs:/databricks/model")]
    [InlineData("wasbs://container@account/path")]
    public async Task Storage_that_cannot_be_read_is_named(string address)
    {
        _server.ArtifactUri = address;
        var error = await Assert.ThrowsAsync<UnsupportedStorageException>(() => ResolveAsync(_server.Reference));
        Assert.Contains(address, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_may_lie_in_the_file_of_the_user()
    {
        _machine.Variables.Remove("MLFLOW_TRACKING_USERNAME");
        _machine.Variables.Remove("MLFLOW_TRACKING_PASSWORD");
        Directory.CreateDirectory(Path.Combine(_machine.Folder, ".mlflow"));
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, ".mlflow", "credentials"),
            $"[other]\nmlflow_tracking_username = x\n[mlflow]\nmlflow_tracking_username = ada\nmlflow_tracking_password = {_server.Secret}\n");
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
    }

    [Fact]
    public async Task Password_in_the_address_is_used_and_never_shown()
    {
        _machine.Variables.Remove("MLFLOW_TRACKING_USERNAME");
        _machine.Variables.Remove("MLFLOW_TRACKING_PASSWORD");
        _machine.Variables["MLFLOW_TRACKING_URI"] = _server.Servers[0].Address.Replace("://", $"://ada:{_server.Secret}@", StringComparison.Ordinal);
        var manifest = await ResolveAsync(_server.Reference);
        Assert.DoesNotContain(_server.Secret, manifest.Source, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("models:/none/1"));
        Assert.DoesNotContain(_server.Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_goes_on_to_the_next_page()
    {
        var found = await Open().SearchAsync(new ModelSearch("b'ig mo%del", 10), CancellationToken.None);
        Assert.Equal(["mlflow:big model", "mlflow:other"], found.Select(model => model.Model.ToString()));
        Assert.Contains(_server.Servers[0].Requests, request => Uri.UnescapeDataString(request.Target)
            .Contains("filter=name ILIKE '%b%' AND name ILIKE '%ig%' AND name ILIKE '%mo%' AND name ILIKE '%del%'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sqlite:///mlflow.db")]
    [InlineData("databricks")]
    [InlineData("databricks://profile")]
    public async Task Tracking_that_needs_Python_is_refused(string uri)
    {
        _machine.Variables["MLFLOW_TRACKING_URI"] = uri;
        if (uri == "databricks")
            await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("models:/m/1")); // A folder of that name
        else
            await Assert.ThrowsAsync<RegistryNotConfiguredException>(() => ResolveAsync("models:/m/1"));
    }

    [Fact]
    public async Task Without_an_address_the_variable_is_named()
    {
        _machine.Variables.Remove("MLFLOW_TRACKING_URI");
        var error = await Assert.ThrowsAsync<RegistryNotConfiguredException>(() => _machine.Store().ResolveAsync("models:/m/1"));
        Assert.Contains("MLFLOW_TRACKING_URI", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_that_was_not_stored_comes_from_the_Hub()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/base").With("config.json", "{}").With("model.safetensors", new byte[100]).With("tokenizer.json", "base");
        hub.Add("org/words").With("tokenizer.json", "own").With("vocab.txt", "v").With("config.json", "not this");
        (_machine.Variables["HF_ENDPOINT"], _machine.Variables["HF_TOKEN"]) = (hub.Endpoint, "hf_x");
        _server.Artifacts.Clear();
        _server.Artifacts["MLmodel"] = Encoding.UTF8.GetBytes("""
            flavors:
              transformers:
                task: text-classification
                source_model_name: org/base
                source_model_revision: main
                tokenizer_name: org/words
              python_function: {loader_module: mlflow.transformers}
            """);
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        Assert.Equal("org/base", model.Manifest.Properties["mlflow_source_model"]);
        Assert.Equal(new string('a', 39) + "1", model.Manifest.Properties["mlflow_source_commit"]);
        Assert.Equal("org/base", model.Manifest.Properties["base_model"]);
        var files = await store.FetchAsync(model);
        Assert.Equal(["MLmodel", "config.json", "model.safetensors", "tokenizer.json", "vocab.txt"], files.Names.Order(StringComparer.Ordinal));
        Assert.Equal("own", await File.ReadAllTextAsync(files.Require("tokenizer.json")));
        Assert.Equal("{}", await File.ReadAllTextAsync(files.Require("config.json")));
        Assert.All(_server.Servers[0].Requests, request => Assert.DoesNotContain("hf_x", request.Header("Authorization"), StringComparison.Ordinal));
        // A manifest that is read back from the store finds the Hub's files too.
        Assert.Equal(5, (await _machine.Store().FetchAsync(await _machine.Store().ResolveAsync(_server.Reference, Lookup.PreferStore))).Names.Count());
    }
}
