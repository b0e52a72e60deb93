using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.HuggingFace;

/// <summary>Reads the Hugging Face Hub, or a mirror that speaks its API.</summary>
/// <remarks>Source: Hub API, <see href="https://huggingface.co/docs/hub/api"/>; requests and replies of huggingface_hub 2.4.0.
/// Files kept in Xet come whole through the Hub's redirect.</remarks>
public sealed class HuggingFaceRegistry : IModelRegistry, IModelSearch
{
    private const int AnswerLimitBytes = 64 << 20;
    private const int ErrorLimitBytes = 1 << 16;
    private const int PageLimit = 1000;
    private const int SearchPageSize = 100;
    private const int CommitPageLimit = 20;
    private const int SearchPageLimit = 10;

    private readonly RegistryEnvironment _environment;
    private readonly HubSettings _settings;
    private readonly Uri _home;
    private readonly Func<string?> _readToken;
    private readonly TrustedPublisher? _publisher;
    private readonly Lock _connecting = new();
    private Task<Connection>? _connection;

    /// <exception cref="RegistryUnreachableException">HF_ENDPOINT is no web address.</exception>
    public HuggingFaceRegistry(RegistryEnvironment environment)
        : this(environment, HubSettings.Read(environment), () => HubSettings.ReadToken(environment)) =>
        _publisher = TrustedPublisher.Read(environment, _settings);

