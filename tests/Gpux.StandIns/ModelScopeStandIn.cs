using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for ModelScope: the API on one port, the storage of large files on another.</summary>
/// <remarks>Source: the fields that modelscope's client 1.2x reads.</remarks>
public sealed class ModelScopeStandIn : IStandIn
{
    private const string Model = "org/tiny";
    private const string Commit = "1f3870be274f6c49b3e31a0c6728957f1f3870be";
    private const int LargeBytes = 1000;
    private LoopbackServer _site = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private ModelScopeStandIn()
    {
    }

    public FaultList Faults { get; } = new();
    public IReadOnlyList<LoopbackServer> Servers => [_site, _storage];
    public string Secret => "ms-secret-token-41c8";
    public string Reference => $"modelscope:{Model}";
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["MODELSCOPE_ENDPOINT"] = _site.Address, ["MODELSCOPE_API_TOKEN"] = Secret,
    };

    public IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["README.md"] = "# Tiny"u8.ToArray(),
        ["config.json"] = "{\"model_type\":\"bert\"}"u8.ToArray(),
        ["onnx/model ü.onnx"] = OciStandIn.Content(1_100_000, 21),
    };

    /// <summary>Names that the listing has beyond the files.</summary>
    public List<string> ListedOnly { get; } = [];

    /// <summary>Whether only those with the token may see the model.</summary>
    public bool IsPrivate { get; set; }

    public static async Task<ModelScopeStandIn> StartAsync()
    {
        var standIn = new ModelScopeStandIn();
        standIn._site = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerFromStorageAsync);
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        if ((await Faults.TakeAsync(context, request)).IsAnswered)
            return;
        var query = context.Request.Query;
        var revision = query["Revision"].FirstOrDefault() ?? "master";
        switch (request.Target.Split('?')[0])
        {
            case "/openapi/v1/models":
                await FileReply.JsonAsync(context, $$$"""
                    {"success":true,"data":{"models":[
                    {"id":"org/tiny","display_name":"Tiny","license":"apache-2.0","tasks":["text-classification"],"downloads":12,"likes":3,"last_modified":"2026-01-02T03:04:05Z"},
                    {"id":"../escape","downloads":1}],"total_count":2,"page_size":{{{query["page_size"]}}}}}
                    """);
                break;
            case $"/api/v1/models/{Model}" when !IsPrivate || request.Header("Authorization") == $"Bearer {Secret}":
                await AnswerAsync(context,
                    "{\"Name\":\"tiny\",\"Path\":\"org\",\"Downloads\":12,\"Stars\":3,\"License\":\"Apache License 2.0\",\"Tasks\":[{\"Name\":\"text-classification\"}],\"Revision\":\"master\"}");
                break;
            case $"/api/v1/models/{Model}/revisions":
                await AnswerAsync(context, "{\"RevisionMap\":{\"Branches\":[{\"Revision\":\"master\",\"CreatedAt\":1}],\"Tags\":[{\"Revision\":\"v1.0\",\"CreatedAt\":2}]}}");
                break;
            case $"/api/v1/models/{Model}/repo/files" when revision is "master" or "v1.0":
                var files = Files.Select(file => Listed(file.Key, file.Value)).Concat(ListedOnly.Select(name => Listed(name, [1])));
                await AnswerAsync(context, $"{{\"Files\":[{{\"Name\":\"onnx\",\"Path\":\"onnx\",\"Type\":\"tree\",\"Size\":0}},{string.Join(',', files)}]}}");
                break;
            case $"/api/v1/models/{Model}/repo" when revision is "master" or "v1.0" && Files.TryGetValue(query["FilePath"].ToString(), out var content):
                if (content.Length < LargeBytes)
                {
                    await FileReply.SendAsync(context, content, entityTag: null);
                    break;
                }
                context.Response.StatusCode = 302;
                context.Response.Headers.Location = $"{_storage.Address}/{Uri.EscapeDataString(query["FilePath"].ToString())}?signature=secret";
                break;
            default:
                await FileReply.JsonAsync(context, "{\"Code\":10010205001,\"Message\":\"record not found\",\"RequestId\":\"1\",\"Success\":false}", 404);
                break;
        }
    }

    private async Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (request.Header("Authorization") is not null || request.Header("Cookie") is not null)
            await FileReply.JsonAsync(context, "{}", 400);
        else
            await FileReply.SendAsync(context, Files[Uri.UnescapeDataString(request.Target.Split('?')[0].Trim('/'))], entityTag: null, fault);
    }

    private static Task AnswerAsync(HttpContext context, string data) =>
        FileReply.JsonAsync(context, $"{{\"Code\":200,\"Data\":{data},\"Message\":\"success\",\"RequestId\":\"1\",\"Success\":true}}");

    private static string Listed(string path, byte[] content) => $"{{\"Name\":\"x\",\"Path\":\"{JsonEncodedText.Encode(path)}\",\"Type\":\"blob\","
        + $"\"Size\":{content.Length.ToString(CultureInfo.InvariantCulture)},\"Sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(content))}\","
        + $"\"Revision\":\"{Commit}\",\"IsLFS\":{(content.Length < LargeBytes ? "false" : "true")}}}";
}
