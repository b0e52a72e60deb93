using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for Kaggle's API, in both of its forms, and the storage that it redirects to.</summary>
/// <remarks>Source: requests of kagglehub 0.3 and kagglesdk 0.1.</remarks>
public sealed class KaggleStandIn : IStandIn
{
    private readonly Dictionary<string, Dictionary<string, byte[]>> _versions = [];
    private readonly HashSet<string> _gated = [];
    private LoopbackServer _api = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private KaggleStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_api, _storage];

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["KAGGLE_API_ENDPOINT"] = _api.Address,
        ["KAGGLE_API_TOKEN"] = Secret,
    };

    public string Reference => "kaggle:keras/bert/keras/tiny";
    public IReadOnlyDictionary<string, byte[]> Files => _versions["keras/bert/keras/tiny/2"];
    public string Secret => "KGAT_secret";
    public FaultList Faults { get; } = new();

    /// <summary>Sends single files as zips, as the real one does with some.</summary>
    public bool ZipsFiles { get; set; }

    /// <summary>Leaves the hashes of large files out, as of objects that are composed of others.</summary>
    public bool HidesMd5 { get; set; }

    public static async Task<KaggleStandIn> StartAsync()
    {
        var standIn = new KaggleStandIn();
        standIn._api = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        var weights = new byte[(1 << 20) + 7];
        new Random(2).NextBytes(weights);
        standIn.Add("keras/bert/keras/tiny/1", new() { ["config.json"] = "{\"old\":1}"u8.ToArray() });
        standIn.Add("keras/bert/keras/tiny/2", new()
        {
            ["config.json"] = "{}"u8.ToArray(),
            ["model.weights.h5"] = weights,
            ["assets/tokenizer/vocabulary.txt"] = "[PAD]\n"u8.ToArray(),
        });
        standIn.Add("keras/bert/keras/large/1", Enumerable.Range(0, 30).ToDictionary(
            shard => $"shard-{shard}.bin", shard => new[] { (byte)shard }));
        standIn.Add("google/gemma/tensorFlow2/2b/3", new() { ["saved_model.pb"] = [1] });
        standIn._gated.Add("google/gemma");
        return standIn;
    }

    /// <param name="version">owner/model/framework/variation/version.</param>
    public void Add(string version, Dictionary<string, byte[]> files) => _versions[version] = files;

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        if (request.Header("Authorization") is { } given && given != $"Bearer {Secret}" && given != "Basic dXNlcjprZXk=")
        {
            await RefuseAsync(context, 401, "Unauthenticated");
            return;
        }
        var parts = request.Target.Split('?')[0].Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        await (parts switch
        {
            ["api", "v1", "models", "list"] => ListModelsAsync(context),
            ["api", "v1", "models", var owner, var model, "get"] => GetModelAsync(context, $"{owner}/{model}"),
            ["api", "v1", "models", var owner, var model, var framework, var variation, "get"] =>
                GetVariationAsync(context, $"{owner}/{model}/{framework}/{variation}"),
            ["api", "v1", "models", var owner, var model, var framework, var variation, var version, "files"] =>
                ListFilesAsync(context, $"{owner}/{model}/{framework}/{variation}/{version}"),
            ["api", "v1", "models", var owner, var model, var framework, var variation, var version, "download", .. var path] =>
                DownloadAsync(context, request, $"{owner}/{model}/{framework}/{variation}/{version}", string.Join('/', path)),
            _ => RefuseAsync(context, 404, "Not found"),
        });
    }

    private Task ListModelsAsync(HttpContext context)
    {
        var words = context.Request.Query["search"].ToString();
        var models = _versions.Keys.Select(ModelOf).Distinct().Where(model => model.Contains(words, StringComparison.OrdinalIgnoreCase)).ToList();
        // One a page.
        var page = context.Request.Query["pageToken"].ToString() is { Length: > 0 } token ? int.Parse(token, CultureInfo.InvariantCulture) : 0;
        var next = page + 1 < models.Count ? (page + 1).ToString(CultureInfo.InvariantCulture) : "";
        return FileReply.JsonAsync(context,
            $$"""{"models":[{{string.Join(',', models.Skip(page).Take(1).Select(ModelJson))}}],"nextPageToken":"{{next}}","totalResults":{{models.Count}}}""");
    }

    private Task GetModelAsync(HttpContext context, string model) => !_versions.Keys.Any(version => ModelOf(version) == model)
        ? RefuseAsync(context, 404, "Model not found") : FileReply.JsonAsync(context, ModelJson(model));

    private Task GetVariationAsync(HttpContext context, string variation) =>
        NewestOf(variation) is 0 ? RefuseAsync(context, 404, "Model instance not found")
            : FileReply.JsonAsync(context, VariationJson(variation));

    private Task ListFilesAsync(HttpContext context, string version)
    {
        if (!_versions.TryGetValue(version, out var files))
            return RefuseAsync(context, 404, "Version not found");
        var size = int.Parse(context.Request.Query["pageSize"].ToString(), CultureInfo.InvariantCulture);
        var listed = files.Take(size).Select(file =>
            $$"""{"name":{{Quoted(file.Key)}},"size":{{file.Value.Length}},"creationDate":"2026-01-01T00:00:00Z"}""");
        return FileReply.JsonAsync(context, $$"""{"files":[{{string.Join(',', listed)}}],"nextPageToken":"{{(files.Count > size ? "CfDJ8" : "")}}"}""");
    }

    private Task DownloadAsync(HttpContext context, ReceivedRequest request, string version, string path)
    {
        if (!_versions.TryGetValue(version, out var files) || (path.Length > 0 && !files.ContainsKey(path)))
            return RefuseAsync(context, 404, "Not found");
        if (_gated.Contains(ModelOf(version)))
            return RefuseAsync(context, 403, "Permission 'models.download' was denied. Please accept the licence.");
        var file = path.Length == 0 ? "archive.tar.gz" : ZipsFiles ? path + ".zip" : path;
        context.Response.StatusCode = 302;
        context.Response.Headers.Location =
            $"{_storage.Address}/bucket/{version}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}?X-Goog-Signature=once";
        return Task.CompletedTask;
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (request.Header("Authorization") is not null)
        {
            await RefuseAsync(context, 400, "Only one authorization mechanism is allowed");
            return;
        }
        var parts = request.Target.Split('?')[0].Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        var files = _versions[string.Join('/', parts[1..6])];
        var path = string.Join('/', parts[6..]);
        var content = path == "archive.tar.gz" ? TensorFlowHubStandIn.Gzip(TensorFlowHubStandIn.Tar(files))
            : ZipsFiles ? Zip(path[..^4], files[path[..^4]]) : files[path];
        // In two headers, as the storage may send them.
        context.Response.Headers.Append("x-goog-hash", $"crc32c={Convert.ToBase64String(Crc32c(content))}");
#pragma warning disable CA5351 // What the storage publishes
        if (!HidesMd5)
            context.Response.Headers.Append("x-goog-hash", $"md5={Convert.ToBase64String(MD5.HashData(content))}");
#pragma warning restore CA5351
        await FileReply.SendAsync(context, content, $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"", fault);
    }

    private static byte[] Crc32c(byte[] content)
    {
        var crc = uint.MaxValue;
        foreach (var value in content)
            crc = BitOperations.Crc32C(crc, value);
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, ~crc);
        return bytes;
    }

    private static byte[] Zip(string name, byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry(name[(name.LastIndexOf('/') + 1)..], CompressionLevel.Fastest).Open())
            entry.Write(content);
        return bytes.ToArray();
    }

    private string ModelJson(string model) => $$"""
        {"id":1,"ref":{{Quoted(model)}},"title":{{Quoted(model)}},"subtitle":"A model","author":"X","slug":"x","voteCount":9,"updateTime":"2026-01-01T00:00:00Z",
        "tags":[{"name":"text classification"}],"instances":[{{string.Join(',', _versions.Keys
            .Where(version => ModelOf(version) == model).Select(VariationOf).Distinct().Select(VariationJson))}}]}
        """;

    private string VariationJson(string variation)
    {
        var parts = variation.Split('/');
        // The enumeration's form of the framework, as the API has it.
        var framework = parts[2] == "tensorFlow2" ? "TENSOR_FLOW_2" : parts[2].ToUpperInvariant();
        return $$"""
            {"id":5,"slug":"{{parts[3]}}","framework":"MODEL_FRAMEWORK_{{framework}}","versionId":8,"versionNumber":{{NewestOf(variation)}},"overview":"Small","usage":"",
            "licenseName":"Apache 2.0","totalUncompressedBytes":"{{_versions[$"{variation}/{NewestOf(variation)}"].Values.Sum(file => file.Length)}}","modelInstanceType":"MODEL_INSTANCE_TYPE_BASE_MODEL"}
            """;
    }

    private int NewestOf(string variation) => _versions.Keys.Where(version => VariationOf(version) == variation)
        .Select(version => int.Parse(version.Split('/')[4], CultureInfo.InvariantCulture)).DefaultIfEmpty().Max();

    private static string ModelOf(string version) => string.Join('/', version.Split('/')[..2]);

    private static string VariationOf(string version) => string.Join('/', version.Split('/')[..4]);

    private static Task RefuseAsync(HttpContext context, int status, string message) =>
        FileReply.JsonAsync(context, $$"""{"code":{{status}},"message":{{Quoted(message)}}}""", status);

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
