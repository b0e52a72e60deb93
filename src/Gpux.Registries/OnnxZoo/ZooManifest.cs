using System.Net;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;
using Gpux.Registries.Store;

namespace Gpux.Registries.OnnxZoo;

/// <summary>Fetches the list of a zoo's models, and keeps it with its ETag so that it comes again only when it has changed.</summary>
/// <remarks>Kept as $GPUX_HOME/cache/onnx-zoo/{zoo}: a line with the tag, then the manifest.</remarks>
internal sealed class ZooManifest(RegistryEnvironment environment, RegistryClient client, Uri raw)
{
    private const int LimitBytes = 64 << 20;

    /// <exception cref="ModelNotFoundException">There is no such zoo.</exception>
    /// <exception cref="UnexpectedReplyException">What is there is no manifest.</exception>
    public async Task<IReadOnlyList<ZooEntry>> GetAsync(ZooName zoo, ModelReference model, CancellationToken cancellationToken)
    {
        var layout = new StoreLayout(environment);
        var kept = Path.Combine(layout.Listings, "onnx-zoo", StoreLayout.FolderName($"{zoo.Zoo}/{zoo.Ref}"));
        var (tag, json) = Read(kept);
        var address = new Uri(raw, $"{zoo.Zoo}/{zoo.Ref}/ONNX_HUB_MANIFEST.json");
        using var reply = await client.Http.SendAsync(
            new RegistryRequest(address) { Headers = tag is null ? [] : [new("If-None-Match", tag)] }, cancellationToken);
        if (reply.Response.StatusCode != HttpStatusCode.NotModified || tag is null)
        {
            if (!reply.Response.IsSuccessStatusCode)
                throw await client.ErrorAsync(reply, model, file: null, cancellationToken);
            json = await client.Http.ReadAsync(reply, LimitBytes, cancellationToken);
            tag = reply.Header("ETag");
            if (tag is not null)
                Write(layout.Home, kept, tag, json);
        }
        try
        {
            using var manifest = JsonDocument.Parse(json);
            return [.. manifest.RootElement.EnumerateArray().Select(ZooEntry.Read)];
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UnexpectedReplyException(client.Http.Registry, reply.Address, "what it sends is no manifest of a zoo.", exception);
        }
    }

    private static (string? Tag, byte[] Json) Read(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: < LimitBytes } && File.ReadAllBytes(path) is var bytes
                && bytes.AsSpan().IndexOf((byte)'\n') is > 0 and var end)
                return (Encoding.ASCII.GetString(bytes, 0, end), bytes[(end + 1)..]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is fetched anew.
        }
        return (null, []);
    }

    // That it cannot be kept must not keep anybody from using it.
    private static void Write(StoreFolder home, string path, string tag, byte[] json)
    {
        if (tag.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return;
        try
        {
            home.WriteFile(path, [.. Encoding.ASCII.GetBytes($"{tag}\n"), .. json]);
        }
        catch (GpuxException exception) when (exception is NotWritableException or DiskFullException)
        {
        }
    }
}
