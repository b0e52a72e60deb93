using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gpux.Registries.Oci;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Oci;

/// <summary>The registry of the distribution project itself (Debian's docker-registry, by eng/test-tools.sh): what other tests have a
/// stand-in for.</summary>
[Trait("Category", "Slow")] // It needs that program
public sealed class DebianRegistryTests : IAsyncLifetime
{
    // htpasswd -B, for ada and the stand-in's password.
    private const string Users = "ada:$2y$05$sIax3qhoWkgMcnEsMTInGeB4gN05edUJl8QtlR77abpGz.TCAvVSK\n";
    private static readonly byte[] Weights = OciStandIn.Content(3_000_000, 17);

    private readonly TestMachine _machine = TestMachine.WithoutNetwork();
    private Process? _process;
    private string _host = "";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        await _machine.DisposeAsync();
    }

    [Fact]
    public async Task Artifact_that_was_pushed_is_pulled()
    {
        await StartAsync(withUsers: false);
        var digest = await PushAsync("org/tiny", ["v1", "v2"]);
        var store = _machine.Store();
        var resolved = await ResolveAsync(store, "org/tiny:v1");
        Assert.Equal(digest, $"sha256:{resolved.Manifest.Commit}");
        Assert.Equal("apache-2.0", resolved.Manifest.Licence);
        var files = await store.FetchAsync(resolved);
        Assert.Equal(Weights, File.ReadAllBytes(files.Require("onnx/model.onnx")));
        Assert.Equal("{}", File.ReadAllText(files.Require("config.json")));
        Assert.Equal(resolved.Manifest.Commit, (await ResolveAsync(store, $"org/tiny@{digest}")).Manifest.Commit);
    }

    [Fact]
    public async Task Part_of_a_blob_is_given_where_a_download_goes_on()
    {
        await StartAsync(withUsers: false);
        await PushAsync("org/tiny", ["v1"]);
        var manifest = (await ResolveAsync(_machine.Store(), "org/tiny:v1")).Manifest;
        await using var content = await new OciRegistry(_machine.Environment()).OpenAsync(
            manifest, manifest.Find("onnx/model.onnx")!, new FileRange(1_000_000), CancellationToken.None); // Pushed
        Assert.Equal((1_000_000L, Weights.Length), (content.Offset, content.TotalBytes));
        using var rest = new MemoryStream();
        await content.Stream.CopyToAsync(rest);
        Assert.Equal(Weights.AsSpan(1_000_000).ToArray(), rest.ToArray());
    }

    [Fact]
    public async Task Unknown_names_are_told_apart_and_the_catalog_is_searched()
    {
        await StartAsync(withUsers: false);
        await PushAsync("org/tiny", ["v1", "v2"]);
        await PushAsync("other/tiny-too", ["v1"]);
        var store = _machine.Store();
        Assert.Contains("v1, v2", (await Assert.ThrowsAsync<RevisionNotFoundException>(() => ResolveAsync(store, "org/tiny:v3"))).Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(store, "org/absent:v1"));
        var found = await new OciRegistry(_machine.Environment()).SearchAsync(new ModelSearch($"{_host}/tiny", 10), CancellationToken.None);
        Assert.Equal([$"oci:{_host}/org/tiny", $"oci:{_host}/other/tiny-too"], found.Select(each => each.Model.ToString()));
    }

    [Fact]
    public async Task Password_of_docker_login_is_used()
    {
        await StartAsync(withUsers: true);
        await PushAsync("org/tiny", ["v1"]);
        _machine.Variables["DOCKER_CONFIG"] = _machine.Folder;
        Assert.Contains("docker login", (await Assert.ThrowsAsync<AccessDeniedException>(() => ResolveAsync(_machine.Store(), "org/tiny:v1"))).Remedy, StringComparison.Ordinal);
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{OciStandIn.User}:{OciStandIn.Password}"));
        File.WriteAllText(Path.Combine(_machine.Folder, "config.json"), $$$$"""{"auths":{"{{{{_host}}}}":{"auth":"{{{{auth}}}}"}}}""");
        var store = _machine.Store();
        var files = await store.FetchAsync(await ResolveAsync(store, "org/tiny:v1"));
        Assert.Equal(Weights, File.ReadAllBytes(files.Require("onnx/model.onnx")));
    }

    private Task<ResolvedModel> ResolveAsync(ModelStore store, string name) => store.ResolveAsync(
        OciName.ReadReference($"{_host}/{name}"), Lookup.Registry, progress: null, CancellationToken.None);

    private async Task StartAsync(bool withUsers)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_machine.Folder, "registry")).FullName;
        var users = Path.Combine(folder, "users");
        File.WriteAllText(users, Users);
        var config = Path.Combine(folder, "config.yml");
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $"""
            version: 0.1
            storage:
              filesystem:
                rootdirectory: {folder}/data
            http:
              addr: 127.0.0.1:0
            {(withUsers ? $"auth:\n  htpasswd:\n    realm: test\n    path: {users}" : "")}
            """));
        _process = Process.Start(new ProcessStartInfo("docker-registry", ["serve", config]) { RedirectStandardError = true, RedirectStandardOutput = true })!; // A new process
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await _process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.IndexOf("listening on ", StringComparison.Ordinal) is >= 0 and var at)
            {
                _host = line[(at + 13)..].Split('"', ' ')[0];
                // Read on, or the program would wait for room in the pipe.
                _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }
        throw new InvalidOperationException("docker-registry ended before it listened.");
    }

    private async Task<string> PushAsync(string repository, string[] tags)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{_host}/v2/{repository}/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{OciStandIn.User}:{OciStandIn.Password}")));
        var layers = new List<string>();
        foreach (var (name, content) in ((string, byte[])[])[("config.json", "{}"u8.ToArray()), ("onnx/model.onnx", Weights)])
            layers.Add($"{{\"mediaType\":\"application/octet-stream\",{await BlobAsync(http, content)},\"annotations\":{{\"org.opencontainers.image.title\":\"{name}\"}}}}");
        var manifest = Encoding.UTF8.GetBytes("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"artifactType\":\"application/vnd.example.model\","
            + $"\"config\":{{\"mediaType\":\"application/vnd.oci.empty.v1+json\",{await BlobAsync(http, "{}"u8.ToArray())}}},\"layers\":[{string.Join(',', layers)}],"
            + "\"annotations\":{\"org.opencontainers.image.licenses\":\"apache-2.0\"}}");
        foreach (var tag in tags)
        {
            using var body = new ByteArrayContent(manifest);
            body.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.oci.image.manifest.v1+json");
            using var reply = await http.PutAsync($"manifests/{tag}", body);
            Assert.Equal(HttpStatusCode.Created, reply.StatusCode);
        }
        return OciStandIn.DigestOf(manifest);
    }

    private static async Task<string> BlobAsync(HttpClient http, byte[] content)
    {
        using var begun = await http.PostAsync("blobs/uploads/", content: null);
        var location = begun.Headers.Location!.ToString(); // 202 has it
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var digest = OciStandIn.DigestOf(content);
        using var done = await http.PutAsync($"{location}{(location.Contains('?') ? '&' : '?')}digest={Uri.EscapeDataString(digest)}", body);
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        return string.Create(CultureInfo.InvariantCulture, $"\"digest\":\"{digest}\",\"size\":{content.Length}");
    }
}
