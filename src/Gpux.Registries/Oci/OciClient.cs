using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Download;
using Gpux.Registries.Http;

namespace Gpux.Registries.Oci;

/// <summary>Asks one registry that speaks the OCI distribution protocol, and answers its challenges.</summary>
/// <remarks>Source: OCI distribution specification 1.1; the token specification of the distribution project.</remarks>
internal sealed class OciClient
{
    private const int ManifestLimitBytes = 4 << 20;
    private const int PageLimit = 100;

    private readonly RegistryEnvironment _environment;
    private readonly string _title;
    private readonly Uri _home;
    private readonly string _credentialRemedy;
    private readonly RegistryClient _client;
    private readonly Func<AuthenticationChallenge, CancellationToken, Task<DockerCredential?>> _credential;
    // By what the token is for: a registry gives one for each repository.
    private readonly Dictionary<string, (AuthenticationHeaderValue Value, DateTimeOffset Until)> _authorizations = [];

    /// <param name="title">The registry's name for people.</param>
    /// <param name="credentialRemedy">What to do where the registry wants a credential, as a sentence.</param>
    /// <param name="credential">Looks for one, where the registry asks; null to go on as anybody.</param>
    public OciClient(
        RegistryEnvironment environment, string title, Uri home, string credentialRemedy,
        Func<AuthenticationChallenge, CancellationToken, Task<DockerCredential?>> credential)
    {
        (_environment, _title, _home, _credentialRemedy, _credential) = (environment, title, home, credentialRemedy, credential);
        _client = new RegistryClient(environment, new RegistryHttp(environment, title, home, credential: null), credentialRemedy)
        {
            Refusal = Refusal,
        };
    }

    /// <summary>Why the last search for a credential found none, where something failed; null for no failure.</summary>
    public Func<string?> CredentialFailure { get; init; } = () => null;

    /// <summary>Fetches a manifest as it is served.</summary>
    /// <param name="reference">A tag, or "sha256:" and 64 digits.</param>
    /// <param name="accept">The media types that are understood.</param>
    /// <returns>Its bytes, their digest, and the media type by the header.</returns>
    /// <exception cref="RevisionNotFoundException">The repository has no such tag or digest.</exception>
    /// <exception cref="ContentMismatchException">The bytes are not those of the digest.</exception>
    public Task<(byte[] Body, Digest Digest, string? MediaType)> ManifestAsync(
        string path, string reference, string accept, ModelReference model, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(new Uri(_home, $"v2/{path}/manifests/{reference}")) { Accept = accept };
        return AskAsync(path, model, async authorization =>
        {
            using var reply = await _client.Http.SendAsync(request with { Credential = authorization }, cancellationToken);
            if (!reply.Response.IsSuccessStatusCode)
                throw await _client.ErrorAsync(reply, model, file: null, cancellationToken);
            var body = await _client.Http.ReadAsync(reply, ManifestLimitBytes, cancellationToken);
            var digest = Digest.Sha256(SHA256.HashData(body));
            foreach (var said in (ReadOnlySpan<string?>)[reply.Header("Docker-Content-Digest"), reference])
            {
                if (said?.StartsWith("sha256:", StringComparison.Ordinal) == true && said != digest.ToString())
                    throw new ContentMismatchException(model, "The manifest", Printable.Text(said), digest.ToString());
            }
            return (body, digest, reply.Response.Content.Headers.ContentType?.MediaType);
        }, cancellationToken);
    }

