using Gpux.Registries.Mlflow;

namespace Gpux.Registries.Tests.Mlflow;

/// <summary>A folder "mlruns" as MLflow 3.17 writes it, read without a server.</summary>
public sealed class MlflowFileStoreTests : IAsyncLifetime
{
    private const string Run = "0123456789abcdef0123456789abcdef";
    private static readonly string Logged = $"m-{new string('a', 32)}";

    private readonly TestMachine _machine = TestMachine.WithoutNetwork();

    private string Root => Path.Combine(_machine.Folder, "mlruns");

    public Task InitializeAsync()
    {
        Write("models/two words/meta.yaml", "aliases: {champion: '1'}\ncreation_timestamp: 1717000000000\ndescription: Says yes.\nlast_updated_timestamp: 1717400000000\nname: two words\n");
        Write("models/two words/tags/license", "mit");
        Write("models/two words/aliases/champion", "1");
        for (var version = 1; version <= 10; version++)
            Write($"models/two words/version-{version}/meta.yaml", $"""
                creation_timestamp: 171700000000{version % 10}
                current_stage: {(version == 1 ? "Production" : "None")}
                name: two words
                run_id: {Run}
                source: file:///where/it/once/was/mlruns/1/{Run}/artifacts/model
                status: READY
                version: '{version}'
                """);
        Write($"1/{Run}/meta.yaml", "run_id: x\n");
        Write($"1/{Run}/artifacts/model/MLmodel", "flavors:\n  pytorch: {model_data: data}\n");
        Write($"1/{Run}/artifacts/model/data/model.pt2", "weights");
        Write($"1/models/{Logged}/artifacts/MLmodel", "flavors:\n  onnx: {data: model.onnx}\n");
        Write($"1/models/{Logged}/artifacts/model.onnx", "onnx");
        _machine.Variables["MLFLOW_TRACKING_URI"] = new Uri(Root).AbsoluteUri;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    private void Write(string path, string text)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!); // Below Root
        File.WriteAllText(full, text);
    }

    private Task<ModelManifest> ResolveAsync(string text) =>
        new MlflowRegistry(_machine.Environment()).ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    [Theory]
    [InlineData("models:/two words/3", "3")]
    [InlineData("models:/two words@champion", "1")]
    [InlineData("models:/two words/Production", "1")]
    [InlineData("models:/two words/latest", "10")]
    [InlineData("mlflow:two words", "10")]
    public async Task Versions_are_found_as_by_a_server(string text, string version)
    {
        var manifest = await ResolveAsync(text);
        Assert.Equal(version, manifest.Properties["mlflow_model_version"]);
        Assert.Equal(["MLmodel", "model.pt2"], manifest.Files.Select(file => file.Path));
        Assert.Equal(("mit", "Says yes."), (manifest.Licence, manifest.Properties["description"]));
    }

    [Fact]
    public async Task Runs_and_logged_models_are_found_in_their_experiment()
    {
        Assert.NotNull((await ResolveAsync($"runs:/{Run}/model")).Find("model.pt2"));
        Assert.NotNull((await ResolveAsync($"models:/{Logged}")).Find("model.onnx"));
        Assert.Equal("data/model.pt2", (await ResolveAsync($"runs:/{Run}/model/data/model.pt2")).Files.Select(file => $"data/{file.Path}").Single());
    }

    [Fact]
    public async Task Files_are_fetched_into_the_store()
    {
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("models:/two words@champion"));
        Assert.Equal("weights", await File.ReadAllTextAsync(files.Require("model.pt2")));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync("models:/two words/99"));
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync("models:/two words@none"));
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync("models:/two words/Staging"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("models:/none/1"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("runs:/none/model"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync($"runs:/{Run}/none"));
    }

    [Fact]
    public async Task Link_out_of_the_artifacts_is_refused()
    {
        Write("secret", "x");
        File.CreateSymbolicLink(Path.Combine(Root, "1", Run, "artifacts", "model", "link"), Path.Combine(Root, "secret"));
        await Assert.ThrowsAsync<UnsafePathException>(() => ResolveAsync("models:/two words/1"));
    }

    [Fact]
    public async Task Search_looks_at_names()
    {
        var registry = new MlflowRegistry(_machine.Environment());
        Assert.Equal("mlflow:two words", Assert.Single(await registry.SearchAsync(new ModelSearch("WORD two", 5), CancellationToken.None)).Model.ToString());
        Assert.Empty(await registry.SearchAsync(new ModelSearch("three", 5), CancellationToken.None));
    }

    [Fact]
    public async Task Damaged_meta_file_is_named()
    {
        Write("models/two words/version-2/meta.yaml", "{{{");
        await Assert.ThrowsAsync<Gpux.Registries.Local.LocalModelUnreadableException>(() => ResolveAsync("models:/two words/2"));
    }

    [Fact]
    public async Task Folder_of_a_servers_machine_is_not_read_for_a_stranger()
    {
        await using var server = await Gpux.StandIns.MlflowStandIn.StartAsync();
        foreach (var (name, value) in server.Variables)
            _machine.Variables[name] = value;
        server.ArtifactUri = new Uri(Path.Combine(Root, "1", "models", Logged, "artifacts")).AbsoluteUri;
        // A server of this machine may name this machine's folders.
        Assert.NotNull((await ResolveAsync(server.Reference)).Find("model.onnx"));
        var stored = new ModelManifest(new ModelReference("mlflow", "m"), new string('0', 64), [new ModelFile("model.onnx", 4, null)])
        {
            Properties = new Dictionary<string, string> { [MlflowRegistry.ArtifactUri] = server.ArtifactUri },
        };
        _machine.Variables["MLFLOW_TRACKING_URI"] = "https://mlflow.example";
        await Assert.ThrowsAsync<UnsupportedStorageException>(() => new MlflowRegistry(_machine.Environment())
            .OpenAsync(stored, stored.Files[0], default, CancellationToken.None));
    }
}
