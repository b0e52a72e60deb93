using System.IO.Compression;
using System.Text;

namespace Gpux.StandIns;

/// <summary>Stands in for the site of TorchServe's own archives, with one on it.</summary>
public sealed class TorchServeStandIn : IStandIn
{
    /// <summary>A manifest that names the weights "tiny.pt".</summary>
    public const string Manifest = """
        {"createdOn":"28/07/2020 06:32:08","runtime":"python","archiverVersion":"0.12.0",
         "model":{"modelName":"tiny","serializedFile":"tiny.pt","handler":"image_classifier","modelVersion":"1.0"}}
        """;

    private LoopbackServer _site = null!; // Set by StartAsync, the only way to make one

    private TorchServeStandIn()
    {
    }

    public FaultList Faults { get; } = new();
    public IReadOnlyList<LoopbackServer> Servers => [_site];
    public string Reference => "torchserve:tiny";
    public IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["MAR-INF/MANIFEST.json"] = Encoding.UTF8.GetBytes(Manifest),
        ["index_to_name.json"] = "{}"u8.ToArray(),
        ["tiny.pt"] = OciStandIn.Content(1_040_000, 32),
    };

    /// <summary>The site wants no credential; this one belongs elsewhere and must not come.</summary>
    public string Secret => "hf_secret_token_7e12";
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["GPUX_TORCHSERVE_ENDPOINT"] = $"{_site.Address}/mar_files", ["HF_TOKEN"] = Secret,
    };

    public static async Task<TorchServeStandIn> StartAsync()
    {
        var standIn = new TorchServeStandIn();
        var archive = Archive(standIn.Files);
        standIn._site = await LoopbackServer.StartAsync(0, async (context, request) =>
        {
            var (fault, isAnswered) = await standIn.Faults.TakeAsync(context, request);
            if (isAnswered)
                return;
            if (request.Target == "/mar_files/tiny.mar")
                await FileReply.SendAsync(context, archive, "\"32-1\"", fault);
            else
                context.Response.StatusCode = 404;
        });
        return standIn;
    }

    /// <summary>A model archive of these members.</summary>
    public static byte[] Archive(IReadOnlyDictionary<string, byte[]> members)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        return bytes.ToArray();
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();
}
