using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gpux.Registries.Http;

namespace Gpux.Registries.Tests.Http;

public sealed class TlsRulesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gpux test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    // Answers one request; gives the client's certificate.
    private static async Task<string?> ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
#pragma warning disable CA5359 // The client's certificate is what the test looks at.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        var shown = stream.RemoteCertificate?.Subject;
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        return shown;
    }

    private static async Task<string> AskAsync(TlsRules rules, X509Certificate2 certificate, Action<string?>? shown = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);
        using var environment = new RegistryEnvironment(_ => null);
        var address = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        var http = new RegistryHttp(rules.Apply(environment), "test", address, credential: null);
        using var reply = await http.GetAsync(address, default, CancellationToken.None);
        var body = Encoding.ASCII.GetString(await http.ReadAsync(reply, 100, CancellationToken.None));
        shown?.Invoke(await serving);
        return body;
    }

    [Fact]
    public async Task Authority_of_a_file_is_trusted_and_no_other()
    {
        using var own = Certificate();
        using var other = Certificate();
        var authority = Write("ca.pem", own.ExportCertificatePem());
        Assert.Equal("ok", await AskAsync(new TlsRules(authority), own));
        Assert.Equal("ok", await AskAsync(new TlsRules(_folder), own));
        await Assert.ThrowsAsync<CertificateRefusedException>(() => AskAsync(new TlsRules(authority), other));
        await Assert.ThrowsAsync<CertificateRefusedException>(() => AskAsync(new TlsRules(), own));
    }

    [Fact]
    public async Task Anybody_is_trusted_where_the_user_says_so()
    {
        using var own = Certificate();
        Assert.Equal("ok", await AskAsync(new TlsRules(TrustsAnybody: true), own));
    }

    [Fact]
    public async Task Certificate_of_the_client_is_shown()
    {
        using var own = Certificate();
        var client = Write("client.pem", $"{own.ExportCertificatePem()}\n{own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n"); // Certificate has one
        string? subject = null;
        await AskAsync(new TlsRules(ClientCertificate: client, TrustsAnybody: true), own, shown => subject = shown);
        Assert.Equal("CN=gpux test", subject);
    }

    [Theory]
    [InlineData("no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData(null)]
    public void Unusable_files_are_named(string? content)
    {
        var path = content is null ? Path.Combine(_folder, "none.pem") : Write("x.pem", content);
        foreach (var rules in (TlsRules[])[new(path), new(ClientCertificate: path)])
            Assert.Equal(path, Assert.Throws<InvalidCertificateFileException>(() => rules.Options()).Path);
    }
}
