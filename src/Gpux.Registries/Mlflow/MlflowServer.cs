using System.Globalization;
using System.Net;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Mlflow;

/// <summary>Asks an MLflow server for models, versions and runs.</summary>
/// <remarks>Source: MLflow REST API 2.0, <see href="https://mlflow.org/docs/latest/rest-api.html"/>; replies of MLflow 3.17.2.</remarks>
/// <param name="registry">Answers for registered models.</param>
/// <param name="tracking">Answers for runs and logged models; most often the same server.</param>
internal sealed class MlflowServer(RegistryClient registry, Uri registryBase, RegistryClient tracking, Uri trackingBase) : IMlflowTracking
{
    private const int PageSize = 100;
    private const int PageLimit = 100;

    public string Page(MlflowTarget target) => target switch
    {
        MlflowTarget.Registered { Choice: VersionChoice.Number number } version =>
            $"{registryBase}#/models/{Uri.EscapeDataString(version.Name)}/versions/{number.Version}",
        MlflowTarget.Registered model => $"{registryBase}#/models/{Uri.EscapeDataString(model.Name)}",
        MlflowTarget.Run run => $"{trackingBase}#/runs/{run.Id}",
        _ => trackingBase.AbsoluteUri,
    };

    public Task<RegisteredModel> ModelAsync(ModelReference model, string name, CancellationToken cancellationToken) =>
        registry.JsonAsync(Get(registryBase, $"registered-models/get?name={Uri.EscapeDataString(name)}"), model,
            (json, _) => ReadModel(json.GetProperty("registered_model")), cancellationToken);

    public async Task<ModelVersion> VersionAsync(
        ModelReference model, string name, VersionChoice choice, CancellationToken cancellationToken)
    {
        var escaped = Uri.EscapeDataString(name);
        switch (choice)
        {
            case VersionChoice.Number number:
                return await registry.JsonAsync(Get(registryBase, $"model-versions/get?name={escaped}&version={number.Version}"), model,
                    (json, _) => ReadVersion(json.GetProperty("model_version")), cancellationToken);
            case VersionChoice.Alias alias:
                return await registry.JsonAsync(
                    Get(registryBase, $"registered-models/alias?name={escaped}&alias={Uri.EscapeDataString(alias.Name)}"), model,
                    (json, _) => ReadVersion(json.GetProperty("model_version")), cancellationToken);
            default:
                var request = new RegistryRequest(new Uri(registryBase, "api/2.0/mlflow/registered-models/get-latest-versions"))
                {
                    Method = HttpMethod.Post,
                    Body = LatestBody(name, (choice as VersionChoice.Stage)?.Name),
                };
                var newest = await registry.JsonAsync(request, model, (json, _) => json.Items("model_versions")
                    .Select(ReadVersion).MaxBy(version => Number(version.Version)), cancellationToken);
                return newest ?? throw new RevisionNotFoundException(model with { Revision = model.Revision ?? "latest" });
        }
    }

    public Task<string> VersionFolderAsync(ModelReference model, ModelVersion version, CancellationToken cancellationToken) =>
        registry.JsonAsync(
            Get(registryBase, $"model-versions/get-download-uri?name={Uri.EscapeDataString(version.Name)}&version={version.Version}"),
            model, (json, _) => json.Required("artifact_uri"), cancellationToken);

    public Task<string> LoggedModelFolderAsync(ModelReference model, string id, CancellationToken cancellationToken) =>
        tracking.JsonAsync(Get(trackingBase, $"logged-models/{Uri.EscapeDataString(id)}"), model,
            (json, _) => json.GetProperty("model").GetProperty("info").Required("artifact_uri"), cancellationToken);

    public Task<string> RunFolderAsync(ModelReference model, string id, CancellationToken cancellationToken) =>
        tracking.JsonAsync(Get(trackingBase, $"runs/get?run_id={Uri.EscapeDataString(id)}"), model,
            (json, _) => json.GetProperty("run").GetProperty("info").Required("artifact_uri"), cancellationToken);

