using System.Net;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Mlflow;

/// <summary>Files that an MLflow server hands through: mlflow-artifacts:/path, or the web address of such.</summary>
/// <remarks>Source: MLflow's artifact service 2.0, as the Python client 3.17.2 asks it.</remarks>
internal sealed class ProxiedArtifacts(RegistryEnvironment environment, RegistryClient client, Uri server) : IArtifactStore
{
    private const int FileLimit = 20_000;
    private const int FolderLimit = 2_000;
    private const int DepthLimit = 32;

    private bool? _presigns;

    public async Task<(string Folder, IReadOnlyList<ModelFile> Files)> ListAsync(
        ModelReference model, string address, CancellationToken cancellationToken)
    {
        var root = address.Trim('/');
        var files = new List<ModelFile>();
        var folders = new Stack<(string Path, int Depth)>([("", 0)]);
        for (var listed = 0; folders.TryPop(out var folder); listed++)
        {
            if (listed == FolderLimit || folder.Depth > DepthLimit)
                throw TooLarge(root);
            foreach (var (name, isFolder, size) in await PageAsync(model, Join(root, folder.Path), cancellationToken))
            {
                // Paths are relative to the folder that was asked for.
                var path = Join(folder.Path, name);
                RepositoryPath.Check(model.ToString(), path);
                if (isFolder)
                    folders.Push((path, folder.Depth + 1));
                else if (files.Count < FileLimit)
                    files.Add(new ModelFile(path, size, null));
                else
                    throw TooLarge(root);
            }
        }
        if (files.Count > 0 || root.Length == 0)
            return (root, files);
        // A file lists as nothing; the folder above has it.
        var (above, last) = root.LastIndexOf('/') is >= 0 and var slash ? (root[..slash], root[(slash + 1)..]) : ("", root);
        foreach (var (name, isFolder, size) in await PageAsync(model, above, cancellationToken))
        {
            if (name == last && !isFolder)
                files.Add(new ModelFile(name, size, null));
        }
        return (above, files);
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, string folder, string path, FileRange range, CancellationToken cancellationToken)
    {
        var target = string.Join('/', Join(folder, path).Split('/').Select(Uri.EscapeDataString));
        // Asked anew for each request: such addresses expire.
        if (path != Mlmodel.FileName && await PresignsAsync(manifest.Model, cancellationToken)
            && await PresignedAsync(target, manifest.Model, cancellationToken) is { } presigned)
        {
            var storage = new RegistryHttp(environment, $"{client.Http.Registry}'s storage", presigned.Address, credential: null);
            return await new RegistryClient(environment, storage, "Pull again: the server gives a new address.")
            {
                Refusal = (reply, _, _) => reply.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest
                    ? new TransferInterruptedException(new RegistryUnreachableException(
                        storage.Registry, $"{reply.Address} answers {(int)reply.Response.StatusCode}.")) : null,
            }.OpenAsync(presigned, manifest, file, range, digest: null, cancellationToken);
        }
        return await client.OpenAsync(new RegistryRequest(new Uri(server, $"api/2.0/mlflow-artifacts/artifacts/{target}")),
            manifest, file, range, digest: null, cancellationToken);
    }

    private Task<List<(string Name, bool IsFolder, long? Size)>> PageAsync(
        ModelReference model, string folder, CancellationToken cancellationToken) =>
        client.JsonAsync(
            new RegistryRequest(new Uri(server, $"api/2.0/mlflow-artifacts/artifacts?path={Uri.EscapeDataString(folder)}")), model, (json, _) =>
            {
                var entries = new List<(string, bool, long?)>();
                foreach (var entry in json.Items("files"))
                {
                    entries.Add((entry.Required("path"),
                        entry.TryGetProperty("is_dir", out var isFolder) && isFolder.ValueKind == JsonValueKind.True,
                        entry.Size("file_size")));
                }
                return entries;
            }, cancellationToken);

    // Whether the server gives addresses of its storage; once asked, it is known. Servers before 3.16 have no such page.
    private async Task<bool> PresignsAsync(ModelReference model, CancellationToken cancellationToken)
    {
        if (_presigns is { } known)
            return known;
        var reply = await client.BytesAsync(
            new RegistryRequest(new Uri(server, "api/3.0/mlflow/server-info")), model, 1 << 20, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(reply?.Body ?? "{}"u8.ToArray());
            _presigns = json.RootElement.TryGetProperty("multipart_downloads_enabled", out var enabled) && enabled.ValueKind == JsonValueKind.True;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            _presigns = false; // The page of an older server.
        }
        return _presigns.Value;
    }

    private async Task<RegistryRequest?> PresignedAsync(string target, ModelReference model, CancellationToken cancellationToken)
    {
        var address = new Uri(server, $"api/2.0/mlflow-artifacts/presigned/{target}");
        using var reply = await client.Http.SendAsync(new RegistryRequest(address), cancellationToken);
        if (reply.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
            return null;
        if (!reply.Response.IsSuccessStatusCode)
            throw await client.ErrorAsync(reply, model, file: null, cancellationToken);
        var body = await client.Http.ReadAsync(reply, 1 << 20, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(body);
            var headers = new List<KeyValuePair<string, string>>();
            if (json.RootElement.TryGetProperty("headers", out var more) && more.ValueKind == JsonValueKind.Object)
            {
                foreach (var header in more.EnumerateObject())
                    headers.Add(new(header.Name, header.Value.GetString() ?? ""));
            }
            return Uri.TryCreate(json.RootElement.Required("url"), UriKind.Absolute, out var url)
                ? new RegistryRequest(client.Http.Given(url, address)) { Headers = headers }
                : throw new FormatException("no address");
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            throw new UnexpectedReplyException(client.Http.Registry, reply.Address, "the answer holds no address of the file.", exception);
        }
    }

    private UnexpectedReplyException TooLarge(string root) =>
        new(client.Http.Registry, root, $"it holds more than {FileLimit:N0} files or {FolderLimit:N0} folders.");

    private static string Join(string folder, string name) => folder.Length == 0 || name.Length == 0 ? folder + name : $"{folder}/{name}";
}
