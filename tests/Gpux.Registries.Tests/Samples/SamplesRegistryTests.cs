using System.Diagnostics;
using System.Text.Json.Nodes;
using Gpux.Registries.Download;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Samples;

public sealed class SamplesRegistryTests : IAsyncLifetime
{
    private readonly TestMachine _machine = TestMachine.WithoutNetwork();
    private string Samples => Path.Combine(_machine.Folder, "samples");

    public Task InitializeAsync()
    {
        _machine.Variables["GPUX_SAMPLES"] = Samples;
        Directory.CreateDirectory(Path.Combine(Samples, "digits", "onnx"));
        File.WriteAllText(Path.Combine(Samples, "digits", "config.json"), "{}");
        File.WriteAllBytes(Path.Combine(Samples, "digits", "onnx", "model.onnx"), TestExtensions.Bytes(5000));
        File.WriteAllText(Path.Combine(Samples, "digits", "README.md"), """
            ---
            license: apache-2.0
            pipeline_tag: image-classification
            ---
            # digits

            Tells handwritten "digits" apart.
            """);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    // The script that makers of samples run.
    private async Task WriteIndexAsync(int expectedExitCode = 0)
    {
        using var script = Process.Start(new ProcessStartInfo(Path.Combine(Golden.Repository, "eng", "samples-index"), [Samples])
        {
            RedirectStandardError = true,
        })!; // Null only for shell-executed documents
        var errors = await script.StandardError.ReadToEndAsync();
        await script.WaitForExitAsync();
        Assert.True(expectedExitCode == script.ExitCode, errors);
    }

    private JsonNode ReadIndex() => JsonNode.Parse(File.ReadAllText(Path.Combine(Samples, "index.json")))!;

    [Fact]
    public async Task Sample_is_fetched_and_verified_like_any_model()
    {
        await WriteIndexAsync();
        var store = _machine.Store();
        var model = await store.ResolveAsync("samples:digits");
        Assert.Equal(("apache-2.0", "image-classification", "Tells handwritten \"digits\" apart."),
            (model.Manifest.Licence, model.Manifest.Properties["pipeline_tag"], model.Manifest.Properties["description"]));
        Assert.Equal(["README.md", "config.json", "onnx/model.onnx"], model.Manifest.Files.Select(file => file.Path));
        var files = await store.FetchAsync(model);
        Assert.Equal(TestExtensions.Bytes(5000), File.ReadAllBytes(files.Require("onnx/model.onnx")));
        Assert.StartsWith(Path.Combine(_machine.Home, "blobs", "sha256"), files.Require("config.json"), StringComparison.Ordinal);
        Assert.Equal("samples:digits", Assert.Single(store.List()).Manifest.Model.ToString());
        // By its commit too, and then without a look at the index.
        File.Delete(Path.Combine(Samples, "index.json"));
        Assert.Equal(files.Require("config.json"),
            (await store.FetchAsync(await store.ResolveAsync($"samples:digits@{model.Manifest.Commit}"))).Require("config.json"));
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.Empty(Directory.GetFiles(Path.Combine(_machine.Home, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Commit_changes_with_any_file_and_with_nothing_else()
    {
        await WriteIndexAsync();
        var before = (string?)ReadIndex()["models"]![0]!["commit"];
        await WriteIndexAsync();
        Assert.Equal(before, (string?)ReadIndex()["models"]![0]!["commit"]);
        File.WriteAllText(Path.Combine(Samples, "digits", "config.json"), "{ }");
        await WriteIndexAsync();
        Assert.NotEqual(before, (string?)ReadIndex()["models"]![0]!["commit"]);
    }

    [Fact]
    public async Task Newer_installation_is_asked_whatever_the_store_knows()
    {
        await WriteIndexAsync();
        var store = _machine.Store();
        var before = await store.ResolveAsync("samples:digits");
        await store.FetchAsync(before);
        File.WriteAllText(Path.Combine(Samples, "digits", "config.json"), "{ }");
        await WriteIndexAsync();
        Assert.NotEqual(before.Manifest.Commit, (await store.ResolveAsync("samples:digits", Lookup.PreferStore)).Manifest.Commit);
    }

    [Fact]
    public async Task Script_takes_folders_with_a_whole_model_card()
    {
        Directory.CreateDirectory(Path.Combine(Samples, "inputs"));
        File.WriteAllText(Path.Combine(Samples, "inputs", "README.md"), "# Photos to try");
        await WriteIndexAsync();
        Assert.Single(ReadIndex()["models"]!.AsArray());
        File.WriteAllText(Path.Combine(Samples, "digits", "README.md"), "---\nlicense: mit\n---\nA model without a task.\n");
        await WriteIndexAsync(expectedExitCode: 1);
        Assert.Single(ReadIndex()["models"]!.AsArray());
    }

    [Fact]
    public async Task Changed_file_is_refused()
    {
        await WriteIndexAsync();
        File.WriteAllText(Path.Combine(Samples, "digits", "config.json"), "[]");
        var store = _machine.Store();
        var model = await store.ResolveAsync("samples:digits");
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
        Assert.Null(store.FindFiles(model.Manifest).Find("config.json"));
    }

    [Fact]
    public async Task Unknown_sample_and_revision_are_told()
    {
        await WriteIndexAsync();
        var store = _machine.Store();
        Assert.Contains("digits", (
            await Assert.ThrowsAsync<ModelNotFoundException>(() => store.ResolveAsync("samples:nothing"))).Remedy,
                StringComparison.Ordinal);
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => store.ResolveAsync("samples:digits@v1"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"models":[{"name":"digits"}]}""")]
    [InlineData("""{"models":[{"name":"digits","description":"d","task":"t","licence":"l","commit":"x","files":[]}]}""")]
    public async Task Damaged_index_is_told(string? content)
    {
        if (content is not null)
            File.WriteAllText(Path.Combine(Samples, "index.json"), content);
        var exception = await Assert.ThrowsAsync<SamplesDamagedException>(() => _machine.Store().ResolveAsync("samples:digits"));
        Assert.Contains("GPUX_SAMPLES", exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_index_is_refused()
    {
        await WriteIndexAsync();
        var index = ReadIndex();
        index["models"]![0]!["files"]![0]!["path"] = "../../secret";
        File.WriteAllText(Path.Combine(Samples, "index.json"), index.ToJsonString());
        await Assert.ThrowsAsync<UnsafePathException>(() => _machine.Store().ResolveAsync("samples:digits"));
    }
}
