using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Whom a stand-in registry answers.</summary>
public enum OciAccess
{
    Everyone,

    /// <summary>Everyone who fetches a token first, with or without a user.</summary>
    Token,

    /// <summary>Those whose token was fetched with the user and password.</summary>
    TokenOfUser,

    /// <summary>The user and password on each request.</summary>
    Basic,
}

/// <summary>Stands in for an OCI registry, Docker Hub or Ollama's: manifests, tags and tokens on one port, the storage of blobs on
/// another, which refuses any credential.</summary>
/// <remarks>Source: OCI distribution specification 1.1; replies of the distribution project's registry 2.8.</remarks>
public sealed class OciStandIn : IStandIn
{
    public const string User = "ada";
    public const string Password = "oci-password-5f0c";
    public const string IdentityToken = "oci-identity-77aa";
    public const string AccessToken = "oci-token-91d2";
    public const string AnonymousToken = "oci-anyone-13e8";

    private readonly ConcurrentDictionary<string, byte[]> _blobs = new();
    private readonly ConcurrentDictionary<string, (byte[] Body, string Type)> _manifests = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, string>> _tags = new();
    private LoopbackServer _registry = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above
    private string? _configFolder;

    private OciStandIn()
    {
    }

    public OciAccess Access { get; set; } = OciAccess.TokenOfUser;

    /// <summary>Where the realm of tokens is said to be; null for this server.</summary>
    public string? Realm { get; set; }

    /// <summary>How many names a page of a list has.</summary>
    public int PageSize { get; set; } = 100;

    /// <summary>What Docker Hub's search finds.</summary>
    public List<string> SearchResults { get; } = [];

    public FaultList Faults { get; } = new();
    public IReadOnlyList<LoopbackServer> Servers => [_registry, _storage];
    public LoopbackServer Registry => _registry;
    public LoopbackServer Storage => _storage;

