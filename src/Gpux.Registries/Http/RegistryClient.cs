using System.Net;
using System.Text.Json;

namespace Gpux.Registries.Http;

/// <summary>Asks one registry for JSON and files, and tells what its refusals mean.</summary>
/// <param name="http">Sends the requests.</param>
/// <param name="credentialRemedy">What to do where the registry wants a credential or a better one, as a sentence.</param>
internal sealed class RegistryClient(RegistryEnvironment environment, RegistryHttp http, string credentialRemedy)
{
    private const int AnswerLimitBytes = 64 << 20;
    private const int ErrorLimitBytes = 1 << 16;

    /// <summary>What the registry's refusals mean besides what <see cref="RegistryErrors"/> says: null to leave it to that.</summary>
    public Func<HttpReply, ReadOnlyMemory<byte>, ModelReference, Exception?> Refusal { get; init; } = (_, _, _) => null;

    public RegistryHttp Http => http;

    /// <summary>Reads a JSON answer.</summary>
    /// <param name="model">What errors are about.</param>
    /// <param name="read">Reads the answer; a <see cref="FormatException"/>, <see cref="InvalidOperationException"/> or
    /// <see cref="KeyNotFoundException"/> of it means that the answer is not the registry's.</param>
    /// <exception cref="TransferInterruptedException">It may pass by itself.</exception>
    /// <exception cref="GpuxException">The registry refuses, or its answer is none of its protocol.</exception>
    public async Task<T> JsonAsync<T>(
        RegistryRequest request, ModelReference model, Func<JsonElement, HttpReply, T> read, CancellationToken cancellationToken)
    {
        using var reply = await http.SendAsync(request with { Accept = request.Accept ?? "application/json" }, cancellationToken);
        if (!reply.Response.IsSuccessStatusCode)
            throw await ErrorAsync(reply, model, file: null, cancellationToken);
        var body = await http.ReadAsync(reply, AnswerLimitBytes, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(body);
            return read(json.RootElement, reply);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UnexpectedReplyException(http.Registry, reply.Address, exception is FormatException ? exception.Message
                : exception is JsonException ? "the answer is no JSON; it may be the page of a proxy or a sign-in."
                : "the answer lacks what it should say.", exception);
        }
    }

    /// <summary>Reads a small answer of another form as a whole.</summary>
    /// <returns>Null where the address does not exist (404 or 410).</returns>
    public async Task<(byte[] Body, HttpReply Reply)?> BytesAsync(
        RegistryRequest request, ModelReference model, int limitBytes, CancellationToken cancellationToken)
    {
        using var reply = await http.SendAsync(request, cancellationToken);
        if (reply.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        if (!reply.Response.IsSuccessStatusCode)
            throw await ErrorAsync(reply, model, file: null, cancellationToken);
        // The reply's headers stay readable after it is disposed.
        return (await http.ReadAsync(reply, limitBytes, cancellationToken), reply);
    }

    /// <summary>Opens a file, or the part of it that was asked for.</summary>
    /// <param name="digest">What the reply's headers say that the file hashes to; null where they say nothing.</param>
    public async Task<FileContent> OpenAsync(
        RegistryRequest request, ModelManifest manifest, ModelFile file, FileRange range, Func<HttpReply, Digest?>? digest,
        CancellationToken cancellationToken) =>
        await TryOpenAsync(request with { Range = range }, manifest, file, digest, cancellationToken)
            ?? await TryOpenAsync(request with { Range = default }, manifest, file, digest, cancellationToken)
            ?? throw new UnexpectedReplyException(http.Registry, request.Address.GetLeftPart(UriPartial.Path),
                "it sends a part of the file when asked for the whole.");

    private async Task<FileContent?> TryOpenAsync(
        RegistryRequest request, ModelManifest manifest, ModelFile file, Func<HttpReply, Digest?>? digest, CancellationToken cancellationToken)
    {
        var reply = await http.SendAsync(request, cancellationToken);
        FileContent? content = null;
        try
        {
            if (!reply.Response.IsSuccessStatusCode && reply.Response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                var error = await ErrorAsync(reply, manifest.Model, (manifest, file), cancellationToken);
                // A signed storage address has expired most often, and the next request brings a new one.
                throw error is AccessDeniedException && !RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, request.Address) // always set
                    ? new TransferInterruptedException(new RegistryUnreachableException(http.Registry,
                        $"the storage at {reply.Address} answers {(int)reply.Response.StatusCode}."))
                    : error;
            }
            return content = await HttpContents.ReadAsync(reply, request.Range, digest?.Invoke(reply), cancellationToken);
        }
        catch (InvalidDataException undecodable)
        {
            throw new UnexpectedReplyException(http.Registry, reply.Address, undecodable.Message, undecodable);
        }
        finally
        {
            if (content is null)
                reply.Dispose();
        }
    }

    /// <summary>What a refusal means.</summary>
    public async Task<Exception> ErrorAsync(
        HttpReply reply, ModelReference model, (ModelManifest Manifest, ModelFile File)? file, CancellationToken cancellationToken)
    {
        byte[] body;
        try
        {
            body = await http.ReadAsync(reply, ErrorLimitBytes, cancellationToken);
        }
        catch (Exception unread) when (unread is TransferInterruptedException or UnexpectedReplyException)
        {
            body = []; // The status says enough.
        }
        return Refusal(reply, body, model)
            ?? RegistryErrors.Of(reply, http, model, file, credentialRemedy, body, environment.Clock.GetUtcNow());
    }
}
