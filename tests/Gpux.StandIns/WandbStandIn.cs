using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for Weights &amp; Biases: GraphQL and file addresses on one port, the storage on another.</summary>
/// <remarks>Source: the interface that wandb's Python client uses. It knows acme/vision/resnet, with versions v0 and v1 (latest,
/// prod).</remarks>
public sealed class WandbStandIn : IStandIn
{
    private const string Key = "0123456789abcdef0123456789abcdef01234567";
    private const string ArtifactId = "QXJ0aWZhY3Q6MQ==";
    private const string BirthId = "QXJ0aWZhY3Q6MA==";

    private LoopbackServer _server = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private WandbStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_server, _storage];
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["WANDB_BASE_URL"] = _server.Address, ["WANDB_API_KEY"] = Key };
    public string Reference => "wandb:acme/vision/resnet:prod";
    public string Secret => Key;
    public IReadOnlyDictionary<string, byte[]> Files => Content;

    public SortedDictionary<string, byte[]> Content { get; } = new(StringComparer.Ordinal)
    {
        ["config.json"] = "{}"u8.ToArray(),
        ["model.safetensors"] = Bytes(1_150_000),
        ["deep/a b é.txt"] = "x"u8.ToArray(),
        ["elsewhere.bin"] = "kept in another storage"u8.ToArray(),
    };

    public string State { get; set; } = "COMMITTED";
    public string StorageLayout { get; set; } = "V2";

    /// <summary>Whether the server knows no memberships and no artifact ids in file addresses.</summary>
    public bool IsOld { get; set; }

    /// <summary>Whether files have no addresses but those of the list of files.</summary>
    public bool HasDirectAddressesOnly { get; set; }

    /// <summary>Whether the next signed address of the manifest is refused.</summary>
    public bool ManifestExpired { get; set; }

    /// <summary>Whether the manifest's digest is another than the artifact's.</summary>
    public bool DigestIsWrong { get; set; }

    /// <summary>What the manifest names beyond the files.</summary>
    public string? ListedOnly { get; set; }
    public FaultList Faults { get; } = new();

    /// <param name="port">0 for any free one.</param>
    public static async Task<WandbStandIn> StartAsync(int port = 0)
    {
        var standIn = new WandbStandIn();
        standIn._server = await LoopbackServer.StartAsync(port, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Target == "/oidc/token")
        {
            var form = await context.Request.ReadFormAsync();
            await (form["assertion"] == "jwt-of-a-workload" && form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                ? FileReply.JsonAsync(context, "{\"access_token\":\"access-1\",\"expires_in\":3600}") : FileReply.JsonAsync(context, "{}", 401));
            return;
        }
        if (request.Header("Authorization") != "Bearer access-1" && request.Header("Authorization") != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"api:{Key}"))}")
        {
            await FileReply.JsonAsync(context, "{\"errors\":[{\"message\":\"user is not logged in\"}]}", 401);
            return;
        }
        if (request.Target == "/graphql")
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            await FileReply.JsonAsync(context, Graph(
                body.RootElement.GetProperty("operationName").GetString() ?? "", body.RootElement.GetProperty("variables")));
            return;
        }
        var parts = request.Target.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        var md5 = HasDirectAddressesOnly ? null : parts switch
        {
            ["artifactsV2", "eu", "acme", "vision", "resnet", ArtifactId, BirthId, var hex, _] when !IsOld && StorageLayout == "V2" => hex,
            ["artifactsV2", "eu", "acme", "vision", "resnet", BirthId, var hex, _] when IsOld && StorageLayout == "V2" => hex,
            ["artifacts", "acme", var hex] when StorageLayout == "V1" => hex,
            _ => null,
        };
        if (Content.FirstOrDefault(file => Hex(file.Value) == md5).Key is not { } path)
        {
            context.Response.StatusCode = 404;
            return;
        }
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = Signed(path);
    }

    private string Graph(string operation, JsonElement variables)
    {
        string Text(string name) => variables.TryGetProperty(name, out var value) ? value.ToString() : "";
        switch (operation)
        {
            case "Viewer":
                return "{\"data\":{\"viewer\":{\"id\":\"1\",\"username\":\"ada\",\"entity\":\"acme\"}}}";
            case "FetchOrgEntityFromOrganization":
                return Text("o") == "Acme Inc" ? "{\"data\":{\"organization\":{\"orgEntity\":{\"name\":\"acme\"}}}}" : "{\"data\":{\"organization\":null}}";
            case "ArtifactMembershipByName" when IsOld:
                return "{\"data\":null,\"errors\":[{\"message\":\"Cannot query field \\\"artifactCollectionMembership\\\" on type \\\"Project\\\".\",\"path\":[\"project\"]}]}";
            case "ArtifactMembershipByName" or "ArtifactByName":
                if (Text("entity") != "acme" || Text("project") is not ("vision" or "wandb-registry-model"))
                    return "{\"data\":{\"project\":null}}";
                var (member, inner) = operation == "ArtifactByName" ? ("artifact", "") : ("artifactCollectionMembership", ",\"artifact\":");
                if (Text("name").Split(':') is not ["resnet", "latest" or "prod" or "v1"])
                    return $"{{\"data\":{{\"project\":{{\"{member}\":null}}}}}}";
                var artifact = $"{{\"id\":\"{ArtifactId}\",\"versionIndex\":1,\"state\":\"{State}\",\"digest\":\"{ArtifactDigest()}\",\"description\":\"Sees.\","
                    + "\"createdAt\":\"2024-06-05T10:00:00\",\"metadata\":\"{\\\"license\\\":\\\"mit\\\"}\",\"artifactType\":{\"name\":\"model\"},\"aliases\":[{\"alias\":\"latest\"},{\"alias\":\"prod\"}]}";
                return inner.Length == 0 ? $"{{\"data\":{{\"project\":{{\"artifact\":{artifact}}}}}}}"
                    : $"{{\"data\":{{\"project\":{{\"{member}\":{{\"id\":\"m\",\"versionIndex\":1,\"aliases\":[{{\"alias\":\"latest\"}},{{\"alias\":\"prod\"}}]{inner}{artifact}}}}}}}}}";
            case "FetchArtifactManifest":
                return $"{{\"data\":{{\"artifact\":{{\"currentManifest\":{{\"file\":{{\"directUrl\":\"{_storage.Address}/manifest?signature=s\"}}}}}}}}}}";
            case "ArtifactCollectionMembershipFiles":
                // Two files a page.
                var skip = Text("cursor").Length > 0 ? int.Parse(Text("cursor"), System.Globalization.CultureInfo.InvariantCulture) : 0;
                var page = Content.Skip(skip).Take(2).Select(file =>
                    $"{{\"node\":{{\"name\":\"{JsonEncodedText.Encode(file.Key)}\",\"sizeBytes\":{file.Value.Length},\"directUrl\":\"{Signed(file.Key)}\"}}}}");
                return "{\"data\":{\"project\":{\"artifactCollection\":{\"artifactMembership\":{\"files\":{\"pageInfo\":"
                    + $"{{\"endCursor\":\"{skip + 2}\",\"hasNextPage\":{(skip + 2 < Content.Count ? "true" : "false")}}},\"edges\":[{string.Join(',', page)}]}}}}}}}}}}}}";
            case "ProjectArtifactCollections":
                return "{\"data\":{\"project\":{\"artifactCollections\":{\"pageInfo\":{\"hasNextPage\":false},\"edges\":["
                    + "{\"node\":{\"id\":\"1\",\"name\":\"resnet\",\"description\":\"Sees.\",\"createdAt\":\"2024-06-05T10:00:00\",\"type\":{\"name\":\"model\"}}},"
                    + "{\"node\":{\"id\":\"2\",\"name\":\"resnet-data\",\"type\":{\"name\":\"dataset\"}}}]}}}}";
            default:
                return "{\"data\":null,\"errors\":[{\"message\":\"unknown operation\"}]}";
        }
    }

    private Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Header("Authorization") is not null)
        {
            context.Response.StatusCode = 400;
            return Task.CompletedTask;
        }
        var path = Uri.UnescapeDataString(request.Target.Split('?')[0]).TrimStart('/');
        if (path == "manifest")
        {
            if (ManifestExpired)
            {
                (ManifestExpired, context.Response.StatusCode) = (false, 403);
                return Task.CompletedTask;
            }
            return FileReply.JsonAsync(context, "{\"version\":1,\"storagePolicy\":\"wandb-storage-policy-v1\",\"storagePolicyConfig\":"
                + $"{{\"storageLayout\":\"{StorageLayout}\",\"storageRegion\":\"eu\"}},\"contents\":{{{string.Join(',', Entries())}}}}}");
        }
        return Content.TryGetValue(path["files/".Length..], out var content)
            ? FileReply.SendAsync(context, content, $"\"{Hex(content)}\"", Faults.Take(request.Target)) : FileReply.JsonAsync(context, "{}", 404);
    }

    private IEnumerable<string> Entries()
    {
        foreach (var (path, content) in Content)
        {
            yield return path == "elsewhere.bin"
                ? $"\"{path}\":{{\"digest\":\"tag1\",\"ref\":\"{_storage.Address}/files/{path}\",\"size\":{content.Length}}}"
                : $"\"{JsonEncodedText.Encode(path)}\":{{\"digest\":\"{Base64(content)}\",\"birthArtifactID\":\"{BirthId}\",\"size\":{content.Length}}}";
        }
        if (ListedOnly is { } more)
            yield return $"\"{JsonEncodedText.Encode(more)}\":{{\"digest\":\"{Base64([1])}\",\"size\":1}}";
    }

    private string ArtifactDigest()
    {
        var entries = Content.Select(file => (file.Key, Digest: file.Key == "elsewhere.bin" ? "tag1" : Base64(file.Value)));
        if (ListedOnly is { } more)
            entries = entries.Append((more, Base64([1])));
        var text = string.Concat(entries.OrderBy(entry => entry.Item1, StringComparer.Ordinal).Select(entry => $"{entry.Item1}:{entry.Item2}\n"));
        return DigestIsWrong ? new string('0', 32) : Hex(Encoding.UTF8.GetBytes($"wandb-artifact-manifest-v1\n{text}"));
    }

    private string Signed(string path) => $"{_storage.Address}/files/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}?signature=s";

#pragma warning disable CA5351 // The registry's digests are MD5.
    private static string Hex(byte[] content) => Convert.ToHexStringLower(MD5.HashData(content));

    private static string Base64(byte[] content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(4).NextBytes(bytes);
        return bytes;
    }
}
