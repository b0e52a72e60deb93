using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>How a web server shows a folder.</summary>
public enum FolderForm
{
    /// <summary>As links of an HTML page, with those that lead elsewhere.</summary>
    Html,

    /// <summary>As nginx's JSON.</summary>
    Json,

    /// <summary>By an index.json with sizes and digests.</summary>
    Index,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>Stands in for a plain web server whose folder "m" is a model; files may lie on a second server.</summary>
public sealed class WebStandIn : IStandIn
{
    private const string Password = "web-secret-0042";
    private LoopbackServer _server = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above
    private string _home = "";

    private WebStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_server, _storage];
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["NETRC"] = _home };
    public string Reference => $"{_server.Address}/m/";
    public string Secret => Password;
    public IReadOnlyDictionary<string, byte[]> Files => Content.Where(file => !file.Key.EndsWith(".sha256", StringComparison.Ordinal) || Form != FolderForm.Index)
        .ToDictionary(file => file.Key, file => file.Value);

    public SortedDictionary<string, byte[]> Content { get; } = new(StringComparer.Ordinal)
    {
        ["config.json"] = "{}"u8.ToArray(),
        ["model.onnx"] = Bytes(1_050_000),
        ["sub dir/a&b é.txt"] = "x"u8.ToArray(),
        ["empty.bin"] = [],
    };

    public FolderForm Form { get; set; } = FolderForm.Html;
    public bool WantsCredential { get; set; } = true;
    public bool RedirectsToStorage { get; set; } = true;
    public bool HasHead { get; set; } = true;

    /// <summary>Counted up when a file changes.</summary>
    public int Version { get; set; } = 1;

    /// <summary>More headers of files.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>What listings name beyond the files.</summary>
    public string? ListedOnly { get; set; }
    public FaultList Faults { get; } = new();

    /// <param name="port">0 for any free one.</param>
    public static async Task<WebStandIn> StartAsync(int port = 0)
    {
        var standIn = new WebStandIn();
        standIn._server = await LoopbackServer.StartAsync(port, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        standIn._home = Path.GetTempFileName();
        await File.WriteAllTextAsync(standIn._home, $"machine 127.0.0.1\n  login ada\n  password {Password}\n");
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _storage.DisposeAsync();
        File.Delete(_home);
    }

    private Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        var target = Uri.UnescapeDataString(request.Target.Split('?')[0]);
        if (WantsCredential && request.Header("Authorization") != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"ada:{Password}"))}")
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"files\"";
            return Task.CompletedTask;
        }
        if (target == "/m")
        {
            context.Response.StatusCode = 301;
            context.Response.Headers.Location = "/m/";
            return Task.CompletedTask;
        }
        if (!target.StartsWith("/m/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }
        var path = target["/m/".Length..];
        if (path == "index.json" && Form == FolderForm.Index)
            return FileReply.JsonAsync(context, $"[{string.Join(',', Files.Select(file =>
                $"{{\"path\":\"{file.Key}\",\"size\":{file.Value.Length},\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(file.Value))}\"}}"))}]");
        if (path.Length == 0 || path.EndsWith('/'))
            return ListAsync(context, path);
        if (!Content.TryGetValue(path, out var content))
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }
        if (HttpMethods.IsHead(request.Method) && !HasHead)
        {
            context.Response.StatusCode = 405;
            return Task.CompletedTask;
        }
        if (RedirectsToStorage)
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"{_storage.Address}{request.Target}";
            return Task.CompletedTask;
        }
        return SendAsync(context, request, path, content);
    }

    private Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Header("Authorization") is not null)
        {
            context.Response.StatusCode = 400;
            return Task.CompletedTask;
        }
        var path = Uri.UnescapeDataString(request.Target.Split('?')[0])["/m/".Length..];
        return SendAsync(context, request, path, Content[path]);
    }

    private Task SendAsync(HttpContext context, ReceivedRequest request, string path, byte[] content)
    {
        foreach (var (name, value) in Headers)
            context.Response.Headers[name] = value;
        return FileReply.SendAsync(context, content, $"\"{Version}-{path.Length}\"", HttpMethods.IsHead(request.Method) ? null : Faults.Take(request.Target));
    }

    private Task ListAsync(HttpContext context, string folder)
    {
        var entries = new SortedDictionary<string, int?>(StringComparer.Ordinal);
        foreach (var (path, content) in Content)
        {
            if (path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length..] is var rest)
                entries[rest.Split('/')[0]] = rest.Contains('/') ? null : content.Length;
        }
        if (ListedOnly is { } more)
            entries[more] = 1;
        switch (Form)
        {
            case FolderForm.Json:
                return FileReply.JsonAsync(context, $"[{string.Join(',', entries.Select(entry =>
                    $"{{\"name\":\"{entry.Key}\",\"type\":\"{(entry.Value is null ? "directory" : "file")}\",\"mtime\":\"Wed, 05 Jun 2024 10:00:0{Version} GMT\",\"size\":{entry.Value ?? 0}}}"))}]");
            case FolderForm.Html:
                var page = new StringBuilder("<html><body><h1>Index of /m/</h1><a href=\"?C=N;O=D\">Name</a><a href=\"../\">Parent</a><a href='/icons/x.png'>i</a><a href=\"https://example.com/other.onnx\">o</a>\n");
                foreach (var (name, size) in entries)
                    page.Append(CultureInfo.InvariantCulture, $"<A HREF=\"{Uri.EscapeDataString(name).Replace("%26", "&amp;")}{(size is null ? "/" : "")}\">{name}</A>\n");
                context.Response.ContentType = "text/html";
                return context.Response.WriteAsync(page.ToString());
            default:
                context.Response.StatusCode = 403;
                return Task.CompletedTask;
        }
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(3).NextBytes(bytes);
        return bytes;
    }
}
