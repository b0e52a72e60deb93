using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Gpux.Registries.Tests.Download;

/// <summary>A Hub with one model, org/m, over TLS, with HTTP/1.1 and HTTP/2, signed by an authority that nobody knows.</summary>
internal sealed class HttpsHub : IAsyncDisposable
{
    private static readonly string Commit = new string('a', 39) + "1";
    private readonly WebApplication _application;

    private HttpsHub(WebApplication application, string authority) => (_application, Authority) = (application, authority);

    /// <summary>The authority's certificate, in PEM form.</summary>
    public string Authority { get; }

    public string Address => _application.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    /// <summary>Of each request: path, protocol and connection.</summary>
    public ConcurrentQueue<(string Path, string Protocol, string Connection)> Requests { get; } = new();

    /// <param name="name">The host that the certificate is for.</param>
    public static async Task<HttpsHub> StartAsync(byte[] content, string name = "localhost")
    {
        var (certificate, authority) = Certificates(name);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var application = builder.Build();
        var hub = new HttpsHub(application, authority);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        application.Run(async context =>
        {
            hub.Requests.Enqueue((context.Request.Path, context.Request.Protocol, context.Connection.Id));
            context.Response.Headers["X-Repo-Commit"] = Commit;
            if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
                await context.Response.WriteAsync($"{{\"id\":\"org/m\",\"sha\":\"{Commit}\",\"siblings\":[{{\"rfilename\":\"weights.bin\",\"size\":{content.Length},"
                    + $"\"blobId\":\"{new string('1', 40)}\",\"lfs\":{{\"sha256\":\"{sha256}\",\"size\":{content.Length},\"pointerSize\":134}}}}]}}");
            else
                await Results.File(content, "application/octet-stream", enableRangeProcessing: true, entityTag: new EntityTagHeaderValue($"\"{sha256}\""))
                    .ExecuteAsync(context);
        });
        await application.StartAsync();
        return hub;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private static (X509Certificate2 Server, string Authority) Certificates(string name)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = authorityRequest.CreateSelfSigned(from, to);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var server = request.Create(authority, from, to, [1, 2, 3, 4]);
        using var withKey = server.CopyWithPrivateKey(key);
        // Kestrel on Windows wants a key that is not ephemeral.
        return (X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null), authority.ExportCertificatePem());
    }
}