    /// <param name="readToken">Gives the access token to send; null to ask anonymously.</param>
    internal HuggingFaceRegistry(RegistryEnvironment environment, HubSettings settings, Func<string?> readToken)
    {
        (_environment, _settings, _readToken) = (environment, settings, readToken);
        _home = Uri.TryCreate(_settings.Endpoint, UriKind.Absolute, out var home) && home.Scheme is "http" or "https" ? home
            : throw new RegistryUnreachableException(
                _settings.Title, $"HF_ENDPOINT is '{Printable.Text(_settings.Endpoint)}', which is no web address.");
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        if (ModelReference.HubIdProblem(model.Name) is { } rule)
            throw new InvalidReferenceException(model.Name, rule);
        ThrowIfOffline(model.ToString());
        var revision = Uri.EscapeDataString(model.Revision ?? "main");
        var info = await GetAsync(
            $"api/models/{model.Name}/revision/{revision}?blobs=true&securityStatus=true", model, HubModelInfo.Read, cancellationToken);
        var files = info.Value.Files
            ?? await ListTreeAsync(model with { Name = info.Value.Id }, info.Value.Commit, cancellationToken);
        foreach (var file in files)
            RepositoryPath.Check(info.Value.Id, file.Path);
        return new ModelManifest(model with { Name = info.Value.Id, Path = null }, info.Value.Commit, files, info.Value.Licence,
            $"{_settings.Endpoint}/{info.Value.Id}") { Properties = info.Value.Properties };
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        RepositoryPath.Check(manifest.Model.Name, file.Path);
        ThrowIfOffline($"The file {file.Path} of {manifest.Model}");
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri($"{_settings.Endpoint}/{manifest.Model.Name}/resolve/{manifest.Commit}/{path}");
        return await OpenAsync(address, manifest, file, range, cancellationToken)
            ?? await OpenAsync(address, manifest, file, default, cancellationToken)
            ?? throw new UnexpectedReplyException(
                _settings.Title, address.GetLeftPart(UriPartial.Path), "it sends a part of the file when asked for the whole.");
    }

    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        ThrowIfOffline("A search of the Hub");
        var asked = new ModelReference(ModelReference.HuggingFace, search.Words);
        var found = new List<FoundModel>();
        string? next = HubSearch.Path(search, Math.Clamp(search.Limit, 1, SearchPageSize));
        // A limit on sizes is the client's: models that do not fit are passed over, within reason.
        for (var page = 0; next is not null && found.Count < search.Limit && page < SearchPageLimit; page++)
        {
            (var models, next) = await GetAsync(next, asked, answer => HubSearch.Read(answer).ToList(), cancellationToken);
            found.AddRange(models.Where(model => !(model.SizeBytes > search.MaximalBytes)));
        }
        return found.Count > search.Limit ? found[..search.Limit] : found;
    }

    /// <summary>The commits of a model's default branch, the newest first, as far back as some pages go.</summary>
    /// <remarks>Source: Hub API, GET /api/models/{id}/commits/{revision}.</remarks>
    internal async Task<IReadOnlyList<string>> ListCommitsAsync(ModelReference model, CancellationToken cancellationToken)
    {
        ThrowIfOffline(model.ToString());
        var commits = new List<string>();
        string? next = $"api/models/{model.Name}/commits/main";
        for (var page = 0; next is not null && page < CommitPageLimit; page++)
        {
            (var found, next) = await GetAsync(next, model, answer => answer.ValueKind != JsonValueKind.Array
                ? throw new FormatException("the answer lists no commits.")
                : answer.EnumerateArray().Select(commit => HubModelInfo.Text(commit, "id")).OfType<string>().Where(id => HubModelInfo.IsHex(id, 40)).ToList(),
                cancellationToken);
            commits.AddRange(found);
        }
        return commits;
    }

    private async Task<FileContent?> OpenAsync(
        Uri address, ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        var reply = await connection.Http.SendAsync(
            new RegistryRequest(address) { Range = range, SilenceLimit = _settings.DownloadTimeout }, cancellationToken);
        FileContent? content = null;
        try
        {
            if (!reply.Response.IsSuccessStatusCode && reply.Response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
                throw await ErrorAsync(connection, reply, manifest.Model, manifest.Commit, file.Path, cancellationToken);
            if (reply.Header("X-Repo-Commit") is null)
                throw new UnexpectedReplyException(
                    _settings.Title, reply.Address, "the answer names no commit (X-Repo-Commit), as every file of the Hub does.");
            // The storage that a redirect leads to has tags of its own, so the Hub's come first.
            var tag = reply.Header("X-Linked-Etag") ?? reply.HeaderFrom(_home, "ETag");
            return content = await HttpContents.ReadAsync(reply, range, DigestOf(tag), cancellationToken);
        }
        catch (InvalidDataException undecodable)
        {
            throw new UnexpectedReplyException(_settings.Title, reply.Address, undecodable.Message, undecodable);
        }
        finally
        {
            if (content is null)
                reply.Dispose();
        }
    }

    private async Task<IReadOnlyList<ModelFile>> ListTreeAsync(
        ModelReference model, string commit, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        var next = $"api/models/{model.Name}/tree/{commit}?recursive=true";
        for (var page = 0; page < PageLimit; page++)
        {
            var (read, link) = await GetAsync(next, model, tree => HubModelInfo.ReadTree(tree).ToList(), cancellationToken);
            files.AddRange(read);
            if (link is null)
                return files;
            next = link;
        }
        throw new UnexpectedReplyException(_settings.Title, _settings.Endpoint, $"its list of files has more than {PageLimit} pages.");
    }

    /// <param name="path">Relative to the endpoint, or an address that the Hub gave.</param>
    /// <returns>What <paramref name="read"/> makes of the answer, and the address of the next page.</returns>
    private async Task<(T Value, string? NextPage)> GetAsync<T>(
        string path, ModelReference model, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        var address = path.Contains("://", StringComparison.Ordinal) ? new Uri(path) : new Uri($"{_settings.Endpoint}/{path}");
        var connection = await ConnectAsync(cancellationToken);
        using var reply = await connection.Http.SendAsync(
            new RegistryRequest(address) { SilenceLimit = _settings.EtagTimeout }, cancellationToken);
        if (!reply.Response.IsSuccessStatusCode)
            throw await ErrorAsync(connection, reply, model, commit: null, path: null, cancellationToken);
        var body = await connection.Http.ReadAsync(reply, AnswerLimitBytes, cancellationToken);
        try
        {
            using var json = StrictJson.Parse(body);
            return (read(json.RootElement), NextPage(reply));
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new UnexpectedReplyException(_settings.Title, reply.Address,
                exception is JsonException ? "the answer is no JSON; it may be the page of a proxy or a sign-in."
                    : exception.Message, exception);
        }
    }

    private async Task<Exception> ErrorAsync(
        Connection connection, HttpReply reply, ModelReference model, string? commit, string? path, CancellationToken cancellationToken)
    {
        // The storage's refusals are not the Hub's: most often a signed address has expired, and the next request brings a new
        // one.
        if (!RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, _home)) // RegistryHttp always sets both
            return new TransferInterruptedException(new RegistryUnreachableException(_settings.Title,
                $"the storage at {reply.Address} answers {(int)reply.Response.StatusCode}."));
        byte[] body;
        try
        {
            body = await connection.Http.ReadAsync(reply, ErrorLimitBytes, cancellationToken);
        }
        catch (Exception unread) when (unread is TransferInterruptedException or UnexpectedReplyException)
        {
            body = []; // The status and headers say enough.
        }
        return HubErrors.Of(reply, _settings, model, commit, path, connection.SendsToken, body,
            _environment.Clock.GetUtcNow());
    }

    // Link: <https://huggingface.co/api/...&cursor=...>; rel="next". Only the Hub itself may be asked next: it sees the token.
    private string? NextPage(HttpReply reply)
    {
        if (reply.Header("Link") is not { } link || !link.Contains("rel=\"next\"", StringComparison.Ordinal))
            return null;
        var (start, end) = (link.IndexOf('<'), link.IndexOf('>'));
        var here = reply.Response.RequestMessage!.RequestUri!; // As above
        if (start < 0 || end < start || !Uri.TryCreate(here, link[(start + 1)..end], out var next)
            || !RegistryHttp.IsSameOrigin(next, _home))
            throw new UnexpectedReplyException(_settings.Title, reply.Address, "it names a next page that is not its own.");
        return next.AbsoluteUri;
    }

    // Made for the first request, as a cached model needs no token. Requests that come together share it.
    private Task<Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        lock (_connecting)
        {
            if (_connection is null or { IsFaulted: true } || (_connection.IsCompletedSuccessfully && _connection.Result.Until <= _environment.Clock.GetUtcNow()))
                _connection = MakeConnectionAsync();
            return _connection.WaitAsync(cancellationToken);
        }
    }

    private async Task<Connection> MakeConnectionAsync()
    {
        var (token, until) = _publisher is null ? (_readToken(), DateTimeOffset.MaxValue) : await _publisher.ExchangeAsync(CancellationToken.None);
        var credential = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return new Connection(new RegistryHttp(_environment, _settings.Title, _home, credential), token is not null, until);
    }

    private void ThrowIfOffline(string what)
    {
        if (_settings.OfflineVariable is { } variable)
            throw new OfflineException(what, variable);
    }

    private static Digest? DigestOf(string? entityTag)
    {
        var hex = entityTag is null ? ""
            : (entityTag.StartsWith("W/", StringComparison.Ordinal) ? entityTag[2..] : entityTag).Trim('"');
        return HubModelInfo.IsHex(hex, 64) ? new Digest(DigestAlgorithm.Sha256, hex.ToLowerInvariant())
            : HubModelInfo.IsHex(hex, 40) ? new Digest(DigestAlgorithm.GitBlobSha1, hex.ToLowerInvariant()) : null;
    }

    /// <param name="Until">When its token ends.</param>
    private sealed record Connection(RegistryHttp Http, bool SendsToken, DateTimeOffset Until);
}
