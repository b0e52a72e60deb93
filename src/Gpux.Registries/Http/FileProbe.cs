using System.Net;

namespace Gpux.Registries.Http;

/// <summary>What a server says of a file that is in no listing, learnt by asking for its first byte: signed storage addresses refuse HEAD.</summary>
/// <param name="SizeBytes">Null where the server does not say.</param>
/// <param name="Digest">Null where the storage states none.</param>
/// <param name="Address">Where the redirects ended, without a query.</param>
/// <param name="EntityTag">As on the wire; null where there is none.</param>
internal sealed record FileProbe(long? SizeBytes, Digest? Digest, string Address, string? EntityTag)
{
    /// <param name="model">What errors are about.</param>
    /// <exception cref="TransferInterruptedException">It may pass by itself.</exception>
    /// <exception cref="GpuxException">There is no such file, or a page for people instead.</exception>
    public static async Task<FileProbe> SendAsync(RegistryClient client, Uri address, ModelReference model, CancellationToken cancellationToken)
    {
        using var reply = await client.Http.SendAsync(new RegistryRequest(address) { Range = new FileRange(0, 1) }, cancellationToken);
        if (!reply.Response.IsSuccessStatusCode)
            throw await client.ErrorAsync(reply, model, file: null, cancellationToken);
        reply.ThrowIfPage(client.Http.Registry);
        var headers = reply.Response.Content.Headers;
        var size = reply.Response.StatusCode == HttpStatusCode.PartialContent ? headers.ContentRange?.Length
            : headers.ContentEncoding.Count > 0 ? null : headers.ContentLength;
        return new FileProbe(size, GoogleHash.Of(reply), reply.Address, reply.Header("ETag"));
    }
}
