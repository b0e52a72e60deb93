using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gpux.Registries.Http;

/// <summary>Certificate authorities that the user trusts besides those of the system, such as a company's own.</summary>
/// <remarks>Read only when the system refuses a server: nobody else pays for it. On Linux the runtime itself reads SSL_CERT_FILE and
/// SSL_CERT_DIR too, as OpenSSL does; here they count on every system.</remarks>
internal sealed class TrustedCertificates(RegistryEnvironment environment)
{
    public const string Variable = "GPUX_CA_FILE";

    private const int LimitBytes = 16 << 20;
    private static readonly string[] FileVariables = [Variable, "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
    private const string FolderVariable = "SSL_CERT_DIR";

    private readonly Lazy<X509Certificate2Collection> _own = new(() => Read(environment));

    /// <summary>Null where no variable is set.</summary>
    public static TrustedCertificates? Named(RegistryEnvironment environment) =>
        environment.Variable(FolderVariable) is not null || Array.Exists(FileVariables, name => environment.Variable(name) is not null)
            ? new TrustedCertificates(environment) : null;

    /// <summary>Whether a server's certificate is good: the name must fit, and the chain end in an authority of the system's or the
    /// user's.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server || chain is null)
            return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_own.Value);
        own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        // As the runtime does by itself: most authorities of companies publish no lists of what they revoked.
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // a server's
        return own.Build(server);
    }

    private static X509Certificate2Collection Read(RegistryEnvironment environment)
    {
        var certificates = new X509Certificate2Collection();
        foreach (var name in FileVariables)
        {
            if (environment.Folder(name) is { } path)
                ReadFile(certificates, path, name);
        }
        if (environment.Variable(FolderVariable) is { } folders)
        {
            foreach (var folder in folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Directory.Exists(folder))
                    continue;
                foreach (var path in Directory.EnumerateFiles(folder))
                {
                    if (path.EndsWith(".pem", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".crt", StringComparison.OrdinalIgnoreCase)
                        || path.EndsWith(".0", StringComparison.Ordinal))
                        ReadFile(certificates, path, FolderVariable);
                }
            }
        }
        return certificates;
    }

    private static void ReadFile(X509Certificate2Collection certificates, string path, string variable)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: <= LimitBytes })
                throw new CertificatesUnreadableException(path, variable, inner: null);
            var before = certificates.Count;
            certificates.ImportFromPem(File.ReadAllText(path));
            if (certificates.Count == before && variable != FolderVariable)
                throw new CertificatesUnreadableException(path, variable, inner: null);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CertificatesUnreadableException(path, variable, exception);
        }
    }
}

/// <summary>A file that should hold certificate authorities holds none that can be read.</summary>
public sealed class CertificatesUnreadableException(string path, string variable, Exception? inner) : GpuxException(
    ErrorCode.CertificatesUnreadable,
    $"'{path}', which {variable} names, holds no certificates that can be read{(inner is null ? "." : $": {inner.Message}")}",
    $"Set {variable} to a file of certificates in PEM form (-----BEGIN CERTIFICATE-----), or unset it.",
    inner);

/// <summary>A server shows a certificate that is not trusted, or not for its name.</summary>
public sealed class CertificateRefusedException(string registry, string host, string reason, Exception inner) : GpuxException(
    ErrorCode.CertificateRefused,
    $"The certificate of {host} is refused, so {registry} is not asked: {reason}",
    $"If this network's proxy signs with an authority of its own, set {TrustedCertificates.Variable} to that authority's certificate in PEM form. "
        + "Else check the address, and this machine's clock.",
    inner);
