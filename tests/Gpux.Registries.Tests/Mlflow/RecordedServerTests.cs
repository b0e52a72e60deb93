using System.Security.Cryptography;
using System.Text.Json;
using Gpux.Registries.Mlflow;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Mlflow;

/// <summary>What a real MLflow 3.17.2 server answered, and what its Python client made of it.</summary>
public sealed class RecordedServerTests : IAsyncLifetime
{
    private readonly TestMachine _machine = TestMachine.WithoutNetwork();
    private ReplayServer _server = null!; // Set before each test

    public async Task InitializeAsync()
    {
        _server = await ReplayServer.StartAsync(Corpus.PathOf("protocols", "mlflow"));
        _machine.Variables["MLFLOW_TRACKING_URI"] = _server.Address;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _machine.DisposeAsync();
        if (!_server.Unknown.IsEmpty)
            Assert.Fail($"Never recorded: {string.Join(", ", _server.Unknown)}");
    }

    private Task<ModelManifest> ResolveAsync(string text) =>
        new MlflowRegistry(_machine.Environment()).ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    [Theory]
    [InlineData("models:/iris-onnx@champion")]
    [InlineData("models:/iris-onnx/3")]
    [InlineData("models:/iris-onnx/Production")]
    [InlineData("models:/tiny-sentiment/1")]
    [InlineData("models:/iris-torch/latest")]
    [InlineData("models:/plain files/1")]
    public async Task Every_spelling_brings_the_files_that_the_real_client_wrote(string spelling)
    {
        using var written = JsonDocument.Parse(await File.ReadAllBytesAsync(Corpus.PathOf("protocols", "mlflow", "downloaded-by-mlflow-3.17.2.json")));
        var expected = written.RootElement.GetProperty(spelling).EnumerateObject()
            // The client writes this one itself.
            .Where(file => file.Name != "registered_model_meta")
            .Select(file => $"{file.Name} {file.Value.GetProperty("size")} {file.Value.GetProperty("sha256").GetString()}");
        var store = _machine.Store();
        var model = await store.ResolveAsync(TestMachine.Parse(spelling), Lookup.Registry, null, CancellationToken.None);
        var files = await store.FetchAsync(model);
        var fetched = model.Manifest.Files.Select(file =>
        {
            var bytes = File.ReadAllBytes(files.Require(file.Path));
            return $"{file.ObjectId ?? file.Path} {bytes.Length} {Convert.ToHexStringLower(SHA256.HashData(bytes))}";
        });
        Assert.Equal(expected.Order(StringComparer.Ordinal), fetched.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("models:/iris-onnx@champion", "mlflow:iris-onnx@champion", "onnx", "model.onnx", "2")]
    [InlineData("models:/iris-onnx/Production", "mlflow:iris-onnx@Production", "onnx", "model.onnx", "2")]
    [InlineData("mlflow:iris-onnx", "mlflow:iris-onnx", "onnx", "model.onnx", "3")]
    [InlineData("models:/tiny-sentiment/1", "mlflow:tiny-sentiment@1", "transformers", "config.json", "1")]
    [InlineData("mlflow:iris-torch@latest", "mlflow:iris-torch@latest", "pytorch", "model.pt2", "1")]
    public async Task Model_lies_at_the_root_whatever_its_flavor(string spelling, string canonical, string flavor, string file, string version)
    {
        var manifest = await ResolveAsync(spelling);
        Assert.Equal(canonical, manifest.Model.ToString());
        Assert.Equal(manifest.Model, TestMachine.Parse(canonical));
        Assert.Equal(flavor, manifest.Properties["mlflow_flavor"]);
        Assert.Equal(version, manifest.Properties["mlflow_model_version"]);
        Assert.NotNull(manifest.Find(file));
    }

    [Fact]
    public async Task Facts_of_the_version_and_of_the_model_are_properties()
    {
        var manifest = await ResolveAsync("models:/iris-onnx@champion");
        Assert.Equal("Best on held-out flowers.", manifest.Properties["description"]);
        Assert.Equal("team:plants,validated:true", manifest.Properties["tags"]);
        Assert.Equal("champion", manifest.Properties["mlflow_aliases"]);
        Assert.Equal("Production", manifest.Properties["mlflow_stage"]);
        Assert.Equal("d64bac0f4d1a40c29c94a2d9d0156603", manifest.Properties["mlflow_run_id"]);
        Assert.Equal($"{_server.Address}/#/models/iris-onnx/versions/2", manifest.Source);
        Assert.Equal("text-classification", (await ResolveAsync("models:/tiny-sentiment/1")).Properties["pipeline_tag"]);
    }

    [Fact]
    public async Task Aliases_that_mean_one_version_give_one_commit()
    {
        Assert.Equal((await ResolveAsync("models:/iris-onnx/2")).Commit, (await ResolveAsync("models:/iris-onnx@champion")).Commit);
        Assert.NotEqual((await ResolveAsync("models:/iris-onnx/3")).Commit, (await ResolveAsync("models:/iris-onnx/2")).Commit);
    }

    [Theory]
    [InlineData("models:/iris-onnx/99")]
    [InlineData("models:/iris-onnx@nobody")]
    public async Task Unknown_version_is_told_from_an_unknown_model(string spelling) =>
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync(spelling));

    [Fact]
    public async Task Unknown_model_is_named()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("models:/nosuch/1"));
        Assert.Contains("Registered Model with name=nosuch not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_without_a_version_has_no_latest() =>
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync("mlflow:empty-model"));

    [Fact]
    public async Task Stored_model_opens_without_a_request()
    {
        var store = _machine.Store();
        await store.FetchAsync(await store.ResolveAsync(TestMachine.Parse("models:/iris-onnx@champion"), Lookup.Default, null, CancellationToken.None));
        _server.Server.Requests.Clear();
        var again = _machine.Store();
        var stored = await again.ResolveAsync(TestMachine.Parse("models:/iris-onnx@champion"), Lookup.PreferStore, null, CancellationToken.None);
        Assert.Equal(7, (await again.FetchAsync(stored)).Names.Count());
        Assert.Empty(_server.Server.Requests);
    }
}
