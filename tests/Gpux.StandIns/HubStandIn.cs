using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for the Hugging Face Hub: its API and files on one port, the storage of large files on another.</summary>
/// <remarks>Source: replies recorded with huggingface_hub 2.4.0; the fields that clients read.</remarks>
public sealed class HubStandIn : IAsyncDisposable
{
    /// <summary>The token whose account was granted access to gated repositories.</summary>
    public const string GrantedToken = "hf_yes";

    /// <summary>What a CI job shows to get an identity token at /ci/id-token, and that token, which /oauth/token exchanges.</summary>
    public const string CiToken = "ci_runtime_token", TrustedIdentity = "eyJ.identity.of-a-job";

    /// <summary>A token that the Hub does not know.</summary>
    public const string UnknownToken = "hf_unknown";

    private readonly ConcurrentDictionary<string, HubRepository> _repositories = new();
    private readonly ConcurrentDictionary<string, string> _renamed = new();
    private LoopbackServer _hub = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private HubStandIn()
    {
    }

    public string Endpoint => _hub.Address;
    public string StorageAddress => _storage.Address;

    /// <summary>The Hub, and its storage, which sees no token.</summary>
    public IReadOnlyList<LoopbackServer> Servers => [_hub, _storage];

    /// <summary>All requests so far, those to the storage too.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. _hub.Requests, .. _storage.Requests];
    public IReadOnlyList<ReceivedRequest> StorageRequests => [.. _storage.Requests];

    /// <summary>Whether a token came where none may go.</summary>
    public bool StorageSawToken { get; private set; }

    /// <summary>Bytes of files that were sent.</summary>
    public long SentBytes => Interlocked.Read(ref _sentBytes);
    private long _sentBytes;

    /// <summary>Bytes per second of each body; null for as fast as possible.</summary>
    public int? BytesPerSecond { get; set; }

