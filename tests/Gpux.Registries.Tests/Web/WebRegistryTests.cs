using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Download;
using Gpux.Registries.Http;
using Gpux.Registries.Web;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Web;

public sealed class WebRegistryTests : IAsyncLifetime
{
    private TestMachine _machine = null!; // Set before each test
    private WebStandIn _server = null!; // Set before each test

    public async Task InitializeAsync()
    {
        _server = await WebStandIn.StartAsync();
        _machine = TestMachine.With(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private string Address => _server.Servers[0].Address;

    private Task<ModelManifest> ResolveAsync(string text) => new WebRegistry(_machine.Environment())
        .ResolveAsync(TestMachine.Parse(text), CancellationToken.None);

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    [Theory]
    [InlineData(FolderForm.Html)]
    [InlineData(FolderForm.Json)]
    [InlineData(FolderForm.Index)]
    public async Task Folder_is_listed_in_every_form(FolderForm form)
    {
        _server.Form = form;
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        var files = await store.FetchAsync(model);
        Assert.Equal(_server.Files.Keys, model.Manifest.Files.Select(file => file.Path));
        Assert.Equal(_server.Files["sub dir/a&b é.txt"], await File.ReadAllBytesAsync(files.Require("sub dir/a&b é.txt")));
        Assert.All(model.Manifest.Files, file => Assert.Equal(_server.Files[file.Path].Length, file.SizeBytes));
    }

    [Fact]
    public async Task Folder_is_known_by_the_redirect_to_its_slash() =>
        Assert.Equal((await ResolveAsync($"{Address}/m/")).Files, (await ResolveAsync($"{Address}/m")).Files);

    [Fact]
    public async Task Commit_changes_with_a_files_tag()
    {
        var before = await ResolveAsync(_server.Reference);
        Assert.Equal(before.Commit, (await ResolveAsync(_server.Reference)).Commit);
        _server.Version = 2;
        Assert.NotEqual(before.Commit, (await ResolveAsync(_server.Reference)).Commit);
    }

    [Fact]
    public async Task File_that_changed_since_is_refused()
    {
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        _server.Version = 2;
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.FetchAsync(model, "config.json"));
    }

    [Fact]
    public async Task One_file_comes_with_its_weights_and_checksum()
    {
        _server.Content["model.onnx_data"] = [1, 2, 3];
        _server.Content["model.onnx.sha256"] = Encoding.ASCII.GetBytes($"{Hash(_server.Content["model.onnx"])} *dist/model.onnx\n");
        _server.Content["SHA256SUMS"] = Encoding.ASCII.GetBytes($"{new string('0', 64)}  model.onnx\n{Hash([1, 2, 3])}  ./model.onnx_data\n");
        _server.Content["model.onnx_data.sha256"] = Encoding.ASCII.GetBytes(Hash([1, 2, 3]));
        var manifest = await ResolveAsync($"{Address}/m/model.onnx");
        Assert.Equal(["model.onnx", "model.onnx_data"], manifest.Files.Select(file => file.Path));
        Assert.Equal($"sha256:{Hash(_server.Content["model.onnx"])}", manifest.Files[0].Digest?.ToString());
        var files = await _machine.Store().FetchAsync(await _machine.Store().ResolveAsync($"{Address}/m/model.onnx"));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(files.Require("model.onnx_data")));
    }

    [Fact]
    public async Task Checksums_that_a_folder_lists_are_verified()
    {
        _server.Content["SHA256SUMS"] = Encoding.ASCII.GetBytes($"{new string('0', 64)}  model.onnx\n{Hash("{}"u8.ToArray())}  config.json\n");
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        Assert.Single((await store.FetchAsync(model, "config.json")).Names);
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model, "model.onnx"));
    }

    [Fact]
    public async Task Digest_in_a_header_is_verified()
    {
        _server.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(SHA256.HashData("{}"u8))}:";
        var store = _machine.Store();
        var model = await store.ResolveAsync(_server.Reference);
        Assert.Single((await store.FetchAsync(model, "config.json")).Names);
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model, "sub dir/a&b é.txt"));
    }

    [Fact]
    public async Task Server_without_HEAD_is_asked_for_one_byte()
    {
        _server.HasHead = false;
        Assert.Equal(1_050_000, (await ResolveAsync($"{Address}/m/model.onnx")).Files[0].SizeBytes);
    }

    [Fact]
    public async Task Page_for_people_is_no_model()
    {
        _server.Headers["Content-Type"] = "text/html";
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => ResolveAsync($"{Address}/m/model.onnx"));
        _server.Form = FolderForm.None;
        await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_server.Reference));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync($"{Address}/m/none.onnx"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync($"{Address}/none/"));
    }

    [Theory]
    [InlineData("https://host/model.onnx", "web:https://host/model.onnx")]
    [InlineData("https://host/a@b/c?x=1#y", "web:https://host/a@b/c?x=1")]
    [InlineData("web:https://host/", "web:https://host/")]
    public void Addresses_are_references(string text, string canonical)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(canonical, model.ToString());
        Assert.Equal(model, TestMachine.Parse(canonical));
    }

    [Fact]
    public void Password_in_an_address_is_refused_without_showing_it()
    {
        var error = Assert.Throws<InvalidReferenceException>(
            () => TestMachine.Parse("https://ada:geheim@host/m"));
        Assert.DoesNotContain("geheim", error.ToString(), StringComparison.Ordinal);
        Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse("web:model.onnx"));
    }

    [Theory]
    [InlineData("machine h login a password b", "a", "b")]
    [InlineData("default login d password e machine h login a password b", "a", "b")]
    [InlineData("machine x login x password y\n# machine h login c password c\ndefault login d password e", "d", "e")]
    [InlineData("macdef init\nmachine h login no password no\n\nmachine h\n\tpassword \"b\"\n\tlogin a\n", "a", "b")]
    public void Netrc_is_read_as_others_read_it(string text, string login, string password) =>
        Assert.Equal((login, password), Netrc.Find(text, "h"));

    [Fact]
    public void Netrc_without_the_host_says_nothing() => Assert.Null(Netrc.Find("machine x login a password b", "h"));
}
