using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Download;

/// <summary>How long is waited for what, and what is told meanwhile.</summary>
public sealed class PatienceTests : IAsyncLifetime
{
    private static readonly byte[] Weights = TestExtensions.Bytes(3_000_000);
    private TestMachine _machine = null!; // Set by InitializeAsync

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        _machine.Hub.Add("org/m").With("model.safetensors", Weights).With("page.html", "<html></html>").With("config.json", "{}");
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task Storage_where_nothing_listens_is_tried_twice()
    {
        var registry = new RangedFile(Weights)
        {
            OnOpen = _ => throw new TransferInterruptedException(new RegistryUnreachableException("test", "refused.")) { IsUnreachable = true },
        };
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => registry.FetchAsync(_machine));
        Assert.InRange(Assert.Single(_machine.Clock.Waits).TotalSeconds, 1, 1.2);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}")]
    [InlineData("http://no-such-host.invalid")]
    public async Task Registry_where_nothing_listens_is_tried_twice(string address)
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var port = ((IPEndPoint)unused.LocalEndpoint).Port;
        unused.Stop();
        _machine.Variables["HF_ENDPOINT"] = string.Format(null, address, port);
        await Assert.ThrowsAsync<RegistryUnreachableException>(() => _machine.Store().ResolveAsync("org/m"));
        Assert.Single(_machine.Clock.Waits);
    }

    [Fact]
    public async Task Connection_that_is_lost_after_a_while_is_waited_for()
    {
        var registry = new RangedFile(Weights) { BreakAfter = 500_000 };
        var opened = 0;
        registry.OnOpen = _ =>
        {
            if (++opened is > 1 and < 5)
                throw new TransferInterruptedException(new RegistryUnreachableException("test", "refused.")) { IsUnreachable = true };
            if (opened > 5)
                registry.BreakAfter = null;
        };
        Assert.Equal(Weights, await registry.FetchAsync(_machine));
        Assert.Equal(5, _machine.Clock.Waits.Count);
    }

    [Fact]
    public async Task Reset_of_a_rate_limit_is_waited_for_until_its_date()
    {
        _machine.Hub.Fail("/cdn/", new Fault
        {
            Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = DateTimeOffset.UtcNow.AddSeconds(40).ToString("R") },
        });
        _machine.Hub.Fail("/resolve/", new Fault
        {
            Status = 429, Headers = new Dictionary<string, string> { ["RateLimit"] = "\"resolvers\";r=0;t=7", ["Retry-After"] = "90" },
        });
        var store = _machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/m"), "model.safetensors");
        Assert.Equal(2, _machine.Clock.Waits.Count);
        Assert.InRange(_machine.Clock.Waits[0].TotalSeconds, 8, 8.8);
    }

    [Fact]
    public async Task Connection_that_crawls_for_a_minute_is_given_up()
    {
        var registry = new RangedFile(Weights[..400_000]) { Crawls = (0, 1) };
        registry.OnOpen = range => registry.Crawls = registry.Opened.IsEmpty ? (0, 1) : null;
        // A minute of this clock is 0.6 s.
        using var environment = new RegistryEnvironment(_machine.Variables.GetValueOrDefault, new FastClock());
        var store = new ModelStore(environment, [new RegistryEntry("one", "One file", _ => registry)]);
        var model = await store.ResolveAsync(new ModelReference("one", "name"), Lookup.Default, progress: null, CancellationToken.None);
        var files = await store.FetchAsync(model, model.Manifest.Files, progress: null, CancellationToken.None);
        Assert.Equal(Weights[..400_000], await File.ReadAllBytesAsync(files.Require("weights.bin")));
        Assert.Equal(2, registry.Opened.Count);
        Assert.InRange(registry.Opened.Last().Offset, 500, 5000);
    }

    [Fact]
    public async Task Web_page_instead_of_a_file_is_refused()
    {
        var page = new Fault { Status = 200, Headers = new Dictionary<string, string> { ["Content-Type"] = "text/html; charset=utf-8", ["X-Repo-Commit"] = new string('a', 40) }, Body = "<html>Sign in</html>" };
        _machine.Hub.Fail("/resolve/", page);
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        var exception = await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.FetchAsync(model, "config.json"));
        Assert.Contains("web page", exception.Message, StringComparison.Ordinal);
        Assert.Equal("<html></html>", await File.ReadAllTextAsync((await store.FetchAsync(model, "page.html")).Require("page.html")));
    }

    // The clock lets a timer of a second run out at once; without the variables it would leave the limits alone.
    [Fact]
    public async Task Time_limit_of_the_Hubs_client_for_files_holds()
    {
        _machine.Variables["HF_HUB_DOWNLOAD_TIMEOUT"] = "1";
        _machine.Hub.Fail("/cdn/", new Fault { StallAfter = 1_000_000 }, times: 20);
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        await Assert.ThrowsAsync<DownloadInterruptedException>(() => store.FetchAsync(model, "model.safetensors"));
    }

    [Fact]
    public async Task Time_limit_of_the_Hubs_client_for_questions_holds()
    {
        _machine.Variables["HF_HUB_ETAG_TIMEOUT"] = "1";
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        _machine.Variables["HF_ENDPOINT"] = $"http://{silent.LocalEndpoint}";
        await Assert.ThrowsAsync<RegistryUnreachableException>(() => _machine.Store().ResolveAsync("org/m"));
    }

    [Fact]
    public async Task Second_process_shows_how_far_the_first_is_and_goes_on_when_it_dies()
    {
        var large = TestExtensions.Bytes(20_000_000);
        _machine.Hub.Add("org/l").With("model.safetensors", large);
        _machine.Hub.BytesPerSecond = 3_000_000;
        using var first = Puller.Start(_machine, "hf:org/l");
        var partial = Path.Combine(_machine.Cache, "models--org--l", "blobs", $"{Convert.ToHexStringLower(SHA256.HashData(large))}.incomplete");
        while (PartialFile.KeptBytes(partial) < 3_000_000)
        {
            Assert.False(first.HasExited);
            await Task.Delay(5);
        }
        var reports = new ConcurrentQueue<Progress>();
        var killed = 0L;
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/l");
        var files = await store.FetchAsync(model, model.Manifest.Files, new Report(report =>
        {
            reports.Enqueue(report);
            if (report is { Item: "model.safetensors", Step: "Downloading", Done: > 6_000_000 } && killed == 0)
            {
                first.Kill();
                killed = report.Done;
            }
        }), CancellationToken.None);
        Assert.Equal(large, await File.ReadAllBytesAsync(files.Require("model.safetensors")));
        Assert.Equal("Waiting for another process", reports.First().Step);
        Assert.InRange(killed, 6_000_000, large.Length - 1);
        // What the first had sent to it and not yet written is all that came twice.
        Assert.InRange(_machine.Hub.SentBytes, large.Length, large.Length + 12_000_000);
    }

    [Fact]
    public async Task Plan_says_what_is_here_and_what_would_come()
    {
        var store = _machine.Store();
        var model = await store.ResolveAsync("org/m");
        var before = _machine.Hub.Requests.Count;
        var plan = store.PlanFetch(model, [.. model.Manifest.Files]);
        Assert.Equal((0, 3_000_015, true), (plan.KeptBytes, plan.BytesToFetch, plan.Fits));
        Assert.Equal($"{_machine.Hub.Endpoint}/org/m", plan.Source);
        Assert.Equal(_machine.Cache, plan.Folder);
        Assert.True(plan.FreeBytes > 0);
        Assert.False(Directory.Exists(_machine.Cache));
        Assert.Equal(before, _machine.Hub.Requests.Count);

        var config = (await store.FetchAsync(model, "config.json")).Require("config.json");
        await File.WriteAllBytesAsync(Path.Combine(_machine.Cache, "models--org--m", "blobs", $"{model.Manifest.Find("model.safetensors")!.Digest!.Value.Hex}.incomplete"), Weights[..1_000_000]);
        plan = store.PlanFetch(model, [.. model.Manifest.Files]);
        Assert.Equal((1_000_002, 2_000_013), (plan.KeptBytes, plan.BytesToFetch));
        Assert.Equal([(config, 2, 0), (null, 1_000_000, 2_000_000), (null, 0, 13)],
            plan.Files.Select(file => (file.Path, file.KeptBytes, file.BytesToFetch!.Value)));
        var small = new ModelStore(_machine.Environment(), registries: null, _ => 2_000_012);
        Assert.False(small.PlanFetch(model, [.. model.Manifest.Files]).Fits);
        Assert.Null(store.PlanFetch(model, [new ModelFile("unknown.bin", null, null)]).BytesToFetch);
    }

    private sealed class Report(Action<Progress> report) : IProgress<Progress>
    {
        void IProgress<Progress>.Report(Progress value) => report(value);
    }

    // A second here is a hundred of its own; timers are not hurried.
    private sealed class FastClock : TimeProvider
    {
        public override long GetTimestamp() => base.GetTimestamp() * 100;
    }
}