    /// <summary>Reads a small blob as a whole, such as a config.</summary>
    /// <exception cref="ContentMismatchException">The bytes are not those of the digest.</exception>
    public Task<byte[]> BlobAsync(string path, OciDescriptor blob, ModelReference model, CancellationToken cancellationToken) =>
        AskAsync(path, model, async authorization =>
        {
            var request = new RegistryRequest(BlobAddress(path, blob.Digest)) { Credential = authorization };
            var (body, _) = await _client.BytesAsync(request, model, ManifestLimitBytes, cancellationToken)
                ?? throw new UnexpectedReplyException(_title, request.Address.AbsoluteUri, "the manifest names a blob that it does not have.");
            var digest = Digest.Sha256(SHA256.HashData(body));
            return digest == blob.Digest ? body
                : throw new ContentMismatchException(model, "Its config", blob.Digest.ToString(), digest.ToString());
        }, cancellationToken);

    /// <summary>Opens a blob, or a part of it.</summary>
    public Task<FileContent> OpenAsync(
        string path, ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        if (file.Digest is not { Algorithm: DigestAlgorithm.Sha256 } digest)
            throw new FileNotInModelException(manifest, file.Path);
        return AskAsync(path, manifest.Model, authorization => _client.OpenAsync(
            new RegistryRequest(BlobAddress(path, digest)) { Credential = authorization }, manifest, file, range, digest: null,
            cancellationToken), cancellationToken);
    }

    /// <summary>The tags of a repository, in the registry's order.</summary>
    /// <param name="limit">How many are wanted.</param>
    public Task<List<string>> TagsAsync(string path, int limit, ModelReference model, CancellationToken cancellationToken) =>
        ListAsync($"v2/{path}/tags/list?n=100", path, "tags", limit, model, cancellationToken);

    /// <summary>The repositories of the registry, as far as it tells them.</summary>
    /// <exception cref="AccessDeniedException">It keeps them to itself, as public registries do.</exception>
    public Task<List<string>> RepositoriesAsync(int limit, ModelReference model, CancellationToken cancellationToken) =>
        ListAsync("v2/_catalog?n=100", path: "", "repositories", limit, model, cancellationToken);

    private async Task<List<string>> ListAsync(
        string address, string path, string member, int limit, ModelReference model, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        var next = new Uri(_home, address);
        for (var page = 0; next is not null && found.Count < limit && page < PageLimit; page++)
        {
            var asked = next;
            next = await AskAsync(path, model, authorization => _client.JsonAsync(
                new RegistryRequest(asked) { Credential = authorization }, model, (json, reply) =>
                {
                    foreach (var item in json.Items(member))
                        found.Add(item.GetString() ?? throw new FormatException($"it lists no {member}."));
                    return NextPage.Of(reply);
                }, cancellationToken), cancellationToken);
        }
        return found.Count > limit ? found[..limit] : found;
    }

    private Uri BlobAddress(string path, Digest digest) => new(_home, $"v2/{path}/blobs/{digest}");

