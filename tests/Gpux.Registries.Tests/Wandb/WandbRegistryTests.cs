using Gpux.Registries.Wandb;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Wandb;

public sealed class WandbRegistryTests : IAsyncLifetime
{
    private TestMachine _machine = null!; // Set before each test
    private WandbStandIn _server = null!; // Set before each test

    public async Task InitializeAsync()
    {
        _server = await WandbStandIn.StartAsync();
        _machine = TestMachine.With(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private Task<ModelManifest> ResolveAsync(string text) =>
        new WandbRegistry(_machine.Environment()).ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    private async Task AssertPulledAsync()
    {
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(_server.Reference));
        foreach (var (name, content) in _server.Files)
            Assert.Equal(content, await File.ReadAllBytesAsync(files.Require(name)));
    }

    [Theory]
    [InlineData("wandb:acme/vision/resnet", null)]
    [InlineData("wandb:acme/vision/resnet:v1", null)]
    [InlineData("wandb:acme/vision/resnet@prod", null)]
    [InlineData("wandb:vision/resnet", null)]
    [InlineData("wandb:resnet:latest", "vision")]
    [InlineData("wandb:Acme Inc/wandb-registry-model/resnet:prod", null)]
    [InlineData("https://wandb.ai/acme/vision/artifacts/model/resnet/v1/files", null)]
    public async Task Every_spelling_finds_the_artifact(string text, string? project)
    {
        if (project is not null)
            _machine.Variables["WANDB_PROJECT"] = project;
        var manifest = await ResolveAsync(text);
        Assert.EndsWith("/resnet", manifest.Model.Name, StringComparison.Ordinal);
        Assert.Equal("v1", manifest.Properties["wandb_version"]);
        Assert.Equal("latest,prod", manifest.Properties["wandb_aliases"]);
        Assert.Equal(("mit", "Sees."), (manifest.Licence, manifest.Properties["description"]));
        Assert.Equal(_server.Files.Keys.Order(StringComparer.Ordinal), manifest.Files.Select(file => file.Path));
    }

    [Fact]
    public async Task Old_layout_is_pulled()
    {
        _server.StorageLayout = "V1";
        await AssertPulledAsync();
    }

    [Fact]
    public async Task Old_server_is_asked_in_its_own_words()
    {
        _server.IsOld = true;
        await AssertPulledAsync();
    }

    [Fact]
    public async Task List_of_files_gives_addresses_where_nothing_else_does()
    {
        _server.HasDirectAddressesOnly = true;
        await AssertPulledAsync();
    }

    [Fact]
    public async Task Expired_address_of_the_manifest_is_asked_for_again()
    {
        _server.ManifestExpired = true;
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
    }

    [Fact]
    public async Task Expired_address_of_a_file_is_asked_for_again()
    {
        _server.Faults.Add("model.safetensors", new Fault { Status = 403 });
        await AssertPulledAsync();
    }

    [Fact]
    public async Task Manifest_of_another_artifact_is_refused()
    {
        _server.DigestIsWrong = true;
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync(_server.Reference));
    }

    [Fact]
    public async Task What_is_not_there_or_not_ready_is_told_apart()
    {
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync("wandb:acme/vision/resnet:v9"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync("wandb:acme/none/resnet"));
        _server.State = "PENDING";
        await Assert.ThrowsAsync<ModelNotReadyException>(() => ResolveAsync(_server.Reference));
    }

    [Fact]
    public async Task Offline_mode_makes_no_request()
    {
        await AssertPulledAsync();
        _machine.Variables["WANDB_MODE"] = "offline";
        _server.Servers[0].Requests.Clear();
        await Assert.ThrowsAsync<OfflineException>(() => ResolveAsync(_server.Reference));
        var store = _machine.Store();
        Assert.Equal(4, (await store.FetchAsync(await store.ResolveAsync(_server.Reference))).Names.Count());
        Assert.Empty(_server.Servers[0].Requests);
    }

    [Fact]
    public async Task Key_may_lie_in_netrc_and_must_look_like_one()
    {
        _machine.Variables.Remove("WANDB_API_KEY");
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, ".netrc"), $"machine 127.0.0.1\n  login user\n  password {_server.Secret}\n");
        Assert.Equal(4, (await ResolveAsync(_server.Reference)).Files.Count);
        _machine.Variables["WANDB_API_KEY"] = "short";
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_server.Reference));
        Assert.Contains("WANDB_API_KEY", error.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("short", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identity_token_is_exchanged_for_an_access_token()
    {
        _machine.Variables.Remove("WANDB_API_KEY");
        var file = Path.Combine(_machine.Folder, "identity.jwt");
        _machine.Variables["WANDB_IDENTITY_TOKEN_FILE"] = file;
        await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_server.Reference)); // No such file
        await File.WriteAllTextAsync(file, "jwt-of-a-workload\n");
        await AssertPulledAsync();
        Assert.All(_server.Servers[1].Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Search_finds_models_of_the_project()
    {
        _machine.Variables["WANDB_PROJECT"] = "vision";
        var found = await new WandbRegistry(_machine.Environment()).SearchAsync(new ModelSearch("res", 5), CancellationToken.None);
        Assert.Equal("wandb:acme/vision/resnet", Assert.Single(found).Model.ToString());
        Assert.Equal("Sees.", found[0].Description);
    }

    [Theory]
    [InlineData("wandb:a/b/c/d")]
    [InlineData("wandb:a//c")]
    [InlineData("wandb:a/b:")]
    [InlineData("wandb:")]
    [InlineData("wandb:a:b/c")]
    [InlineData("https://wandb.ai/acme")]
    public void Broken_references_are_refused(string text) => Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));
}
