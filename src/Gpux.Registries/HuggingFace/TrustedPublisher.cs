using System.Net.Http.Headers;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.HuggingFace;

/// <summary>Exchanges the identity of a CI job for an access token of the Hub that lasts an hour, so that the job holds no secret.</summary>
/// <remarks>Source: huggingface_hub 2.4.0 (HF_OIDC_RESOURCE, HF_OIDC_ID_TOKEN, GitHub Actions); RFC 8693.</remarks>
/// <param name="resource">What the token is for: a repository, or a user's name.</param>
internal sealed class TrustedPublisher(RegistryEnvironment environment, HubSettings settings, string resource)
{
    public const string ResourceVariable = "HF_OIDC_RESOURCE";

    private const string IdTokenVariable = "HF_OIDC_ID_TOKEN";
    private const string Audience = "https://huggingface.co";
    private static readonly TimeSpan UsualLife = TimeSpan.FromHours(1);

    // A token that ends while its request is on the way is none.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    // What errors are about.
    private readonly ModelReference _subject = new(ModelReference.HuggingFace, resource);

    /// <returns>Null unless the environment asks for it.</returns>
    public static TrustedPublisher? Read(RegistryEnvironment environment, HubSettings settings) =>
        environment.Variable(ResourceVariable) is { } resource && !environment.Flag("HF_HUB_DISABLE_IMPLICIT_TOKEN")
            ? new TrustedPublisher(environment, settings, resource) : null;

    /// <returns>The token, and when to ask for another.</returns>
    /// <exception cref="AccessDeniedException">There is no identity to exchange, or the Hub does not trust it.</exception>
    public async Task<(string Token, DateTimeOffset Until)> ExchangeAsync(CancellationToken cancellationToken)
    {
        var identity = environment.Variable(IdTokenVariable) ?? await AskGitHubAsync(cancellationToken);
        var address = new Uri($"{settings.Endpoint}/oauth/token");
        var hub = new RegistryClient(environment, new RegistryHttp(environment, settings.Title, address, credential: null), Remedy)
        {
            Refusal = (reply, _, _) => (int)reply.Response.StatusCode is 400 or 401 or 403 ? new AccessDeniedException(
                $"The Hub does not exchange this job's identity for a token of {Printable.Text(resource)} ({(int)reply.Response.StatusCode}).", Remedy) : null,
        };
        var request = new RegistryRequest(address) { Method = HttpMethod.Post, Body = Body(identity) };
        var (token, life) = await hub.JsonAsync(request, _subject,
            (json, _) => (json.Required("access_token"), json.Size("expires_in") is { } seconds and <= 86_400 ? TimeSpan.FromSeconds(seconds) : UsualLife), cancellationToken);
        return (token, environment.Clock.GetUtcNow() + (life > Margin * 2 ? life - Margin : life));
    }

    private static string Remedy =>
        $"Let the repository trust this workflow (https://huggingface.co/docs/hub/trusted-publishers), or unset {ResourceVariable} and set {HubSettings.TokenVariable}.";

    private byte[] Body(string identity) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
    {
        ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
        ["subject_token_type"] = "urn:ietf:params:oauth:token-type:id_token",
        ["subject_token"] = identity,
        ["resource"] = resource,
    });

    // Jobs of GitHub Actions that declare "permissions: id-token: write" get both variables.
    private async Task<string> AskGitHubAsync(CancellationToken cancellationToken)
    {
        if (environment.Variable("ACTIONS_ID_TOKEN_REQUEST_URL") is not { } text || environment.Variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN") is not { } token)
            throw new AccessDeniedException($"{ResourceVariable} is set, and there is no identity token to exchange.",
                $"Let the job of GitHub Actions have \"permissions: id-token: write\", set {IdTokenVariable} to the token of another CI, or unset {ResourceVariable}.");
        if (!Uri.TryCreate($"{text}{(text.Contains('?', StringComparison.Ordinal) ? '&' : '?')}audience={Uri.EscapeDataString(Audience)}", UriKind.Absolute, out var address)
            || (address.Scheme != "https" && !address.IsLoopback))
            throw new AccessDeniedException("ACTIONS_ID_TOKEN_REQUEST_URL is no https address.", $"Set {IdTokenVariable} to the job's identity token.");
        var github = new RegistryClient(
            environment, new RegistryHttp(environment, "GitHub Actions", address, new AuthenticationHeaderValue("Bearer", token)), Remedy);
        return await github.JsonAsync(new RegistryRequest(address), _subject, (json, _) => json.Required("value"), cancellationToken);
    }
}