    /// <summary>Asks with what the registry accepted before, and once more after answering a challenge.</summary>
    private async Task<T> AskAsync<T>(
        string path, ModelReference model, Func<AuthenticationHeaderValue?, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask(Known(path));
        }
        catch (ChallengedException challenged)
        {
            var authorization = await AnswerAsync(challenged, path, model, cancellationToken);
            try
            {
                return await ask(authorization);
            }
            catch (ChallengedException again)
            {
                throw Denied(model, again.Said);
            }
        }
    }

    private AuthenticationHeaderValue? Known(string path)
    {
        lock (_authorizations)
            return _authorizations.TryGetValue(path, out var known) && known.Until > _environment.Clock.GetUtcNow() ? known.Value : null;
    }

    private async Task<AuthenticationHeaderValue> AnswerAsync(
        ChallengedException challenged, string path, ModelReference model, CancellationToken cancellationToken)
    {
        var challenge = challenged.Challenge;
        var credential = await _credential(challenge, cancellationToken);
        if (!challenge.IsBearer && credential is null)
            throw Denied(model, challenged.Said);
        AuthenticationHeaderValue value;
        var until = DateTimeOffset.MaxValue;
        if (challenge.IsBearer)
        {
            var (token, lifetime) = await TokenAsync(challenge, credential, path, model, cancellationToken);
            value = new AuthenticationHeaderValue("Bearer", token);
            until = _environment.Clock.GetUtcNow() + lifetime;
        }
        else
        {
            value = new AuthenticationHeaderValue("Basic", credential!.Basic); // Refused above where there is none
        }
        lock (_authorizations)
            _authorizations[path] = (value, until);
        return value;
    }

    private async Task<(string Token, TimeSpan Lifetime)> TokenAsync(
        AuthenticationChallenge challenge, DockerCredential? credential, string path, ModelReference model,
        CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(_home, challenge.Realm ?? "", out var realm) || challenge.Realm is not { Length: > 0 })
            throw new UnexpectedReplyException(_title, _home.AbsoluteUri, "it asks for a token without saying where to get one.");
        realm = _client.Http.Given(realm, by: _home);
        // A registry that may be asked over http says so of itself, not of others.
        if (realm.Scheme == Uri.UriSchemeHttp && !realm.Host.Equals(_home.Host, StringComparison.OrdinalIgnoreCase))
            throw new UnexpectedReplyException(_title, _home.AbsoluteUri, "it sends its clients to another host for tokens, over http.");
        var scope = challenge.Scope ?? (path.Length > 0 ? $"repository:{path}:pull" : "registry:catalog:*");
        var query = $"service={Uri.EscapeDataString(challenge.Service ?? "")}&scope={Uri.EscapeDataString(scope)}";
        RegistryRequest request;
        if (credential?.IdentityToken is { } identity)
        {
            request = new RegistryRequest(realm)
            {
                Method = HttpMethod.Post,
                BodyType = "application/x-www-form-urlencoded",
                Body = Encoding.ASCII.GetBytes(
                    $"grant_type=refresh_token&client_id=gpux&{query}&refresh_token={Uri.EscapeDataString(identity)}"),
            };
        }
        else
        {
            request = new RegistryRequest(new Uri($"{realm.AbsoluteUri}{(realm.Query.Length > 0 ? '&' : '?')}{query}"))
            {
                Credential = credential is null ? null : new AuthenticationHeaderValue("Basic", credential.Basic),
            };
        }
        try
        {
            return await _client.JsonAsync(request, model, (json, _) =>
                ((json.Text("token") ?? json.Text("access_token")) is { } token && token.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? token
                    : throw new FormatException("it gives no token."),
                // 60 s where nothing is said, by the specification; a little less, for the way.
                TimeSpan.FromSeconds(Math.Clamp((json.Long("expires_in") ?? 60) - 5, 5, 86_400))), cancellationToken);
        }
        catch (ChallengedException refused)
        {
            throw Denied(model, refused.Said);
        }
    }

    private GpuxException Denied(ModelReference model, string? said) => CredentialFailure() is { } failure
        ? new CredentialHelperException(_title, model.ToString(), failure)
        : new AccessDeniedException(
            $"{_title} refuses {model}: it is private or does not exist{(said is null ? "" : $" ({Printable.Text(said)})")}.", _credentialRemedy);

    private Exception? Refusal(HttpReply reply, ReadOnlyMemory<byte> body, ModelReference model)
    {
        if (!RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, _home)) // SendAsync always sets both
            return null;
        switch (reply.Response.StatusCode)
        {
            case HttpStatusCode.Unauthorized when reply.HeaderFrom(_home, "WWW-Authenticate") is { } header
                && AuthenticationChallenge.Parse(header) is { } challenge:
                return new ChallengedException(challenge, RegistryErrors.Message(body));
            case HttpStatusCode.NotFound when HasCode(body, "MANIFEST_UNKNOWN"):
                return new RevisionNotFoundException(model);
            default:
                return null;
        }
    }

    private static bool HasCode(ReadOnlyMemory<byte> body, string code)
    {
        try
        {
            using var json = StrictJson.Parse(body);
            return json.RootElement.Items("errors").Any(error => error.Text("code") == code);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
