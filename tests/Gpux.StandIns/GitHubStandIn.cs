using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for GitHub as an enterprise runs it: the site and, below /api/v3, the API on one port, the storage of large
/// files, assets and archives on another. It has one repository, org/tiny.</summary>
/// <remarks>Source: GitHub REST API, version 2022-11-28; git-lfs docs/api/batch.md.</remarks>
public sealed class GitHubStandIn : IStandIn
{
    public const string Repository = "org/tiny";
    public const string Commit = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    public const string OtherCommit = "9f0c1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b";
    public const string Tag = "v1.0";

    private readonly Dictionary<string, byte[]> _large = new();
    private LoopbackServer _site = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private GitHubStandIn()
    {
    }

    public FaultList Faults { get; } = new();
    public IReadOnlyList<LoopbackServer> Servers => [_site, _storage];
    public string Address => _site.Address;
    public string StorageAddress => _storage.Address;
    public string Secret => "ghp_secret_token_c0de";
    public string Reference => $"github:{Repository}";
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["GITHUB_API_URL"] = $"{_site.Address}/api/v3", ["GITHUB_SERVER_URL"] = _site.Address, ["GITHUB_TOKEN"] = Secret,
    };

    public IReadOnlyDictionary<string, byte[]> Files => Tree;

    /// <summary>What a checkout has: large files themselves, not their pointers.</summary>
    public SortedDictionary<string, byte[]> Tree { get; } = new(StringComparer.Ordinal);

    /// <summary>Assets of the release <see cref="Tag"/>.</summary>
    public Dictionary<string, byte[]> Assets { get; } = new() { ["model.onnx"] = OciStandIn.Content(70_000, 3), ["labels.txt"] = "cat\ndog"u8.ToArray() };

    /// <summary>Names that the tree lists beyond the files.</summary>
    public List<string> ListedOnly { get; } = [];
    public bool IsPrivate { get; set; }

    /// <summary>Whether the tree of the whole repository is cut short.</summary>
    public bool IsTruncated { get; set; }

    /// <summary>Whether there is a branch main; the default is master otherwise.</summary>
    public bool HasMain { get; set; } = true;

    /// <summary>What the batch API says of each object instead of where it is: code and message.</summary>
    public (int Code, string Message)? LargeFileError { get; set; }

    /// <summary>What repositories a search finds, as JSON.</summary>
    public List<string> SearchResults { get; } = [];

    public static async Task<GitHubStandIn> StartAsync()
    {
        var standIn = new GitHubStandIn();
        standIn._site = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        standIn.Tree[".gitattributes"] = "*.onnx filter=lfs diff=lfs merge=lfs -text\n"u8.ToArray();
        standIn.Tree["README.md"] = "# Tiny"u8.ToArray();
        // As long as a pointer, and none.
        standIn.Tree["labels.txt"] = Encoding.ASCII.GetBytes(new string('x', 130));
        standIn.Tree["squeeze/config.json"] = "{}"u8.ToArray();
        standIn.AddLarge("squeeze/model.onnx", OciStandIn.Content(1_050_000, 5));
        standIn.AddLarge("squeeze/model.onnx.data", OciStandIn.Content(50_000, 6));
        return standIn;
    }

    /// <summary>Adds a file that is kept in LFS.</summary>
    public void AddLarge(string path, byte[] content)
    {
        Tree[path] = content;
        _large[path] = content;
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _storage.DisposeAsync();
    }

    /// <summary>What git itself has of a file.</summary>
    private byte[] InGit(string path) => !_large.TryGetValue(path, out var content) ? Tree[path] : Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"version https://git-lfs.github.com/spec/v1\noid sha256:{Sha256(content)}\nsize {content.Length}\n"));

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        var isKnown = request.Header("Authorization") == $"Bearer {Secret}";
        var path = Uri.UnescapeDataString(request.Target.Split('?')[0]);
        if (path.StartsWith("/api/v3/", StringComparison.Ordinal))
        {
            if (IsPrivate && !isKnown)
                await NotFoundAsync(context);
            else
                await AnswerApiAsync(context, path["/api/v3/".Length..]);
        }
        else if (path == $"/{Repository}.git/info/lfs/objects/batch")
        {
            await AnswerBatchAsync(context);
        }
        else
        {
            await AnswerSiteAsync(context, path.Trim('/').Split('/'));
        }
    }

    private async Task AnswerApiAsync(HttpContext context, string path)
    {
        switch (path)
        {
            case $"repos/{Repository}":
                await FileReply.JsonAsync(context, $"{{\"full_name\":\"{Repository}\",\"default_branch\":\"main\",\"private\":{(IsPrivate ? "true" : "false")},"
                    + "\"description\":\"Tiny models\",\"stargazers_count\":42,\"topics\":[\"onnx\",\"vision\"],\"license\":{\"spdx_id\":\"MIT\"},\"pushed_at\":\"2026-01-02T03:04:05Z\"}");
                break;
            case "repos/org/old":
                context.Response.StatusCode = 301;
                context.Response.Headers.Location = $"/api/v3/repos/{Repository}";
                break;
            case $"repos/{Repository}/commits/main" or $"repos/{Repository}/commits/{Tag}" or $"repos/{Repository}/commits/feature/new" or $"repos/{Repository}/commits/4b825dc":
                await FileReply.JsonAsync(context, $"{{\"sha\":\"{Commit}\"}}");
                break;
            case $"repos/{Repository}/commits/deadbeef":
                await FileReply.JsonAsync(context, "{\"message\":\"No commit found for SHA: deadbeef\"}", 422);
                break;
            case $"repos/{Repository}/git/trees/{Commit}":
                await AnswerTreeAsync(context, "", isWhole: context.Request.Query.ContainsKey("recursive"));
                break;
            case $"repos/{Repository}/git/trees/{FolderId}":
                await AnswerTreeAsync(context, "squeeze/", isWhole: false);
                break;
            case $"repos/{Repository}/branches":
                var names = Enumerable.Range(0, 100).Select(i => $"branch-{i}");
                await NamesAsync(context, context.Request.Query["page"] == "1" ? names : HasMain ? ["main", "v2"] : ["master"]);
                break;
            case $"repos/{Repository}/tags":
                await NamesAsync(context, [Tag, "v2"]);
                break;
            case $"repos/{Repository}/releases/latest" or $"repos/{Repository}/releases/tags/{Tag}":
                var assets = Assets.Select((asset, i) => $"{{\"id\":{i + 70},\"name\":\"{JsonEncodedText.Encode(asset.Key)}\",\"size\":{asset.Value.Length},"
                    + $"\"digest\":{(asset.Key == "labels.txt" ? "null" : $"\"sha256:{Sha256(asset.Value)}\"")}}}");
                await FileReply.JsonAsync(context, $"{{\"tag_name\":\"{Tag}\",\"published_at\":\"2026-01-02T03:04:05Z\",\"assets\":[{string.Join(',', assets)}]}}");
                break;
            case $"repos/{Repository}/releases":
                await FileReply.JsonAsync(context, $"[{{\"tag_name\":\"{Tag}\",\"assets\":[]}}]");
                break;
            case "search/repositories":
                await FileReply.JsonAsync(context, $"{{\"total_count\":{SearchResults.Count},\"items\":[{string.Join(',', SearchResults)}]}}");
                break;
            default:
                if (path.StartsWith($"repos/{Repository}/git/blobs/", StringComparison.Ordinal)
                    && Tree.Keys.FirstOrDefault(name => path.EndsWith(GitId(InGit(name)), StringComparison.Ordinal)) is { } file)
                    await FileReply.SendAsync(context, InGit(file), entityTag: null);
                else if (path.StartsWith($"repos/{Repository}/releases/assets/7", StringComparison.Ordinal))
                    Redirect(context, $"assets/{Assets.Keys.ElementAt(path[^1] - '0')}");
                else
                    await NotFoundAsync(context);
                break;
        }
    }

    private async Task AnswerSiteAsync(HttpContext context, string[] parts)
    {
        switch (parts)
        {
            case ["org", "tiny", "raw", Commit, .. var path] when !IsPrivate && Tree.ContainsKey(string.Join('/', path)):
                await FileReply.SendAsync(context, InGit(string.Join('/', path)), entityTag: null);
                break;
            case ["org", "tiny", "releases", "download", Tag, var name] when !IsPrivate && Assets.ContainsKey(name):
                Redirect(context, $"assets/{name}");
                break;
            case ["org", "tiny", "tree", "main"] when HasMain:
                await FileReply.JsonAsync(context, "{}");
                break;
            case ["org", "tiny", "zipball", OtherCommit]:
                context.Response.StatusCode = 300;
                break;
            case ["org", "tiny", "zipball", Commit] or ["org", "tiny", "zipball", "refs", "heads", "v2"]:
                Redirect(context, "source.zip");
                break;
            default:
                await NotFoundAsync(context);
                break;
        }
    }

    private async Task AnswerBatchAsync(HttpContext context)
    {
        using var json = await JsonDocument.ParseAsync(context.Request.Body);
        var asked = json.RootElement.GetProperty("objects")[0];
        var (oid, size) = (asked.GetProperty("oid").GetString(), asked.GetProperty("size").GetInt64());
        var answer = LargeFileError is var (code, message) ? $"\"error\":{{\"code\":{code},\"message\":\"{message}\"}}"
            : $"\"actions\":{{\"download\":{{\"href\":\"{_storage.Address}/lfs/{oid}?signature=secret\",\"header\":{{\"X-Lfs\":\"ours\"}},\"expires_in\":3600}}}}";
        await FileReply.JsonAsync(context, $"{{\"transfer\":\"basic\",\"objects\":[{{\"oid\":\"{oid}\",\"size\":{size},{answer}}}]}}", type: "application/vnd.git-lfs+json");
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (request.Header("Authorization") is not null)
        {
            await FileReply.JsonAsync(context, "{}", 400);
            return;
        }
        var parts = Uri.UnescapeDataString(request.Target.Split('?')[0]).Trim('/').Split('/', 2);
        var content = parts switch
        {
            ["lfs", var oid] when request.Header("X-Lfs") == "ours" => _large.Values.FirstOrDefault(each => Sha256(each) == oid),
            ["assets", var name] => Assets.GetValueOrDefault(name),
            ["source.zip"] => Archive(),
            ["weights", var name] => Tree.GetValueOrDefault($"weights/{name}"),
            _ => null,
        };
        if (content is null)
            await NotFoundAsync(context);
        else
            await FileReply.SendAsync(context, content, entityTag: null, fault);
    }

    private const string FolderId = "1111111111111111111111111111111111111111";

    private async Task AnswerTreeAsync(HttpContext context, string folder, bool isWhole)
    {
        var entries = Tree.Keys.Concat(ListedOnly).Where(path => path.StartsWith(folder, StringComparison.Ordinal)).Select(path => path[folder.Length..])
            .Where(path => isWhole || !path.Contains('/')).Select(path => Entry(folder + path, path)).ToList();
        entries.Add($"{{\"path\":\"link\",\"mode\":\"120000\",\"type\":\"blob\",\"sha\":\"{FolderId}\",\"size\":9}}");
        entries.Add($"{{\"path\":\"module\",\"mode\":\"160000\",\"type\":\"commit\",\"sha\":\"{FolderId}\"}}");
        if (folder.Length == 0)
            entries.Add($"{{\"path\":\"squeeze\",\"mode\":\"040000\",\"type\":\"tree\",\"sha\":\"{FolderId}\"}}");
        var isCut = isWhole && IsTruncated;
        await FileReply.JsonAsync(context, $"{{\"sha\":\"{FolderId}\",\"truncated\":{(isCut ? "true" : "false")},\"tree\":[{string.Join(',', isCut ? entries[..1] : entries)}]}}");
    }

    private string Entry(string path, string shown)
    {
        var content = Tree.ContainsKey(path) ? InGit(path) : [1];
        return $"{{\"path\":\"{JsonEncodedText.Encode(shown)}\",\"mode\":\"100644\",\"type\":\"blob\",\"sha\":\"{GitId(content)}\",\"size\":{content.Length}}}";
    }

    private static Task NamesAsync(HttpContext context, IEnumerable<string> names) => FileReply.JsonAsync(context,
        $"[{string.Join(',', names.Select(name => $"{{\"name\":\"{name}\",\"commit\":{{\"sha\":\"{(name == "v2" ? OtherCommit : Commit)}\"}}}}"))}]");

    private byte[] Archive()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var path in Tree.Keys)
            {
                using var entry = zip.CreateEntry($"org-tiny-{Commit[..7]}/{path}").Open();
                entry.Write(InGit(path));
            }
        }
        return bytes.ToArray();
    }

    private void Redirect(HttpContext context, string to)
    {
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"{_storage.Address}/{to}?signature=secret";
    }

    private static Task NotFoundAsync(HttpContext context) => FileReply.JsonAsync(context, "{\"message\":\"Not Found\",\"documentation_url\":\"x\"}", 404);

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string GitId(byte[] content)
    {
#pragma warning disable CA5350 // Git's ids are SHA-1.
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }
}
