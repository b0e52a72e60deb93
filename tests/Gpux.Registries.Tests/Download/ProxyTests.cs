namespace Gpux.Registries.Tests.Download;

/// <summary>Proxies as the variables name them that curl reads: in a process of its own, because the runtime reads them once.</summary>
public sealed class ProxyTests
{
    private static readonly byte[] Content = TestExtensions.Bytes(100_000);

    private static (string, string)[] Proxy(TestProxy proxy, string variable, string credential = TestProxy.Credential) =>
    [
        ("http_proxy", ""), ("https_proxy", ""), ("all_proxy", ""), ("no_proxy", ""), ("NO_PROXY", ""), ("HTTP_PROXY", ""), ("HTTPS_PROXY", ""),
        (variable, $"http://{credential}@127.0.0.1:{proxy.Port}"),
    ];

    [Theory]
    [InlineData("HTTP_PROXY")]
    [InlineData("http_proxy")]
    [InlineData("ALL_PROXY")]
    public async Task Requests_go_through_the_proxy_with_its_credential(string variable)
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/m").With("model.safetensors", Content);
        using var proxy = new TestProxy();
        var (code, output, errors) = await Puller.Start(machine, "hf:org/m", Proxy(proxy, variable)).EndAsync();
        Assert.True(code == 0, errors);
        Assert.Equal(Content, await File.ReadAllBytesAsync(output.Trim()));
        // The listing, the file and the storage that the file redirects to.
        Assert.Equal(3, proxy.Requests.Count);
        Assert.DoesNotContain("pass-word", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Encrypted_requests_go_through_a_tunnel()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content);
        using var proxy = new TestProxy();
        var authority = Path.Combine(machine.Folder, "own.pem");
        await File.WriteAllTextAsync(authority, hub.Authority);
        machine.Variables["HF_ENDPOINT"] = hub.Address;
        machine.Variables["GPUX_CA_FILE"] = authority;
        var (code, output, errors) = await Puller.Start(machine, "hf:org/m", Proxy(proxy, "HTTPS_PROXY")).EndAsync();
        Assert.True(code == 0, errors);
        Assert.Equal(Content, await File.ReadAllBytesAsync(output.Trim()));
        Assert.NotEmpty(proxy.Requests);
        Assert.All(proxy.Requests, request => Assert.Equal($"CONNECT {new Uri(hub.Address).Authority} HTTP/1.1", request));
    }

    [Fact]
    public async Task Hosts_that_need_no_proxy_are_asked_directly()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/m").With("model.safetensors", Content);
        using var proxy = new TestProxy();
        var (code, _, errors) = await Puller.Start(machine, "hf:org/m", [.. Proxy(proxy, "HTTP_PROXY"), ("NO_PROXY", "example.org,127.0.0.1")]).EndAsync();
        Assert.True(code == 0, errors);
        Assert.Empty(proxy.Requests);
    }

    [Theory]
    [InlineData("HTTP_PROXY", false)]
    [InlineData("HTTPS_PROXY", true)]
    public async Task Refused_credential_is_never_shown(string variable, bool isEncrypted)
    {
        await using var machine = await TestMachine.StartAsync();
        await using var hub = await HttpsHub.StartAsync(Content);
        using var proxy = new TestProxy();
        if (isEncrypted)
            machine.Variables["HF_ENDPOINT"] = hub.Address;
        var (code, output, errors) = await Puller.Start(machine, "hf:org/m", Proxy(proxy, variable, "me:wrong-word")).EndAsync();
        Assert.Equal(1, code);
        Assert.Contains("407", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-word", output + errors, StringComparison.Ordinal);
        Assert.Empty(proxy.Requests);
    }
}