    /// <param name="port">The Hub's; 0 for any free one.</param>
    public static async Task<HubStandIn> StartAsync(int port = 0)
    {
        var standIn = new HubStandIn();
        standIn._hub = await LoopbackServer.StartAsync(port, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        return standIn;
    }

    public HubRepository Add(string id) => _repositories[id] = new HubRepository(id);

    /// <summary>Makes an old name redirect to a repository.</summary>
    public void Rename(string from, string to) => _renamed[from] = to;

    public FaultList Faults { get; } = new();

    /// <summary>Makes the next requests go wrong whose target contains <paramref name="target"/>.</summary>
    public void Fail(string target, Fault fault, int times = 1) => Faults.Add(target, fault, times);

    public void ForgetRequests()
    {
        _hub.Requests.Clear();
        _storage.Requests.Clear();
        Interlocked.Exchange(ref _sentBytes, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        var fault = Faults.Take(request.Target);
        if (await FileReply.FailAsync(context, fault))
            return;
        var path = request.Target.Split('?')[0];
        var token = request.Header("Authorization")?["Bearer ".Length..];
        if (token == UnknownToken)
        {
            await RefuseAsync(context, 401, code: null, "Invalid credentials in Authorization header");
            return;
        }
        var parts = path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        switch (parts)
        {
            case ["ci", "id-token"]:
                await FileReply.JsonAsync(context, token == CiToken && context.Request.Query["audience"] == "https://huggingface.co"
                    ? $$"""{"value":"{{TrustedIdentity}}"}""" : "{}", token == CiToken ? 200 : 401);
                break;
            case ["oauth", "token"]:
                using (var asked = await JsonDocument.ParseAsync(context.Request.Body))
                {
                    if (asked.RootElement.GetProperty("subject_token").GetString() == TrustedIdentity && asked.RootElement.GetProperty("resource").GetString() == "org/m")
                        await FileReply.JsonAsync(context, $$"""{"access_token":"{{GrantedToken}}","token_type":"bearer","expires_in":3600}""");
                    else
                        await RefuseAsync(context, 401, code: null, "No trusted publisher matches the claims");
                }
                break;
            case ["api", "models"]:
                await AnswerSearchAsync(context, token);
                break;
            case ["api", "whoami-v2"] when token is null:
                await RefuseAsync(context, 401, code: null, "Invalid username or password.");
                break;
            case ["api", "whoami-v2"]:
                await FileReply.JsonAsync(context, """{"type":"user","id":"1","name":"ada","fullname":"Ada","auth":{"type":"access_token","accessToken":{"displayName":"laptop","role":"read"}}}""");
                break;
            case ["api", "models", var owner, var name, .. var rest]:
                await AnswerApiAsync(context, request, $"{owner}/{name}", rest, token);
                break;
            case ["api", "models", var name]:
                await AnswerApiAsync(context, request, name, [], token);
                break;
            case [var owner, var name, "resolve", var revision, .. var file]:
                await AnswerFileAsync(context, request, $"{owner}/{name}", revision, string.Join('/', file), token, fault);
                break;
            default:
                await RefuseAsync(context, 404, code: null, "Not found");
                break;
        }
    }

    private async Task AnswerApiAsync(HttpContext context, ReceivedRequest request, string id, string[] rest, string? token)
    {
        // A name without an owner is followed by the route at once.
        if (id.Split('/') is [var bare, "revision" or "tree" or "paths-info"] && _renamed.ContainsKey(bare))
            (id, rest) = (bare, [id.Split('/')[1], .. rest]);
        if (_renamed.TryGetValue(id, out var renamed))
        {
            Redirect(context, request.Target.Replace($"/{id}", $"/{renamed}", StringComparison.Ordinal));
            return;
        }
        if (await FindAsync(context, id, token) is not { } repository)
            return;
        var revision = rest.Length > 1 ? rest[1] : "main";
        if (repository.CommitOf(revision) is not { } commit)
        {
            await RefuseAsync(context, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
            return;
        }
        switch (rest)
        {
            case [] or ["revision", _]:
                var withBlobs = request.Target.Contains("blobs=true", StringComparison.Ordinal) && !repository.HidesSizes;
                await FileReply.JsonAsync(context, Info(repository, commit, withBlobs));
                break;
            case ["tree", _, ..]:
                var skip = int.Parse(context.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
                var page = repository.At(commit).Skip(skip).Take(repository.PageSize).ToList();
                if (skip + page.Count < repository.At(commit).Count)
                    context.Response.Headers.Link =
                        $"<{Endpoint}/api/models/{id}/tree/{commit}?recursive=true&cursor={skip + page.Count}>; rel=\"next\"";
                await FileReply.JsonAsync(context,
                    $"[{string.Join(',', page.Select(file => TreeEntry(file.Key, file.Value, commit, expand: false)))}]");
                break;
            case ["commits", _]:
                await FileReply.JsonAsync(context, $"[{string.Join(',', repository.Revisions.Values.Distinct().Select(each => $$"""{"id":"{{each}}","title":"Change","message":"","date":"2024-02-19T10:57:45.000Z","authors":[]}"""))}]");
                break;
            case ["paths-info", _]:
                using (var asked = await JsonDocument.ParseAsync(context.Request.Body))
                {
                    await FileReply.JsonAsync(context, "[" + string.Join(',', asked.RootElement.GetProperty("paths").EnumerateArray()
                        .Select(path => path.GetString()!).Where(repository.At(commit).ContainsKey) // A client's path is text
                        .Select(path => TreeEntry(path, repository.At(commit)[path], commit, expand: true))) + "]");
                }
                break;
            default:
                await RefuseAsync(context, 404, code: null, "Not found");
                break;
        }
    }

    private Task AnswerSearchAsync(HttpContext context, string? token)
    {
        var query = context.Request.Query;
        var matching = _repositories.Values.OrderBy(repository => repository.Id, StringComparer.Ordinal)
            .Where(repository => repository.Access != HubAccess.Private || token is not null)
            .Where(repository => query["search"].All(word => repository.Id.Contains(word!, StringComparison.OrdinalIgnoreCase))) // a parameter has a text
            .Where(repository => query["filter"].Concat(query["pipeline_tag"]).All(tag => repository.Info.Contains($"\"{tag}\"", StringComparison.Ordinal)))
            .ToList();
        var (skip, limit) = (Number("cursor", 0), Number("limit", 1000));
        if (skip + limit < matching.Count)
            context.Response.Headers.Link = $"<{Endpoint}/api/models?search={query["search"]}&limit={limit}&cursor={skip + limit}>; rel=\"next\"";
        return FileReply.JsonAsync(context, $"[{string.Join(',', matching.Skip(skip).Take(limit).Select(repository => $"{{\"id\":{Quoted(repository.Id)},"
            + $"\"gated\":{(repository.Access == HubAccess.Gated ? "\"auto\"" : "false")},{repository.Info}}}"))}]");

        int Number(string name, int otherwise) =>
            int.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }

    private async Task AnswerFileAsync(
        HttpContext context, ReceivedRequest request, string id, string revision, string path, string? token, Fault? fault)
    {
        if (_renamed.TryGetValue(id, out var renamed))
        {
            Redirect(context, request.Target.Replace($"/{id}", $"/{renamed}", StringComparison.Ordinal));
            return;
        }
        if (await FindAsync(context, id, token) is not { } repository)
            return;
        if (repository.Access == HubAccess.Gated && token != GrantedToken)
        {
            await RefuseAsync(context, token is null ? 401 : 403, "GatedRepo", $"Access to model {id} is restricted"
                + (token is null ? "." : " and you are not in the authorized list."));
            return;
        }
        if (repository.CommitOf(revision) is not { } commit)
        {
            await RefuseAsync(context, 404, "RevisionNotFound", $"Invalid rev id: {revision}");
            return;
        }
        if (fault?.HidesCommit != true)
            context.Response.Headers["X-Repo-Commit"] = commit;
        if (!repository.At(commit).TryGetValue(path, out var file))
        {
            await RefuseAsync(context, 404, "EntryNotFound", "Entry not found");
            return;
        }
        context.Response.Headers.AcceptRanges = "bytes";
        if (!file.IsLarge)
        {
            await SendAsync(context, file, fault);
            return;
        }
#pragma warning disable CA5351 // The storage's own tag is of another kind than the Hub's, as in reality.
        context.Response.Headers.ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(file.Content))}\"";
#pragma warning restore CA5351
        context.Response.Headers["X-Linked-Etag"] = $"\"{file.Sha256}\"";
        context.Response.Headers["X-Linked-Size"] = (fault?.ClaimsSize ?? file.Content.Length).ToString(
            CultureInfo.InvariantCulture);
        context.Response.Headers.Location = $"{StorageAddress}/cdn/{commit}/{id}/{Uri.EscapeDataString(path)}?signature=secret";
        context.Response.StatusCode = 302;
        context.Response.ContentLength = 0;
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Header("Authorization") is not null)
        {
            StorageSawToken = true;
            await RefuseAsync(context, 400, code: null, "Only one authorization mechanism is allowed");
            return;
        }
        var fault = Faults.Take(request.Target);
        if (await FileReply.FailAsync(context, fault))
            return;
        var parts = request.Target.Split('?')[0].Split('/', 6, StringSplitOptions.RemoveEmptyEntries)
            .Select(Uri.UnescapeDataString).ToArray();
        if (parts is ["cdn", var commit, var owner, var name, var path]
            && _repositories[$"{owner}/{name}"].At(commit).TryGetValue(path, out var file))
            await SendAsync(context, file, fault);
        else
            await RefuseAsync(context, 404, code: null, "NoSuchKey");
    }

    private async Task SendAsync(HttpContext context, HubFile file, Fault? fault)
    {
        var (request, reply) = (context.Request, context.Response);
        reply.Headers.ETag = $"\"{file.Etag}\"";
        reply.Headers.AcceptRanges = "bytes";
        if (fault?.Compresses == true)
        {
            reply.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(reply.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(file.Content);
            return;
        }
        var (first, last) = (0L, file.Content.Length - 1L);
        var ranged = fault?.IgnoresRange != true
            && request.GetTypedHeaders().Range?.Ranges.SingleOrDefault() is { From: not null };
        if (request.Headers.IfRange.ToString() is { Length: > 0 } tag && tag != reply.Headers.ETag)
            ranged = false;
        if (ranged)
        {
            var range = request.GetTypedHeaders().Range!.Ranges.Single(); // ranged says that there is one
            (first, last) = (range.From!.Value, Math.Min(range.To ?? last, last)); // as above
            if (first > last)
            {
                reply.StatusCode = 416;
                reply.Headers.ContentRange = $"bytes */{file.Content.Length}";
                return;
            }
            reply.StatusCode = 206;
            reply.Headers.ContentRange = $"bytes {first}-{last}/{fault?.ClaimsSize ?? file.Content.Length}";
        }
        reply.ContentLength = !ranged && fault?.ClaimsSize is { } claimed ? claimed : last - first + 1;
        if (HttpMethods.IsHead(request.Method))
            return;
        await SendBodyAsync(context, file.Content.AsMemory((int)first, (int)(last - first + 1)), fault);
    }

    private async Task SendBodyAsync(HttpContext context, ReadOnlyMemory<byte> body, Fault? fault)
    {
        if (fault?.Damages == true)
        {
            var damaged = body.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            body = damaged;
        }
        var end = Math.Min(body.Length, fault?.BreakAfter ?? fault?.StallAfter ?? body.Length);
        var aborted = context.RequestAborted;
        var step = BytesPerSecond is { } rate ? Math.Max(1, rate / 50) : 1 << 18;
        for (var at = 0; at < end;)
        {
            var part = body[at..(int)Math.Min(end, at + step)];
            // Counted first: a client that has the last byte may look at once.
            Interlocked.Add(ref _sentBytes, part.Length);
            await context.Response.Body.WriteAsync(part, aborted);
            await context.Response.Body.FlushAsync(aborted);
            at += part.Length;
            if (BytesPerSecond is not null)
                await Task.Delay(20, aborted);
        }
        if (fault?.StallAfter is not null)
            await Task.Delay(Timeout.Infinite, aborted);
        // A body shorter than announced makes the server close the connection once all of it has been sent.
    }

    private async Task<HubRepository?> FindAsync(HttpContext context, string id, string? token)
    {
        if (_repositories.TryGetValue(id, out var repository) && (repository.Access != HubAccess.Private || token is not null))
        {
            if (repository.Access != HubAccess.Disabled)
                return repository;
            await RefuseAsync(context, 403, code: null, "Access to this resource is disabled.");
            return null;
        }
        await RefuseAsync(context, token is null ? 401 : 404, "RepoNotFound", "Repository not found");
        return null;
    }

    private static void Redirect(HttpContext context, string location)
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = location;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string? code, string message)
    {
        if (code is not null)
            context.Response.Headers["X-Error-Code"] = code;
        context.Response.Headers["X-Error-Message"] = message;
        await FileReply.JsonAsync(context, $"{{\"error\":{Quoted(message)}}}", status);
    }

    private static string Info(HubRepository repository, string commit, bool withBlobs) =>
        $"{{\"_id\":\"1\",\"id\":{Quoted(repository.Id)},\"modelId\":{Quoted(repository.Id)},\"sha\":\"{commit}\","
        + $"\"private\":{(repository.Access == HubAccess.Private ? "true" : "false")},"
        + $"\"gated\":{(repository.Access == HubAccess.Gated ? "\"auto\"" : "false")},"
        + $"\"disabled\":false,{repository.Info},\"lastModified\":\"2026-01-01T00:00:00.000Z\",\"siblings\":["
        + string.Join(',', repository.At(commit).Select(file => Sibling(file.Key, file.Value, withBlobs))
            .Concat(repository.ListedOnly.Select(path => Sibling(path, new HubFile([1], IsLarge: false), withBlobs)))) + "]}";

    private static string Sibling(string path, HubFile file, bool withBlobs) => !withBlobs ? $"{{\"rfilename\":{Quoted(path)}}}"
        : $"{{\"rfilename\":{Quoted(path)},\"size\":{file.Content.Length},\"blobId\":\"{file.GitId}\""
        + (file.IsLarge ? $",\"lfs\":{{\"sha256\":\"{file.Sha256}\",\"size\":{file.Content.Length},\"pointerSize\":134}}}}"
            : "}");

    private static string TreeEntry(string path, HubFile file, string commit, bool expand) =>
        $"{{\"type\":\"file\",\"oid\":\"{file.GitId}\",\"size\":{file.Content.Length},\"path\":{Quoted(path)}"
        + (file.IsLarge ? $",\"lfs\":{{\"oid\":\"{file.Sha256}\",\"size\":{file.Content.Length},\"pointerSize\":134}}" : "")
        + (expand ? $",\"lastCommit\":{{\"id\":\"{commit}\",\"title\":\"t\",\"date\":\"2026-01-01T00:00:00.000Z\"}}" : "") + "}";

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
