using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gpux.Registries.Http;

/// <summary>Whom to trust and who to be, where a registry differs from the system's own rules.</summary>
/// <param name="Authority">A PEM file, or a folder of such, with the certificates to trust instead of the system's; null for
/// those.</param>
/// <param name="ClientCertificate">A PEM file with a certificate and its private key, to show to the server; null for
/// none.</param>
/// <param name="TrustsAnybody">Whether certificates are not checked at all.</param>
internal sealed record TlsRules(string? Authority = null, string? ClientCertificate = null, bool TrustsAnybody = false)
{
    /// <exception cref="InvalidCertificateFileException">A file cannot be read, or holds no certificate.</exception>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions();
        if (TrustsAnybody)
        {
#pragma warning disable CA5359 // The user asks for it by name.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (Authority is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // Company authorities publish no lists of revoked certificates that could be reached from everywhere.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Read(Authority, ReadAuthorities));
        }
        if (ClientCertificate is not null)
            options.ClientCertificates = [Read(ClientCertificate, path => X509Certificate2.CreateFromPemFile(path))];
        return options;
    }

    /// <summary>The environment for requests under these rules: the same where they change nothing.</summary>
    public RegistryEnvironment Apply(RegistryEnvironment environment) =>
        Authority is null && ClientCertificate is null && !TrustsAnybody ? environment : environment.With(tls: Options);

    private static X509Certificate2Collection ReadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        if (Directory.Exists(path))
        {
            foreach (var file in Directory.EnumerateFiles(path))
                authorities.ImportFromPemFile(file);
        }
        else
        {
            authorities.ImportFromPemFile(path);
        }
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate in PEM form");
    }

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidCertificateFileException(path, exception.Message, exception);
        }
    }
}

/// <summary>A certificate that the user's settings name cannot be read.</summary>
public sealed class InvalidCertificateFileException(string path, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidCertificateFile,
    $"The certificate file '{path}' cannot be used: {problem.TrimEnd('.')}.",
    "Name a PEM file that you may read; a client's file holds its certificate and its unencrypted private key.",
    inner)
{
    public string Path { get; } = path;
}
