using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for tfhub.dev, which redirects to a storage.</summary>
public sealed class TensorFlowHubStandIn : IStandIn
{
    private readonly Dictionary<string, byte[]> _modules = [];
    private LoopbackServer _hub = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private TensorFlowHubStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_hub, _storage];
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["GPUX_TFHUB_ENDPOINT"] = _hub.Address };
    public string Reference => "tfhub:google/tiny-encoder/4";
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>There are no credentials: what must not be seen is nowhere.</summary>
    public string Secret => "tfhub-has-no-secrets";

    public FaultList Faults { get; } = new();

    /// <summary>The address of the storage, for handles on other hosts.</summary>
    public string StorageAddress => _storage.Address;

    public static async Task<TensorFlowHubStandIn> StartAsync()
    {
        var standIn = new TensorFlowHubStandIn();
        standIn._hub = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        var variables = new byte[(1 << 20) + 5];
        new Random(4).NextBytes(variables);
        standIn.Files = new Dictionary<string, byte[]>
        {
            ["saved_model.pb"] = [1, 2, 3],
            ["variables/variables.index"] = [4, 5],
            ["variables/variables.data-00000-of-00001"] = variables,
            ["assets/vocab.txt"] = "a\nb\n"u8.ToArray(),
        };
        standIn.Add("/google/tiny-encoder/4", Gzip(Tar(standIn.Files)));
        return standIn;
    }

    /// <param name="path">Of the handle.</param>
    public void Add(string path, byte[] archive) => _modules[path] = archive;

    public static byte[] Tar(IReadOnlyDictionary<string, byte[]> files)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "./"));
            foreach (var (name, content) in files)
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"./{name}") { DataStream = new MemoryStream(content) });
        }
        return bytes.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(content);
        return bytes.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _storage.DisposeAsync();
    }

    // A chain of redirects: first to where modules live now, then to the storage.
    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        var path = Uri.UnescapeDataString(request.Target.Split('?')[0]);
        var isMoved = path.StartsWith("/moved", StringComparison.Ordinal);
        if (!_modules.ContainsKey(isMoved ? path["/moved".Length..] : path))
        {
            context.Response.StatusCode = 404;
            return;
        }
        if (!request.Target.Contains("tf-hub-format=compressed", StringComparison.Ordinal))
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html>A page about the module</html>");
            return;
        }
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = isMoved ? $"{_storage.Address}{path["/moved".Length..]}?signature=once" : $"/moved{request.Target}";
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (request.Header("Authorization") is not null || !_modules.TryGetValue(request.Target.Split('?')[0], out var archive))
        {
            context.Response.StatusCode = 404;
            return;
        }
        context.Response.ContentType = "application/gzip";
        await FileReply.SendAsync(context, archive, $"\"{Convert.ToHexStringLower(SHA256.HashData(archive))[..16]}\"", fault);
    }
}
