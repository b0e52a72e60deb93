using Gpux.Registries.Http;

namespace Gpux.Registries.Tests.Download;

public sealed class TlsTests
{
    private static readonly byte[] Content = TestExtensions.Bytes(17_500_000);

    private static async Task<byte[]> FetchAsync(TestMachine machine, HttpsHub hub)
    {
        machine.Variables["HF_ENDPOINT"] = hub.Address;
        var store = machine.Store();
        return await File.ReadAllBytesAsync((await store.FetchAsync(await store.ResolveAsync("org/m"))).Require("weights.bin"));
    }

    private static string Authority(TestMachine machine, HttpsHub hub)
    {
        var folder = Directory.CreateDirectory(Path.Combine(machine.Folder, "authorities"));
        var path = Path.Combine(folder.FullName, "own.pem");
        File.WriteAllText(path, $"Our authority\n{hub.Authority}");
        return path;
    }

    [Fact]
    public async Task Unknown_authority_is_refused_and_the_remedy_named()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content);
        var exception = await Assert.ThrowsAsync<CertificateRefusedException>(() => FetchAsync(machine, hub));
        Assert.Contains("GPUX_CA_FILE", exception.Remedy, StringComparison.Ordinal);
        Assert.Contains(new Uri(hub.Address).Authority, exception.Message, StringComparison.Ordinal);
        Assert.Empty(machine.Clock.Waits);
    }

    [Theory]
    [InlineData("GPUX_CA_FILE")]
    [InlineData("REQUESTS_CA_BUNDLE")]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("SSL_CERT_DIR")]
    public async Task Authority_of_the_users_is_trusted(string variable)
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content);
        var path = Authority(machine, hub);
        machine.Variables[variable] = variable.EndsWith("DIR", StringComparison.Ordinal) ? Path.GetDirectoryName(path)! : path;
        Assert.True((await FetchAsync(machine, hub)).AsSpan().SequenceEqual(Content));
    }

    [Fact]
    public async Task Trusted_authority_does_not_make_a_wrong_name_right()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content, name: "elsewhere.example");
        machine.Variables["GPUX_CA_FILE"] = Authority(machine, hub);
        await Assert.ThrowsAsync<CertificateRefusedException>(() => FetchAsync(machine, hub));
        Assert.Empty(hub.Requests);
    }

    [Theory]
    [InlineData("no certificate in here")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    [InlineData(null)]
    public async Task File_without_certificates_is_told(string? text)
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content);
        var path = Path.Combine(machine.Folder, "authorities.pem");
        if (text is not null)
            await File.WriteAllTextAsync(path, text);
        machine.Variables["GPUX_CA_FILE"] = path;
        Assert.Contains(path, (await Assert.ThrowsAsync<CertificatesUnreadableException>(() => FetchAsync(machine, hub))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_come_over_connections_of_their_own_and_the_rest_by_http_2()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content);
        machine.Variables["GPUX_CA_FILE"] = Authority(machine, hub);
        machine.Variables["GPUX_LIMIT_RATE"] = "40M"; // long enough for a second connection
        Assert.True((await FetchAsync(machine, hub)).AsSpan().SequenceEqual(Content));
        Assert.All(hub.Requests, request => Assert.Equal(request.Path.StartsWith("/api", StringComparison.Ordinal) ? "HTTP/2" : "HTTP/1.1", request.Protocol));
        Assert.True(hub.Requests.Select(request => request.Connection).Distinct().Count() >= 3);
    }

    [Fact]
    public async Task Whole_files_come_by_http_2()
    {
        await using var machine = TestMachine.WithoutNetwork();
        await using var hub = await HttpsHub.StartAsync(Content[..1_000_000]);
        machine.Variables["GPUX_CA_FILE"] = Authority(machine, hub);
        Assert.Equal(Content[..1_000_000], await FetchAsync(machine, hub));
        Assert.All(hub.Requests, request => Assert.Equal("HTTP/2", request.Protocol));
        Assert.Single(hub.Requests.Select(request => request.Connection).Distinct());
    }
}
