using Gpux.Registries.Ollama;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Ollama;

public sealed class OllamaRegistryTests
{
    private static async Task<StandInMachine<OllamaStandIn>> StartAsync() => new(await OllamaStandIn.StartAsync());

    [Theory]
    [InlineData("llama3.2", "llama3.2", null)]
    [InlineData("llama3.2:1b", "llama3.2", "1b")]
    [InlineData("library/llama3.2:1b", "llama3.2", "1b")]
    [InlineData("registry.ollama.ai/library/llama3.2@1b", "llama3.2", "1b")]
    [InlineData("user/model", "user/model", null)]
    [InlineData("hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF", "Q4_K_M")]
    [InlineData("https://example.com:8443/a/b:c", "example.com:8443/a/b", "c")]
    [InlineData("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", null)]
    public void Reference_is_read_and_read_back(string text, string name, string? tag)
    {
        var model = OllamaName.ReadReference(text);
        Assert.Equal(new ModelReference("ollama", name, tag), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
        Assert.Equal(model, TestMachine.Parse($"ollama:{text}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c/d")]
    [InlineData("model:")]
    [InlineData("model:a b")]
    [InlineData("-model")]
    [InlineData("name.space/model")]
    [InlineData("../x/y")]
    [InlineData("host/../y")]
    [InlineData("a/..")]
    [InlineData("model:../x")]
    [InlineData("us er/model")]
    [InlineData("http://host/a/b")]
    public void Anything_else_is_refused(string text) => Assert.Throws<InvalidReferenceException>(() => OllamaName.ReadReference(text));

    [Fact]
    public async Task Config_tells_what_the_model_is()
    {
        await using var machine = await StartAsync();
        var manifest = (await machine.ResolveAsync()).Manifest;
        Assert.Equal("https://ollama.com/library/tiny", manifest.Source);
        Assert.Equal(
            [("architecture", "llama"), ("capabilities", "completion,tools"), ("context_size", "8192"), ("format", "gguf"), ("parameters", "1.2B"), ("quantization", "Q8_0")],
            manifest.Properties.OrderBy(property => property.Key, StringComparer.Ordinal).Select(property => (property.Key, property.Value)));
    }

    [Fact]
    public async Task Missing_tag_is_told_from_a_missing_model()
    {
        await using var machine = await StartAsync();
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => machine.ResolveAsync("ollama:tiny:absent"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => machine.ResolveAsync("ollama:tiny"));
    }

    [Fact]
    public async Task Layers_of_safetensors_models_have_their_own_names()
    {
        await using var machine = await StartAsync();
        var registry = machine.StandIn.Registry;
        registry.AddManifest("library/safe", "latest", OciStandIn.Manifest(
            [
                registry.Layer("application/vnd.ollama.image.tensor", [1], more: "\"name\":\"model.embed_tokens.weight\","),
                registry.Layer("application/vnd.ollama.image.json", [2], more: "\"name\":\"config.json\","),
                registry.Layer("application/vnd.ollama.image.license", [3]), registry.Layer("application/vnd.ollama.image.license", [4]),
            ], $"\"mediaType\":\"x\",{registry.Described("{}"u8.ToArray())}"));
        Assert.Equal(["ollama.json", "tensors/model.embed_tokens.weight.safetensors", "config.json", "LICENSE-00001-of-00002", "LICENSE-00002-of-00002"],
            (await machine.ResolveAsync("ollama:safe")).Manifest.Files.Select(file => file.Path));
    }

    [Theory]
    [InlineData("\"name\":\"../outside\",")]
    [InlineData("\"name\":\"/etc/passwd\",")]
    public async Task Hostile_layer_name_is_refused(string name)
    {
        await using var machine = await StartAsync();
        var registry = machine.StandIn.Registry;
        registry.AddManifest("library/bad", "latest", OciStandIn.Manifest(
            [registry.Layer("application/vnd.ollama.image.json", [2], more: name)], $"\"mediaType\":\"x\",{registry.Described("{}"u8.ToArray())}"));
        await Assert.ThrowsAsync<UnsafePathException>(() => machine.ResolveAsync("ollama:bad"));
    }

    [Fact]
    public async Task Tokens_of_another_host_are_not_fetched()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Registry.Realm = "https://tokens.example/token";
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => machine.ResolveAsync());
    }

