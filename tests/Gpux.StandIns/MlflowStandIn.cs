using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for an MLflow server with proxied artifacts, and for the storage that it may give addresses of.</summary>
/// <remarks>Source: replies recorded of MLflow 3.17.2. It knows one model, "big model" (with a blank), whose versions 1 and 2 are the
/// same; alias champion = 2, stage Production = 1; run 0a1b and logged model m-ff...</remarks>
public sealed class MlflowStandIn : IStandIn
{
    public const string RunId = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    public const string Model = "big model";
    public static readonly string LoggedId = $"m-{new string('f', 32)}";

    private const string User = "ada";
    private const string Password = "mlflow-secret-0815";

    private LoopbackServer _server = null!; // Set by StartAsync, the only way to make one
    private LoopbackServer _storage = null!; // As above

    private MlflowStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_server, _storage];

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["MLFLOW_TRACKING_URI"] = _server.Address,
        ["MLFLOW_TRACKING_USERNAME"] = User,
        ["MLFLOW_TRACKING_PASSWORD"] = Password,
    };

    public string Reference => $"models:/{Model}@champion";
    public string Secret => Password;

    /// <summary>By the path below the artifact root.</summary>
    public SortedDictionary<string, byte[]> Artifacts { get; } = new(StringComparer.Ordinal)
    {
        ["MLmodel"] = Encoding.UTF8.GetBytes($"flavors:\n  onnx:\n    data: model.onnx\nmodel_id: m-ff\nrun_id: {RunId}\n"),
        ["model.onnx"] = Bytes(1_200_000),
        ["empty.txt"] = [],
        ["extra/deep/a b é.txt"] = "x"u8.ToArray(),
    };

    public IReadOnlyDictionary<string, byte[]> Files => Artifacts;

    /// <summary>Whether the server gives addresses of its storage.</summary>
    public bool Presigns { get; set; }

    /// <summary>Where the artifacts are said to be, instead of behind this server.</summary>
    public string? ArtifactUri { get; set; }

    /// <summary>What listings name beyond the files.</summary>
    public string? ListedOnly { get; set; }
    public string Status { get; set; } = "READY";
    public string Champion { get; set; } = "2";
    public FaultList Faults { get; } = new();

    /// <param name="port">0 for any free one.</param>
    public static async Task<MlflowStandIn> StartAsync(int port = 0)
    {
        var standIn = new MlflowStandIn();
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
        var path = Uri.UnescapeDataString(request.Target.Split('?')[0]);
        var query = context.Request.Query;
        if (request.Header("Authorization") != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}")
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"mlflow\"";
            await context.Response.WriteAsync("You are not authenticated.");
            return;
        }
        if (path.Contains("..", StringComparison.Ordinal))
        {
            await RefuseAsync(context, 400, "INVALID_PARAMETER_VALUE", "Invalid path");
            return;
        }
        const string artifacts = "/api/2.0/mlflow-artifacts/artifacts", presigned = "/api/2.0/mlflow-artifacts/presigned/";
        if (path == artifacts)
            await ListAsync(context, query["path"].ToString());
        else if (path.StartsWith($"{artifacts}/", StringComparison.Ordinal))
            await SendAsync(context, request, path[(artifacts.Length + 1)..]);
        else if (path.StartsWith(presigned, StringComparison.Ordinal) && Presigns)
            await FileReply.JsonAsync(context,
                $"{{\"url\":\"{_storage.Address}/{string.Join('/', path[presigned.Length..].Split('/').Select(Uri.EscapeDataString))}?signature=s\",\"headers\":{{\"x-needed\":\"yes\"}}}}");
        else
            await AnswerApiAsync(context, path, query);
    }

    private async Task AnswerApiAsync(HttpContext context, string path, IQueryCollection query)
    {
        var name = query["name"].ToString();
        var root = ArtifactUri ?? $"mlflow-artifacts:/1/models/{LoggedId}/artifacts";
        switch (path)
        {
            case "/api/3.0/mlflow/server-info":
                await FileReply.JsonAsync(context, $"{{\"multipart_downloads_enabled\":{(Presigns ? "true" : "false")}}}");
                break;
            case "/api/2.0/mlflow/registered-models/search":
                await FileReply.JsonAsync(context, query.ContainsKey("page_token")
                    ? $"{{\"registered_models\":[{ModelJson("other")}]}}" : $"{{\"registered_models\":[{ModelJson(Model)}],\"next_page_token\":\"p2\"}}");
                break;
            case "/api/2.0/mlflow/registered-models/get-latest-versions":
                using (var body = await JsonDocument.ParseAsync(context.Request.Body))
                    await FileReply.JsonAsync(context, $"{{\"model_versions\":[{VersionJson(body.RootElement.TryGetProperty("stages", out _) ? "1" : "2")}]}}");
                break;
            case var _ when path.Contains("/registered-models/", StringComparison.Ordinal) && name != Model:
                await RefuseAsync(context, 404, "RESOURCE_DOES_NOT_EXIST", $"Registered Model with name={name} not found");
                break;
            case "/api/2.0/mlflow/registered-models/get":
                await FileReply.JsonAsync(context, $"{{\"registered_model\":{ModelJson(Model)}}}");
                break;
            case "/api/2.0/mlflow/registered-models/alias" when query["alias"] == "champion":
                await FileReply.JsonAsync(context, $"{{\"model_version\":{VersionJson(Champion)}}}");
                break;
            case "/api/2.0/mlflow/model-versions/get" when query["version"].ToString() is "1" or "2":
                await FileReply.JsonAsync(context, $"{{\"model_version\":{VersionJson(query["version"]!)}}}");
                break;
            case "/api/2.0/mlflow/registered-models/alias" or "/api/2.0/mlflow/model-versions/get":
                await RefuseAsync(context, 400, "INVALID_PARAMETER_VALUE", "not found");
                break;
            case "/api/2.0/mlflow/model-versions/get-download-uri":
                // Version 1 was registered from a run.
                await FileReply.JsonAsync(context, $"{{\"artifact_uri\":\"{(query["version"] == "1" ? $"runs:/{RunId}/model" : root)}\"}}");
                break;
            case "/api/2.0/mlflow/runs/get" when query["run_id"] == RunId:
                await FileReply.JsonAsync(context, $"{{\"run\":{{\"info\":{{\"run_id\":\"{RunId}\",\"artifact_uri\":\"mlflow-artifacts:/1/{RunId}/artifacts\"}}}}}}");
                break;
            case var _ when path == $"/api/2.0/mlflow/logged-models/{LoggedId}":
                await FileReply.JsonAsync(context, $"{{\"model\":{{\"info\":{{\"model_id\":\"{LoggedId}\",\"artifact_uri\":\"{root}\"}}}}}}");
                break;
            default:
                await RefuseAsync(context, 404, "RESOURCE_DOES_NOT_EXIST", "not found");
                break;
        }
    }

    // Paths are relative to the folder that is asked for; a file or nothing gives an empty object.
    private Task ListAsync(HttpContext context, string folder)
    {
        var inside = Inside(folder + "/");
        if (inside is null)
            return FileReply.JsonAsync(context, "{}");
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, content) in Artifacts)
        {
            if (!path.StartsWith(inside, StringComparison.Ordinal))
                continue;
            var rest = path[inside.Length..];
            // Sizes are texts here, as some servers write them.
            entries[rest.Split('/')[0]] = rest.Contains('/') ? "\"is_dir\":true" : $"\"is_dir\":false,\"file_size\":\"{content.Length}\"";
        }
        if (ListedOnly is { } more && inside.Length == 0)
            entries[more] = "\"is_dir\":false,\"file_size\":1";
        return FileReply.JsonAsync(context, entries.Count == 0 ? "{}"
            : $"{{\"files\":[{string.Join(',', entries.Select(entry => $"{{\"path\":\"{JsonEncodedText.Encode(entry.Key)}\",{entry.Value}}}"))}]}}");
    }

    private async Task SendAsync(HttpContext context, ReceivedRequest request, string path)
    {
        if (Inside(path) is { } inside && Artifacts.TryGetValue(inside, out var content))
        {
            context.Response.Headers.ContentDisposition = "attachment";
            await FileReply.SendAsync(context, content, $"\"{content.Length:x}\"", Faults.Take(request.Target));
        }
        else
        {
            await RefuseAsync(context, 404, "RESOURCE_DOES_NOT_EXIST", $"No such artifact: '{path}'");
        }
    }

    private Task AnswerFromStorageAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Header("Authorization") is not null || request.Header("x-needed") != "yes")
        {
            context.Response.StatusCode = 400;
            return Task.CompletedTask;
        }
        return SendAsync(context, request, Uri.UnescapeDataString(request.Target.Split('?')[0]).TrimStart('/'));
    }

    // What follows the root of the logged model, or of the run's folder "model".
    private static string? Inside(string path)
    {
        foreach (var root in (string[])[$"1/models/{LoggedId}/artifacts/", $"1/{RunId}/artifacts/model/"])
        {
            if (path.StartsWith(root, StringComparison.Ordinal))
                return path[root.Length..];
        }
        return null;
    }

    private string VersionJson(string version) =>
        $"{{\"name\":\"{Model}\",\"version\":\"{version}\",\"creation_timestamp\":\"1717400000000\",\"current_stage\":\"{(version == "1" ? "Production" : "None")}\",\"status\":\"{Status}\",\"run_id\":\"{RunId}\"}}";

    private static string ModelJson(string name) =>
        $"{{\"name\":\"{name}\",\"description\":\"A model.\",\"last_updated_timestamp\":1717400000000,\"tags\":[{{\"key\":\"license\",\"value\":\"mit\"}}],\"aliases\":[{{\"alias\":\"champion\",\"version\":\"2\"}}]}}";

    private static Task RefuseAsync(HttpContext context, int status, string code, string message) =>
        FileReply.JsonAsync(context, $"{{\"error_code\":\"{code}\",\"message\":\"{JsonEncodedText.Encode(message)}\"}}", status);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
