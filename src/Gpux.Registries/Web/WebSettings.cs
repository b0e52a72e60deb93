using System.Net.Http.Headers;
using Gpux.Registries.Http;

namespace Gpux.Registries.Web;

/// <summary>Where files are asked for, and as whom.</summary>
/// <param name="Name">What stands before the colon of references.</param>
/// <param name="Base">What names are below; null where they are whole addresses.</param>
internal sealed record WebSettings(string Name, Uri? Base)
{
    public string Title { get; init; } = "The web server";

    /// <summary>The credential for a host; null to ask as anybody.</summary>
    public required Func<Uri, AuthenticationHeaderValue?> Credential { get; init; }

    /// <summary>What to do where a server wants a credential, as a sentence.</summary>
    public string CredentialRemedy { get; init; } =
        "Write the host's login and password to ~/.netrc, or configure the server as a registry with a token: gpux registries add --help.";

    public static WebSettings Read(RegistryEnvironment environment) => new("web", null)
    {
        // Not in the clear over a network.
        Credential = address => (address.Scheme == Uri.UriSchemeHttps || address.IsLoopback)
            && Netrc.Find(environment, address.Host) is var (login, password) ? HttpCredential.Basic(login, password) : null,
    };
}
