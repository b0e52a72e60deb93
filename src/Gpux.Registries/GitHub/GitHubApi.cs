using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gpux.Registries.Http;

namespace Gpux.Registries.GitHub;

/// <summary>GitHub's servers, or those of a GitHub Enterprise that the environment names as its workflows do.</summary>
/// <remarks>Source: GitHub REST API, version 2022-11-28.</remarks>
internal sealed class GitHubApi
{
    public const string Title = "GitHub";
    private const string Accepted = "application/vnd.github+json";
    public static readonly string[] TokenVariables = ["GITHUB_TOKEN", "GH_TOKEN"];
    private static readonly KeyValuePair<string, string>[] Version = [new("X-GitHub-Api-Version", "2022-11-28")];

    private readonly RegistryEnvironment _environment;
    private readonly Uri _api;
    private readonly string? _token;

    /// <exception cref="RegistryUnreachableException">A variable is no web address.</exception>
    public GitHubApi(RegistryEnvironment environment)
    {
        _environment = environment;
        _api = Address(environment);
        Server = ServerAddress.Read(environment, Title, "GITHUB_SERVER_URL", "https://github.com");
        _token = Token(environment);
        Client = new RegistryClient(environment, new RegistryHttp(
            environment, Title, _api, _token is null ? null : new AuthenticationHeaderValue("Bearer", _token)), _token is null
            ? $"Set {TokenVariables[0]} to an access token: it shows private repositories and allows more requests."
            : $"Check that the token in {TokenVariables[0]} may read the repository.")
        {
            Refusal = Refusal,
        };
    }

    /// <summary>The API's server, with a '/' at its end.</summary>
    /// <exception cref="RegistryUnreachableException">The variable is no web address.</exception>
    public static Uri Address(RegistryEnvironment environment) => ServerAddress.Read(environment, Title, "GITHUB_API_URL", "https://api.github.com");

    /// <summary>Where people look at repositories.</summary>
    public Uri Server { get; }

    public RegistryClient Client { get; }
    public bool HasToken => _token is not null;

    /// <param name="path">Below the API, without a leading '/'.</param>
    public RegistryRequest Request(string path) => new(new Uri(_api, path)) { Accept = Accepted, Headers = Version };

    /// <summary>A file of a public repository, as its text in git is.</summary>
    public Uri Raw(string repository, string commit, string path)
    {
        var escaped = Escaped(path);
        return Server.Host == "github.com" ? new Uri($"https://raw.githubusercontent.com/{repository}/{commit}/{escaped}")
            : new Uri(Server, $"{repository}/raw/{commit}/{escaped}");
    }

    /// <summary>What the server itself, which is not the API, accepts for a token; null where it must not see it.</summary>
    public AuthenticationHeaderValue? ServerCredential =>
        _token is not null && (RegistryHttp.IsSameOrigin(_api, Server)
            || (_api.Host, Server.Host, Server.Scheme) is ("api.github.com", "github.com", "https"))
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"x-access-token:{_token}"))) : null;

    public static string Escaped(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private Exception? Refusal(HttpReply reply, ReadOnlyMemory<byte> body, ModelReference model)
    {
        // What GitHub answers for a short commit that it does not know.
        if (reply.Response.StatusCode == HttpStatusCode.UnprocessableEntity && reply.Address.Contains("/commits/", StringComparison.Ordinal))
            return new RevisionNotFoundException(model);
        if (reply.Response.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests))
            return null;
        TimeSpan? wait = null;
        if (reply.Header("X-RateLimit-Remaining") == "0"
            && long.TryParse(reply.Header("X-RateLimit-Reset"), NumberStyles.None, CultureInfo.InvariantCulture, out var reset) && reset < 1L << 40)
        {
            var until = DateTimeOffset.FromUnixTimeSeconds(reset) - _environment.Clock.GetUtcNow();
            wait = until > TimeSpan.Zero ? until : TimeSpan.Zero;
        }
        wait ??= RegistryErrors.RetryAfter(reply, _environment.Clock.GetUtcNow());
        return wait is null ? null : new TransferInterruptedException(new RateLimitedException(Title, wait, _token is null
            ? $"Wait, or set {TokenVariables[0]} to an access token: without one GitHub answers 60 requests an hour." : "Wait."), wait);
    }

    private static string? Token(RegistryEnvironment environment)
    {
        foreach (var variable in TokenVariables)
        {
            if (environment.Variable(variable)?.Trim() is { Length: > 0 } token && token.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0)
                return token;
        }
        return environment.StoredCredential(GitHubName.Registry);
    }
}