    public async Task<IReadOnlyList<RegisteredModel>> SearchAsync(string words, int limit, CancellationToken cancellationToken)
    {
        // There is no search for words; the filter's quotes cannot be escaped, so that a word ends at one.
        var wanted = words.Split(['\'', '%'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var filter = string.Join(" AND ", wanted.SelectMany(part => part.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(word => $"name ILIKE '%{word}%'"));
        var found = new List<RegisteredModel>();
        var token = "";
        for (var page = 0; page < PageLimit && found.Count < limit; page++)
        {
            var target = $"registered-models/search?max_results={Math.Min(PageSize, limit)}"
                + (filter.Length > 0 ? $"&filter={Uri.EscapeDataString(filter)}" : "")
                + (token.Length > 0 ? $"&page_token={Uri.EscapeDataString(token)}" : "");
            var next = await registry.JsonAsync(Get(registryBase, target), new ModelReference(registry.Http.Registry, words), (json, _) =>
            {
                found.AddRange(json.Items("registered_models").Select(ReadModel));
                return json.Text("next_page_token");
            }, cancellationToken);
            if (next is null || next == token)
                break;
            token = next;
        }
        return found.Count > limit ? found.GetRange(0, limit) : found;
    }

    /// <summary>What MLflow's error codes mean where the status alone does not say.</summary>
    public static Exception? Refusal(HttpReply reply, ReadOnlyMemory<byte> body, ModelReference model)
    {
        var (code, message) = Error(body);
        var path = reply.Response.RequestMessage!.RequestUri!.AbsolutePath; // RegistryHttp always sets both
        var isVersion = path.EndsWith("/model-versions/get", StringComparison.Ordinal)
            || path.EndsWith("/registered-models/alias", StringComparison.Ordinal);
        return (code, reply.Response.StatusCode) switch
        {
            // Of a file that is missing its status says enough.
            (_, HttpStatusCode.NotFound) when path.Contains("/mlflow-artifacts/", StringComparison.Ordinal) => null,
            // An alias that is unknown is an invalid parameter here, and a version that is no number.
            ("RESOURCE_DOES_NOT_EXIST" or "INVALID_PARAMETER_VALUE", HttpStatusCode.NotFound or HttpStatusCode.BadRequest) when isVersion =>
                new RevisionNotFoundException(model),
            ("RESOURCE_DOES_NOT_EXIST", _) => new ModelNotFoundException(model.ToString(),
                $"MLflow has no {model}: {Printable.Text(message ?? "it does not exist")}", "Check the spelling; gpux search mlflow: lists what there is."),
            ("ENDPOINT_NOT_FOUND", _) => new UnexpectedReplyException("MLflow", reply.Address, "this server is too old or too new for the request."),
            // Artifact serving switched off answers as a busy server does, but stays so.
            (_, HttpStatusCode.ServiceUnavailable) when message?.Contains("--no-serve-artifacts", StringComparison.Ordinal) == true =>
                new UnsupportedStorageException("artifacts of this server", "it was started with --no-serve-artifacts"),
            _ => null,
        };
    }

    private static RegistryRequest Get(Uri server, string target) => new(new Uri(server, $"api/2.0/mlflow/{target}"));

    private static byte[] LatestBody(string name, string? stage)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            if (stage is not null)
            {
                json.WriteStartArray("stages");
                json.WriteStringValue(stage);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private static RegisteredModel ReadModel(JsonElement json) => new(
        json.Required("name"), json.Text("description"), json.Milliseconds("last_updated_timestamp"),
        json.Pairs("tags", "key", "value"), json.Pairs("aliases", "alias", "version"));

    private static ModelVersion ReadVersion(JsonElement json) => new(
        json.Required("name"), json.Required("version"), json.Text("description"),
        json.Text("current_stage"), json.Text("source"), json.Text("run_id"),
        json.Text("status"), json.Milliseconds("creation_timestamp"), json.Milliseconds("last_updated_timestamp"),
        json.Pairs("tags", "key", "value"));

    private static (string? Code, string? Message) Error(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = StrictJson.Parse(body);
            return (json.RootElement.Text("error_code"), json.RootElement.Text("message"));
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static long Number(string version) =>
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
