using System.Net.Http.Headers;
using Gpux.Registries.Http;

namespace Gpux.Registries.Wandb;

/// <summary>What the environment says of Weights &amp; Biases, as its own Python client reads it.</summary>
/// <param name="Base">With a trailing '/'.</param>
/// <param name="Entity">Where names have none; null to ask whose the key is.</param>
/// <param name="Project">Where names have none.</param>
internal sealed record WandbSettings(Uri Base, string? Entity, string? Project)
{
    public const string KeyVariable = "WANDB_API_KEY";

    /// <summary>What stands before the colon of references.</summary>
    public string Name { get; init; } = "wandb";
    public string Title { get; init; } = "Weights & Biases";

    /// <summary>The variable that forbids requests; null if none does.</summary>
    public string? OfflineVariable { get; init; }

    /// <summary>The credential to send; null to ask as anybody. Called with the first request.</summary>
    public Func<AuthenticationHeaderValue?> Credential { get; init; } = () => null;

    /// <summary>A file with an identity token, to be exchanged for an access token where there is no key.</summary>
    public string? IdentityTokenFile { get; init; }

    public string CredentialRemedy { get; init; } = $"Set {KeyVariable} to the API key of your account's settings page.";

    public static WandbSettings Read(RegistryEnvironment environment)
    {
        var text = environment.Variable("WANDB_BASE_URL") ?? "https://api.wandb.ai";
        var address = Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
            : throw new RegistryNotConfiguredException($"WANDB_BASE_URL is '{Printable.Text(text)}', which is no web address.", "Correct or unset it.");
        return new WandbSettings(address, environment.Variable("WANDB_ENTITY"), environment.Variable("WANDB_PROJECT"))
        {
            OfflineVariable = environment.Variable("WANDB_MODE") is "offline" or "disabled" ? "WANDB_MODE" : null,
            Credential = () => Token(environment, address) is { } key ? OfKey(key, KeyVariable) : null,
            IdentityTokenFile = environment.Folder("WANDB_IDENTITY_TOKEN_FILE"),
        };
    }

    private static string? Token(RegistryEnvironment environment, Uri address) =>
        environment.Variable(KeyVariable) ?? Netrc.Find(environment, address.Host)?.Password
            ?? environment.StoredCredential("wandb");

    /// <exception cref="AccessDeniedException">It cannot be a key.</exception>
    internal static AuthenticationHeaderValue OfKey(string key, string variable)
    {
        key = key.Trim();
        // At least 40 characters, with a prefix and '-' before them for servers of one's own.
        var bare = key[(key.LastIndexOf('-') + 1)..];
        return bare.Length >= 40 && bare.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? HttpCredential.Basic("api", key)
            : throw new AccessDeniedException("The API key of Weights & Biases is no key: it has 40 letters and digits or more.", $"Correct {variable}.");
    }
}
