using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for GitHub's raw files (manifest, LFS pointers), its LFS storage, and the models' home on the Hub.</summary>
public sealed class OnnxZooStandIn : IStandIn
{
    public const string Folder = "validated/vision/classification/mnist/model";
    private const string Manifest = "/onnx/models/main/ONNX_HUB_MANIFEST.json";

    private readonly Dictionary<string, byte[]> _onGitHub = [];
    private readonly Dictionary<string, byte[]> _onHub = [];
    private readonly List<string> _entries = [];
    private LoopbackServer _raw = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _media = null!; // As above
    private LoopbackServer _hub = null!; // As above
    private LoopbackServer _cdn = null!; // As above

    private OnnxZooStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_raw, _media, _hub, _cdn];

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["GPUX_ONNX_ZOO_RAW"] = _raw.Address,
        ["GPUX_ONNX_ZOO_MEDIA"] = _media.Address + "/media",
        ["HF_ENDPOINT"] = _hub.Address,
        ["HF_TOKEN"] = Secret,
    };

    public string Reference => "onnx-zoo:MNIST-12";
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>The zoo is public: a token of the Hub's is sent to nobody.</summary>
    public string Secret => "hf_zoo_secret";

    public FaultList Faults { get; } = new();

    /// <summary>Whether the models are still in GitHub's LFS storage, whose downloads ended in July 2025.</summary>
    public bool HasMedia { get; set; }

    /// <summary>Whether the models are on the Hub.</summary>
    public bool HasHub { get; set; } = true;

    /// <param name="model">MNIST-12 of the zoo; bytes of no meaning where null.</param>
    /// <param name="withData">Its archive: a folder of the model with its test data; null for none.</param>
    /// <param name="members">What the archive holds, by name.</param>
    public static async Task<OnnxZooStandIn> StartAsync(
        byte[]? model = null, byte[]? withData = null, IReadOnlyDictionary<string, byte[]>? members = null)
    {
        var standIn = new OnnxZooStandIn();
        standIn._raw = await LoopbackServer.StartAsync(0, standIn.AnswerRawAsync);
        standIn._media = await LoopbackServer.StartAsync(0, (context, request) => standIn.AnswerFileAsync(context, request, standIn._onGitHub, standIn.HasMedia));
        standIn._cdn = await LoopbackServer.StartAsync(0, (context, request) => standIn.AnswerFileAsync(context, request, standIn._onHub, has: true));
        standIn._hub = await LoopbackServer.StartAsync(0, standIn.AnswerHubAsync);
        if (model is null)
        {
            model = new byte[(1 << 20) + 3];
            new Random(12).NextBytes(model);
        }
        standIn.Add("MNIST-12", 12, "mnist-12", model, withData, """["vision","classification","mnist"]""");
        standIn.Add("MNIST", 7, "mnist-7", [7, 7, 7], withData: null, """["vision","classification","mnist"]""");
        standIn.Add("MNIST", 8, "mnist-8", [8, 8, 8, 8], withData: null, """["vision","classification","mnist"]""");
        standIn.Add("RetinaNet (ResNet101 backbone)", 9, "retinanet-9", [9], withData: null, """["vision","object_detection_segmentation"]""");
        standIn.Files = new Dictionary<string, byte[]>(members ?? new Dictionary<string, byte[]>()) { ["mnist-12.onnx"] = model };
        return standIn;
    }

    /// <summary>Adds an entry to the manifest, and its files everywhere.</summary>
    public void Add(string name, int opset, string stem, byte[] model, byte[]? withData, string tags, string? sha256 = null)
    {
        var path = $"{Folder}/{stem}.onnx";
        _entries.Add($$"""
            {"model":{{Quoted(name)}},"model_path":{{Quoted(path)}},"onnx_version":"1.9","opset_version":{{opset}},"metadata":{
            "model_sha":"{{sha256 ?? Sha256(model)}}","model_bytes":{{model.Length}},"tags":{{tags}},
            "io_ports":{"inputs":[{"name":"Input3","shape":["batch",1,28,28],"type":"tensor(float)"}],"outputs":[{"name":"Plus","shape":[1,10],"type":"tensor(float)"}]}
            {{(withData is null ? "" : $",\"model_with_data_path\":\"{Folder}/{stem}.tar.gz\",\"model_with_data_sha\":\"{Sha256(withData)}\",\"model_with_data_bytes\":{withData.Length}")}}
            }
            }
            """);
        _onGitHub[$"/media/onnx/models/main/{path}"] = model;
        _onHub[$"/onnxmodelzoo/{stem}/resolve/main/{stem}.onnx"] = model;
        if (withData is null)
            return;
        _onGitHub[$"/media/onnx/models/main/{Folder}/{stem}.tar.gz"] = withData;
        _onHub[$"/onnxmodelzoo/{stem}/resolve/main/{stem}.tar.gz"] = withData;
    }

    /// <summary>Another repository with a manifest: one model, in its LFS storage alone.</summary>
    public string? OtherZooManifest { get; set; }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
            await server.DisposeAsync();
    }

    private async Task AnswerRawAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        var json = request.Target == Manifest ? $"[{string.Join(',', _entries)}]"
            : request.Target == "/someone/zoo/v1/ONNX_HUB_MANIFEST.json" ? OtherZooManifest : null;
        if (json is null)
        {
            // Files of models are pointers here.
            if (_onGitHub.TryGetValue($"/media{request.Target}", out var file))
                await context.Response.WriteAsync($"version https://git-lfs.github.com/spec/v1\noid sha256:{Sha256(file)}\nsize {file.Length}\n");
            else
                context.Response.StatusCode = 404;
            return;
        }
        var tag = $"W/\"{Sha256(System.Text.Encoding.UTF8.GetBytes(json))}\"";
        context.Response.Headers.ETag = tag;
        if (request.Header("If-None-Match") == tag)
            context.Response.StatusCode = 304;
        else
            await context.Response.WriteAsync(json);
    }

    private async Task AnswerHubAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        if (!HasHub || !_onHub.ContainsKey(request.Target))
        {
            // The Hub's way of saying that there is no such repository.
            await FileReply.JsonAsync(context, """{"error":"Invalid username or password."}""", status: 401);
            return;
        }
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"{_cdn.Address}{request.Target}?signature=once";
    }

    private async Task AnswerFileAsync(HttpContext context, ReceivedRequest request, Dictionary<string, byte[]> files, bool has)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (has && request.Header("Authorization") is null && files.TryGetValue(request.Target.Split('?')[0], out var file))
            await FileReply.SendAsync(context, file, $"\"{Sha256(file)}\"", fault);
        else
            context.Response.StatusCode = 404;
    }

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