    /// <summary>The host and port, as references have it.</summary>
    public string Host => _registry.Address["http://".Length..];
    public string Secret => Password;
    public string Reference => $"oci:{Host}/models/tiny:v1";
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>DOCKER_CONFIG leads to a folder with the user's credential.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["DOCKER_CONFIG"] = _configFolder ??= WriteConfig(),
        ["GPUX_DOCKER_HUB_ENDPOINT"] = _registry.Address,
        ["GPUX_OLLAMA_ENDPOINT"] = _registry.Address,
    };

    /// <summary>A registry with models/tiny:v1, an artifact of ORAS.</summary>
    public static async Task<OciStandIn> StartAsync()
    {
        var standIn = new OciStandIn();
        standIn._registry = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        var files = new Dictionary<string, byte[]>
        {
            ["config.json"] = Encoding.UTF8.GetBytes("{\"model_type\":\"bert\"}"),
            ["empty.txt"] = [],
            ["onnx/model.onnx"] = Content(1_300_000, 7),
        };
        standIn.Files = files;
        standIn.AddArtifact("models/tiny", "v1", files);
        return standIn;
    }

    /// <returns>Bytes that look random and are the same each time.</returns>
    public static byte[] Content(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Adds an artifact as oras push makes it.</summary>
    /// <returns>The digest of its manifest.</returns>
    public string AddArtifact(string repository, string tag, IReadOnlyDictionary<string, byte[]> files)
    {
        var layers = files.Select(file => Layer("application/octet-stream", file.Value, $"\"org.opencontainers.image.title\":{Quoted(file.Key)}"));
        return AddManifest(repository, tag, Manifest(layers,
            $"\"mediaType\":\"application/vnd.oci.empty.v1+json\",{Described("{}"u8.ToArray())}", "\"artifactType\":\"application/vnd.example.model\","));
    }

    /// <summary>Adds a manifest or an index.</summary>
    /// <param name="tag">Null for one that is found by its digest alone.</param>
    /// <returns>Its digest.</returns>
    public string AddManifest(string repository, string? tag, string json, string type = "application/vnd.oci.image.manifest.v1+json")
    {
        var body = Encoding.UTF8.GetBytes(json);
        var digest = DigestOf(body);
        _manifests[$"{repository}@{digest}"] = (body, type);
        if (tag is not null)
            _tags.GetOrAdd(repository, _ => new())[tag] = digest;
        return digest;
    }

    /// <summary>Makes a repository known that has no tag.</summary>
    public void AddRepository(string repository) => _tags.GetOrAdd(repository, _ => new());

    /// <summary>The text of a manifest.</summary>
    /// <param name="config">The members of its config's descriptor.</param>
    /// <param name="more">Members that come before, each with a comma after it.</param>
    public static string Manifest(IEnumerable<string> layers, string config, string more = "",
        string type = "application/vnd.oci.image.manifest.v1+json") =>
        $"{{\"schemaVersion\":2,\"mediaType\":\"{type}\",{more}\"config\":{{{config}}},\"layers\":[{string.Join(',', layers)}]}}";

    /// <summary>Keeps a blob, and describes it for a manifest.</summary>
    /// <param name="annotations">The members of the object; null for none.</param>
    public string Layer(string type, byte[] content, string? annotations = null, string more = "") =>
        $"{{\"mediaType\":\"{type}\",{more}{Described(content)}{(annotations is null ? "" : $",\"annotations\":{{{annotations}}}")}}}";

    /// <summary>Keeps a blob, and gives its digest and size as members.</summary>
    public string Described(byte[] content)
    {
        var digest = DigestOf(content);
        _blobs[digest] = content;
        return $"\"digest\":\"{digest}\",\"size\":{content.Length.ToString(CultureInfo.InvariantCulture)}";
    }

    public static string DigestOf(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        await _storage.DisposeAsync();
        if (_configFolder is not null)
            Directory.Delete(_configFolder, recursive: true);
    }

    private string WriteConfig()
    {
        var folder = Directory.CreateTempSubdirectory("gpux-docker-").FullName;
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));
        File.WriteAllText(Path.Combine(folder, "config.json"),
            $"{{\"auths\":{{\"{Host}\":{{\"auth\":\"{auth}\"}},\"https://index.docker.io/v1/\":{{\"auth\":\"{auth}\"}}}}}}");
        return folder;
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        var path = request.Target.Split('?')[0];
        if (path == "/token")
            await AnswerTokenAsync(context, request);
        else if (path == "/v2/search/repositories/")
            await FileReply.JsonAsync(context, $"{{\"count\":{SearchResults.Count},\"results\":[{string.Join(',', SearchResults)}]}}");
        else if (await IsAllowedAsync(context, request))
            await AnswerApiAsync(context, path.Trim('/').Split('/'));
    }

    private async Task AnswerApiAsync(HttpContext context, string[] parts)
    {
        switch (parts)
        {
            case ["v2"]:
                await FileReply.JsonAsync(context, "{}");
                break;
            case ["v2", "_catalog"]:
                await ListAsync(context, "/v2/_catalog", "\"repositories\":", [.. _tags.Keys.Order(StringComparer.Ordinal)]);
                break;
            case ["v2", .. var name, "tags", "list"] when _tags.TryGetValue(string.Join('/', name), out var tags):
                await ListAsync(context, $"/v2/{string.Join('/', name)}/tags/list", $"\"name\":\"{string.Join('/', name)}\",\"tags\":",
                    [.. tags.Keys.Order(StringComparer.Ordinal)]);
                break;
            case ["v2", .. var name, "manifests", var reference]:
                var repository = string.Join('/', name);
                if (!_tags.TryGetValue(repository, out var known))
                    await RefuseAsync(context, 404, "NAME_UNKNOWN", "repository name not known to registry");
                else if (!_manifests.TryGetValue($"{repository}@{known.GetValueOrDefault(reference, reference)}", out var manifest))
                    await RefuseAsync(context, 404, "MANIFEST_UNKNOWN", "manifest unknown");
                else
                {
                    context.Response.Headers["Docker-Content-Digest"] = DigestOf(manifest.Body);
                    await FileReply.JsonAsync(context, Encoding.UTF8.GetString(manifest.Body), type: manifest.Type);
                }
                break;
            case ["v2", .., "blobs", var digest] when _blobs.ContainsKey(digest):
                context.Response.StatusCode = 307;
                context.Response.Headers.Location = $"{_storage.Address}/{digest}?signature=secret";
                break;
            default:
                await RefuseAsync(context, 404, parts.Contains("blobs") ? "BLOB_UNKNOWN" : "NAME_UNKNOWN", "not known");
                break;
        }
    }

    private async Task ListAsync(HttpContext context, string path, string member, string[] names)
    {
        var last = context.Request.Query["last"].FirstOrDefault();
        var rest = last is null ? names : [.. names.Where(name => string.CompareOrdinal(name, last) > 0)];
        if (rest.Length > PageSize)
        {
            rest = rest[..PageSize];
            context.Response.Headers.Link = $"<{path}?n={PageSize}&last={rest[^1]}>; rel=\"next\"";
        }
        await FileReply.JsonAsync(context, $"{{{member}[{string.Join(',', rest.Select(Quoted))}]}}");
    }

    private async Task<bool> IsAllowedAsync(HttpContext context, ReceivedRequest request)
    {
        var authorization = request.Header("Authorization");
        var basic = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}";
        var (allowed, challenge) = Access switch
        {
            OciAccess.Everyone => (true, ""),
            OciAccess.Basic => (authorization == basic, "Basic realm=\"Registry, of models\""),
            _ => (authorization == $"Bearer {AccessToken}" || (Access == OciAccess.Token && authorization == $"Bearer {AnonymousToken}"),
                $"Bearer realm=\"{Realm ?? $"{_registry.Address}/token"}\",service=\"stand-in\",scope=\"repository:{context.Request.Path.Value![4..]}:pull\""),
        };
        if (allowed)
            return true;
        context.Response.Headers.WWWAuthenticate = challenge;
        await RefuseAsync(context, 401, "UNAUTHORIZED", "authentication required");
        return false;
    }

    private static async Task AnswerTokenAsync(HttpContext context, ReceivedRequest request)
    {
        if (HttpMethods.IsPost(context.Request.Method))
        {
            var form = await context.Request.ReadFormAsync();
            if (form["grant_type"] == "refresh_token" && form["refresh_token"] == IdentityToken && form["service"] == "stand-in")
                await FileReply.JsonAsync(context, $"{{\"access_token\":\"{AccessToken}\",\"expires_in\":300}}");
            else
                await RefuseAsync(context, 401, "UNAUTHORIZED", "unknown refresh token");
            return;
        }
        var basic = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}";
        var authorization = request.Header("Authorization");
        if (authorization is not null && authorization != basic)
            await RefuseAsync(context, 401, "UNAUTHORIZED", "incorrect username or password");
        else
            await FileReply.JsonAsync(context, $"{{\"token\":\"{(authorization is null ? AnonymousToken : AccessToken)}\",\"expires_in\":300}}");
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (request.Header("Authorization") is not null)
            await FileReply.JsonAsync(context, "{\"error\":\"Only one authorization mechanism is allowed\"}", 400);
        else
            await FileReply.SendAsync(context, _blobs[request.Target.Split('?')[0].Trim('/')], entityTag: null, fault);
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string message) =>
        FileReply.JsonAsync(context, $"{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"{message}\",\"detail\":null}}]}}", status);

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
