using System.Net;
using System.Text.Json;
using Gpux;
using Gpux.Registries;

namespace Company;

/// <summary>Reads the company's model shelf: /models/{name}/{revision} says what a model is, /blobs/{sha256} is a file.</summary>
public sealed class ShelfRegistry(HttpClient http) : IModelRegistry
{
    private const string Name = "shelf";

    /// <summary>What makes "shelf:name" and "shelf:name@revision" references to this registry.</summary>
    public static RegistryEntry Entry(HttpClient http) => new(Name, "The company's own models", _ => new ShelfRegistry(http));

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var revision = Uri.EscapeDataString(model.Revision ?? "current");
        using var reply = await SendAsync($"models/{Uri.EscapeDataString(model.Name)}/{revision}", cancellationToken);
        if (reply.StatusCode == HttpStatusCode.NotFound)
            throw new ModelNotFoundException(model.ToString(), $"The shelf has no {model}.", "Check the spelling.");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync(cancellationToken));
        // Paths are checked by the store before anything is written; the digest is verified while the file comes.
        var files = json.RootElement.GetProperty("files").EnumerateArray().Select(file => new ModelFile(
            file.GetProperty("path").GetString() ?? "", file.GetProperty("size").GetInt64(),
            Digest.Parse($"sha256:{file.GetProperty("sha256").GetString()}")));
        // 40 or 64 hexadecimal digits that change whenever a file does.
        return new ModelManifest(model, json.RootElement.GetProperty("commit").GetString() ?? "", [.. files]);
    }

    public async Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var reply = await SendAsync($"blobs/{file.Digest?.Hex}", cancellationToken, range);
        if (reply.StatusCode == HttpStatusCode.NotFound)
            throw new FileNotInModelException(manifest, file.Path);
        // A server that ignores ranges sends the whole file, from 0: that is allowed, if it is said.
        var offset = reply.StatusCode == HttpStatusCode.PartialContent ? range.Offset : 0;
        return new FileContent(await reply.Content.ReadAsStreamAsync(cancellationToken), offset, file.SizeBytes, owner: reply);
    }

    // Retrying is the downloader's: what may pass by itself is thrown as TransferInterruptedException.
    private async Task<HttpResponseMessage> SendAsync(string path, CancellationToken cancellationToken, FileRange range = default)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (range.Offset > 0)
                request.Headers.Range = new(range.Offset, null);
            var reply = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return reply.StatusCode < HttpStatusCode.InternalServerError ? reply
                : throw new HttpRequestException($"it answers {(int)reply.StatusCode}.");
        }
        catch (HttpRequestException exception)
        {
            throw new TransferInterruptedException(new RegistryUnreachableException("The shelf", exception.Message, exception));
        }
    }
}
