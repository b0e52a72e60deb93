using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gpux.Registries.S3;

namespace Gpux.Registries.Tests.S3;

/// <summary>The S3 interface of OpenStack Swift, which checks every signature: what other tests have a stand-in for.</summary>
[Trait("Category", "Slow")] // It needs Debian's swift, by eng/test-tools.sh
public sealed class SwiftTests(SwiftServer swift) : IClassFixture<SwiftServer>, IAsyncDisposable
{
    private readonly TestMachine _machine = TestMachine.WithoutNetwork();

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    private ModelReference Reference(string text)
    {
        foreach (var (name, value) in swift.Variables)
            _machine.Variables.TryAdd(name, value);
        return TestMachine.Parse(text);
    }

    [Fact]
    public async Task Folder_is_listed_and_fetched()
    {
        _ = Reference(SwiftServer.Model);
        var store = _machine.Store();
        var model = await store.ResolveAsync(SwiftServer.Model);
        Assert.Equal(SwiftServer.Files.Keys.Order(StringComparer.Ordinal), model.Manifest.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        var fetched = (await store.FetchAsync(model)).Bytes();
        Assert.All(SwiftServer.Files, file => Assert.Equal(file.Value, fetched[file.Key]));
    }

    [Fact]
    public async Task Part_of_an_object_is_given_where_a_download_goes_on()
    {
        var registry = S3Registry.Amazon(Prepared(SwiftServer.Model, out var model));
        var manifest = await registry.ResolveAsync(model, CancellationToken.None);
        await using var content = await registry.OpenAsync(manifest, manifest.Find("model.onnx")!, new FileRange(1_000_000), CancellationToken.None); // listed
        using var rest = new MemoryStream();
        await content.Stream.CopyToAsync(rest);
        Assert.Equal(SwiftServer.Files["model.onnx"].AsSpan(1_000_000).ToArray(), rest.ToArray());
    }

    [Fact]
    public async Task Wrong_key_is_refused_and_not_shown()
    {
        var model = Reference(SwiftServer.Model);
        _machine.Variables["AWS_SECRET_ACCESS_KEY"] = "wrong-key-0815";
        var refused = await Assert.ThrowsAsync<AccessDeniedException>(() => S3Registry.Amazon(_machine.Environment()).ResolveAsync(model, CancellationToken.None));
        Assert.DoesNotContain("wrong-key-0815", refused + refused.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://absent/tiny")]
    [InlineData("s3://models/absent")]
    public async Task What_is_not_there_is_told(string text) => await Assert.ThrowsAsync<ModelNotFoundException>(
        () => S3Registry.Amazon(Prepared(text, out var model)).ResolveAsync(model, CancellationToken.None));

    [Fact]
    public async Task Object_that_changed_since_it_was_listed_is_refused()
    {
        await swift.PutAsync("models/changing/model.onnx", [1, 2, 3]);
        _ = Reference("s3://models/changing");
        var store = _machine.Store();
        var model = await store.ResolveAsync("s3://models/changing");
        await swift.PutAsync("models/changing/model.onnx", [4, 5, 6]);
        await Assert.ThrowsAnyAsync<GpuxException>(() => store.FetchAsync(model));
    }

    private RegistryEnvironment Prepared(string text, out ModelReference model)
    {
        model = Reference(text);
        return _machine.Environment();
    }
}

/// <summary>Swift with a model in a bucket, started once for all tests of it.</summary>
public sealed class SwiftServer : IAsyncLifetime, IDisposable
{
    public const string Model = "s3://models/team a/tiny+1";
    private const int Tries = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-swift-").FullName;
    private readonly HttpClient _http = new();
    private Process? _process;
    private string _address = "";
    private string _storage = "";

    /// <summary>Names whose signatures are easily wrong.</summary>
    public static IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["config.json"] = "{}"u8.ToArray(),
        ["model.onnx"] = TestExtensions.Bytes(2_000_000),
        ["sub/a b+c=d&e~(é).bin"] = [1, 2, 3],
    };

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["AWS_ENDPOINT_URL_S3"] = _address, ["AWS_ACCESS_KEY_ID"] = "test:tester", ["AWS_SECRET_ACCESS_KEY"] = "testing", ["AWS_REGION"] = "us-east-1",
    };

    public async Task InitializeAsync()
    {
        var script = Path.Combine(Golden.Repository, "tests", "Gpux.Registries.Tests", "S3", "swift.sh");
        for (var attempt = 1; !await StartAsync(script); attempt++)
        {
            if (attempt == Tries)
                throw new InvalidOperationException($"Swift does not start; its logs are in {_folder}. eng/test-tools.sh installs it.");
        }
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"{_address}/auth/v1.0") { Headers = { { "X-Auth-User", "test:tester" }, { "X-Auth-Key", "testing" } } };
        using var signedIn = await _http.SendAsync(asked);
        _storage = signedIn.Headers.GetValues("X-Storage-Url").Single();
        _http.DefaultRequestHeaders.Add("X-Auth-Token", signedIn.Headers.GetValues("X-Auth-Token").Single());
        await PutAsync("models", []);
        foreach (var (name, content) in Files)
            await PutAsync($"models/team a/tiny+1/{name}", content);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public void Dispose() => _http.Dispose();

    /// <param name="path">Of a bucket, or of an object in one; by Swift's own interface.</param>
    public async Task PutAsync(string path, byte[] content)
    {
        var address = new Uri($"{_storage}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");
        // The proxy is there before the servers behind it are, and says so when a busy machine lets them wait.
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(200))
        {
            using var body = new ByteArrayContent(content);
            using var answer = await _http.PutAsync(address, body);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && Stopwatch.GetElapsedTime(started) < StartLimit)
                continue;
            answer.EnsureSuccessStatusCode();
            return;
        }
    }

    // The ports are free when they are chosen, and may be another's when they are taken.
    private async Task<bool> StartAsync(string script)
    {
        var port = FreePort();
        var home = Directory.CreateDirectory(Path.Combine(_folder, $"{port}")).FullName;
        _address = $"http://127.0.0.1:{port}";
        _process = Process.Start(new ProcessStartInfo("/bin/sh", [script, home, $"{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!; // A new process
        using var limit = new CancellationTokenSource(StartLimit);
        while (!_process.HasExited)
        {
            try
            {
                using var answer = await _http.GetAsync(new Uri($"{_address}/auth/v1.0"), limit.Token);
                return true; // Whatever it says
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, limit.Token);
            }
        }
        await StopAsync();
        return false;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task StopAsync()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }
}
