using Gpux.Registries.Configuration;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Configuration;

public sealed class RegistriesFileTests : IAsyncLifetime
{
    private readonly TestMachine _machine = TestMachine.WithoutNetwork();

    public Task InitializeAsync()
    {
        Directory.CreateDirectory(_machine.Home);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    private string FilePath => Path.Combine(_machine.Home, "registries.yml");

    private void Write(string text) => File.WriteAllText(FilePath, text);

    private ModelReference Parse(string text) => ModelReference.Parse(text, new ReferenceForms(RegistryCatalog.For(_machine.Environment())));

    private Task<ModelManifest> ResolveAsync(string text)
    {
        var model = Parse(text);
        var environment = _machine.Environment();
        return RegistryCatalog.For(environment).First(entry => entry.Name == model.Registry).Open(environment).ResolveAsync(model, CancellationToken.None);
    }

    [Fact]
    public async Task Mirror_of_the_Hub_never_sees_the_Hubs_token_and_keeps_its_own_files()
    {
        await using var hub = await HubStandIn.StartAsync();
        await using var mirror = await HubStandIn.StartAsync();
        hub.Add("org/m").With("config.json", "hub");
        mirror.Add("org/m").With("config.json", "corp");
        _machine.Variables["HF_ENDPOINT"] = hub.Endpoint;
        (_machine.Variables["HF_TOKEN"], _machine.Variables["CORP_TOKEN"]) = ("hf_hub", "corp_secret");
        Write($"# ours\nregistries:\n  corp:\n    kind: huggingface\n    url: {mirror.Endpoint}\n    token_variable: CORP_TOKEN\n");
        var store = _machine.Store();
        foreach (var (text, content) in ((string, string)[])[("hf:org/m", "hub"), ("corp:org/m", "corp"), ("hf:org/m", "hub")])
        {
            var files = await store.FetchAsync(await store.ResolveAsync(Parse(text), Lookup.Default, null, CancellationToken.None));
            Assert.Equal(content, await File.ReadAllTextAsync(files.Require("config.json")));
        }
        Assert.All(hub.Requests, request => Assert.Equal("Bearer hf_hub", request.Header("Authorization")));
        Assert.All(mirror.Requests, request => Assert.Equal("Bearer corp_secret", request.Header("Authorization")));
        _machine.Variables.Remove("CORP_TOKEN");
        mirror.Add("org/private").Access = HubAccess.Private;
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("corp:org/private"));
        Assert.Contains("CORP_TOKEN", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_kind_is_opened_by_its_name()
    {
        await using var mlflow = await MlflowStandIn.StartAsync();
        await using var s3 = await S3StandIn.StartAsync();
        await using var web = await WebStandIn.StartAsync();
        await using var wandb = await WandbStandIn.StartAsync();
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "shelf", "m"));
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "shelf", "m", "config.json"), "{}");
        Write($"""
            registries:
              ml:
                kind: mlflow
                url: {mlflow.Servers[0].Address}
                username_variable: ML_USER
                password_variable: ML_PASSWORD
              bucket:
                kind: s3
                url: {s3.Servers[0].Address}
                access_key_variable: S3_ID
                secret_key_variable: S3_SECRET
                region: eu-test-1
              files:
                kind: web
                url: {web.Servers[0].Address}
                username_variable: WEB_USER
                password_variable: WEB_PASSWORD
              runs-of-ours:
                kind: wandb
                url: {wandb.Servers[0].Address}
                token_variable: WB_KEY
              shelf:
                kind: local
                url: ~/shelf
            """);
        foreach (var (name, value) in ((string, string)[])[("ML_USER", "ada"), ("ML_PASSWORD", mlflow.Secret), ("S3_ID", "AKIDSTANDIN"), ("S3_SECRET", s3.Secret),
            ("WEB_USER", "ada"), ("WEB_PASSWORD", web.Secret), ("WB_KEY", wandb.Secret)])
            _machine.Variables[name] = value;
        Assert.Equal(4, (await ResolveAsync("ml:big model@champion")).Files.Count);
        Assert.Equal(4, (await ResolveAsync($"bucket:{S3StandIn.Bucket}/{S3StandIn.Folder}")).Files.Count);
        Assert.Equal(4, (await ResolveAsync("files:m/")).Files.Count);
        Assert.Equal(1_050_000, (await ResolveAsync("files:m/model.onnx")).Files[0].SizeBytes);
        Assert.Equal(4, (await ResolveAsync("runs-of-ours:acme/vision/resnet")).Files.Count);
        Assert.Equal("config.json", (await ResolveAsync("shelf:m")).Files[0].Path);
        foreach (var text in (string[])["ml:big model@champion", "bucket:models/x", "files:m/", "files:m/model.onnx", "runs-of-ours:acme/vision/resnet@v1"])
            Assert.Equal(text, Parse(text).ToString());
        Assert.Throws<InvalidReferenceException>(() => Parse("shelf:../x"));
        Assert.Throws<InvalidReferenceException>(() => Parse("files:../x"));
    }

    [Theory]
    [InlineData("registries:\n  corp:\n    kind: huggingface\n    urll: https://x\n", "line 4: there is no 'urll'. Is 'url' meant?")]
    [InlineData("registry:\n", "line 1: there is no 'registry'. Is 'registries' meant?")]
    [InlineData("registries:\n  corp:\n    kind: hugingface\n    url: https://x\n", "line 3: there is no kind 'hugingface'. Is 'huggingface' meant?")]
    [InlineData("registries:\n  corp:\n    kind: web\n", "line 2: 'corp' needs a url")]
    [InlineData("registries:\n  corp:\n    url: https://x\n", "needs a kind")]
    [InlineData("registries:\n  corp:\n    kind: web\n    url: ftp://x\n", "is no web address")]
    [InlineData("registries:\n  corp:\n    kind: web\n    url: https://ada:geheim@x\n", "holds a password")]
    [InlineData("registries:\n  corp:\n    kind: web\n    url: https://x\n    token: geheim\n", "line 5: 'token' would hold a secret")]
    [InlineData("registries:\n  corp:\n    kind: web\n    url: https://x\n    token_variable: geheim-0815\n", "is the name of an environment variable")]
    [InlineData("registries:\n  corp:\n    kind: web\n    url: https://x\n    username_variable: U\n", "names one variable of a pair")]
    [InlineData("registries:\n  corp:\n    kind: wandb\n    url: https://x\n    region: eu\n", "there is no 'region'")]
    [InlineData("registries:\n  hf:\n    kind: web\n    url: https://x\n", "comes with GPUX")]
    [InlineData("registries:\n  models:\n    kind: web\n    url: https://x\n", "comes with GPUX")]
    [InlineData("registries:\n  Corp:\n    kind: web\n    url: https://x\n", "is not of small letters")]
    [InlineData("registries: [corp]\n", "each registry has its name")]
    [InlineData("registries:\n  corp: {kind: web, url: https://x}\n  corp: {kind: web, url: https://x}\n", "line 3: 'corp' is there twice")]
    [InlineData("registries: {corp\n", "line ")]
    public void Mistakes_are_named_with_their_line(string text, string problem)
    {
        Write(text);
        var error = Assert.Throws<RegistryConfigurationException>(() => new RegistriesFile(_machine.Environment()).Read());
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", error.ToString() + error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_hinders_nobody_who_needs_none_of_the_files_registries()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/m").With("config.json", "{}");
        _machine.Variables["HF_ENDPOINT"] = hub.Endpoint;
        Write("registries: {{{");
        var store = _machine.Store();
        Assert.Single((await store.ResolveAsync(Parse("org/m"), Lookup.Default, null, CancellationToken.None)).Manifest.Files);
        var error = Assert.Throws<RegistryConfigurationException>(() => Parse("corp:org/m"));
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_of_another_place_is_named_by_a_variable()
    {
        Write("registries:\n  home: {kind: web, url: https://x}\n");
        var other = Path.Combine(_machine.Folder, "team.yml");
        File.WriteAllText(other, "registries:\n  team: {kind: web, url: https://x, ca: certs/ca.pem}\n");
        _machine.Variables["GPUX_REGISTRIES"] = other;
        var registry = Assert.Single(new RegistriesFile(_machine.Environment()).Read());
        Assert.Equal(("team", Path.Combine(_machine.Folder, "certs", "ca.pem")), (registry.Name, registry.Ca));
    }

    [Fact]
    public async Task Edits_keep_everything_else()
    {
        const string before = "# mine\nregistries:\n    one:   # the first\n        kind: web\n        url: https://one\n\n    # about two\n    two: {kind: web, url: https://two}\n";
        Write(before);
        var file = new RegistriesFile(_machine.Environment());
        var third = new RegistryConfiguration("three", "huggingface") { Url = "https://three", Description = "ours: \"x\" # y", TokenVariable = "T" };
        await file.AddAsync(third, CancellationToken.None);
        Assert.StartsWith(before, await File.ReadAllTextAsync(FilePath), StringComparison.Ordinal);
        Assert.Equal(third, file.Read()[2]);
        Assert.True(await file.RemoveAsync("one", CancellationToken.None));
        Assert.Equal(["two", "three"], file.Read().Select(registry => registry.Name));
        Assert.Contains("    # about two\n", await File.ReadAllTextAsync(FilePath), StringComparison.Ordinal);
        Assert.True(await file.RemoveAsync("three", CancellationToken.None));
        Assert.True(await file.RemoveAsync("two", CancellationToken.None));
        Assert.False(await file.RemoveAsync("two", CancellationToken.None));
        Assert.Empty(file.Read());
        await file.AddAsync(third, CancellationToken.None);
        Assert.Equal(third, Assert.Single(file.Read()));
        Assert.StartsWith("# mine\n", await File.ReadAllTextAsync(FilePath), StringComparison.Ordinal);
        Assert.Equal(["locks", "registries.yml"], Directory.EnumerateFileSystemEntries(_machine.Home).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Edits_that_would_break_the_file_write_nothing()
    {
        var file = new RegistriesFile(_machine.Environment());
        await Assert.ThrowsAsync<RegistryConfigurationException>(() => file.AddAsync(new("corp", "none") { Url = "https://x" }, CancellationToken.None));
        await Assert.ThrowsAsync<RegistryConfigurationException>(() => file.AddAsync(new("corp", "web") { Url = "x" }, CancellationToken.None));
        Assert.False(File.Exists(FilePath));
        Write("registries: {corp: {kind: web, url: https://x}}\n");
        await Assert.ThrowsAsync<RegistryConfigurationException>(() => file.AddAsync(new("corp", "web") { Url = "https://x" }, CancellationToken.None));
        await Assert.ThrowsAsync<RegistryConfigurationException>(() => file.AddAsync(new("other", "web") { Url = "https://x" }, CancellationToken.None));
        Assert.Equal("registries: {corp: {kind: web, url: https://x}}\n", await File.ReadAllTextAsync(FilePath));
    }
}