    [Fact]
    public async Task Private_model_says_that_the_key_cannot_be_used()
    {
        await using var machine = await StartAsync();
        machine.StandIn.Registry.Access = OciAccess.TokenOfUser;
        Directory.CreateDirectory(Path.Combine(machine.Folder, ".ollama"));
        File.WriteAllText(Path.Combine(machine.Folder, ".ollama", "id_ed25519"), "-----BEGIN OPENSSH PRIVATE KEY-----");
        Assert.Contains("Ed25519", (await Assert.ThrowsAsync<AccessDeniedException>(() => machine.ResolveAsync())).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blob_of_the_daemon_is_used_where_it_lies()
    {
        await using var machine = await StartAsync();
        var blob = WriteBlob(machine, "model.gguf", machine.StandIn.Files["model.gguf"]);
        var fetched = await machine.Store().FetchAsync(await machine.ResolveAsync());
        Assert.Equal(blob, fetched.Require("model.gguf"));
        Assert.DoesNotContain(machine.StandIn.Servers[1].Requests, request => request.Target.Contains(OciStandIn.DigestOf(machine.StandIn.Files["model.gguf"]), StringComparison.Ordinal));
        await machine.Store().RemoveAsync((await machine.ResolveAsync()).Manifest, CancellationToken.None);
        Assert.True(File.Exists(blob));
    }

    [Fact]
    public async Task Damaged_blob_of_the_daemon_is_fetched_instead()
    {
        await using var machine = await StartAsync();
        var damaged = machine.StandIn.Files["model.gguf"].ToArray();
        damaged[5] ^= 1;
        var blob = WriteBlob(machine, "model.gguf", damaged);
        var files = await machine.Store().FetchAsync(await machine.ResolveAsync());
        Assert.NotEqual(blob, files.Require("model.gguf"));
        Assert.Equal(machine.StandIn.Files["model.gguf"], File.ReadAllBytes(files.Require("model.gguf")));
        Assert.Equal(damaged, File.ReadAllBytes(blob));
    }

    [Fact]
    public async Task Blob_that_the_daemon_deletes_is_fetched_again()
    {
        await using var machine = await StartAsync();
        var blob = WriteBlob(machine, "model.gguf", machine.StandIn.Files["model.gguf"]);
        await machine.FetchAsync();
        File.Delete(blob);
        Assert.Equal(machine.StandIn.Files["model.gguf"], (await machine.FetchAsync())["model.gguf"]);
    }

    [Fact]
    public async Task Model_that_only_the_daemon_has_is_found()
    {
        await using var machine = await StartAsync();
        foreach (var file in machine.StandIn.Files)
            WriteBlob(machine, file.Key, file.Value);
        var folder = Path.Combine(machine.Folder, ".ollama", "models", "manifests", "registry.ollama.ai", "library", "own");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "latest"), machine.StandIn.Manifest());
        var files = await machine.FetchAsync("ollama:own");
        Assert.All(machine.StandIn.Files, file => Assert.Equal(file.Value, files[file.Key]));
        var part = await machine.Store().ResolveAsync(TestMachine.Parse("ollama:own"), Lookup.Registry, null, CancellationToken.None);
        Assert.Equal(machine.StandIn.Files["model.gguf"][100..110],
            await machine.Store().ReadAsync(part.Manifest, part.Manifest.Find("model.gguf")!, 100, 10, CancellationToken.None)); // Listed above
    }

    private static string WriteBlob(StandInMachine<OllamaStandIn> machine, string name, byte[] content)
    {
        var digest = OciStandIn.DigestOf(machine.StandIn.Files[name]);
        var path = Path.Combine(machine.Folder, ".ollama", "models", "blobs", digest.Replace(':', '-'));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // Below the folder
        File.WriteAllBytes(path, content);
        return path;
    }
}
