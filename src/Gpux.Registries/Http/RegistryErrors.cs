using System.Net;
using System.Text.Json;

namespace Gpux.Registries.Http;

/// <summary>What HTTP refusals mean where a registry says no more than its status.</summary>
internal static class RegistryErrors
{
    public static Exception Of(
        HttpReply reply, RegistryHttp http, ModelReference model, (ModelManifest Manifest, ModelFile File)? file, string credentialRemedy,
        ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var status = reply.Response.StatusCode;
        var said = Message(body) is { } message ? $": {Printable.Text(message)}" : ".";
        switch (status)
        {
            case HttpStatusCode.TooManyRequests:
                var wait = RetryAfter(reply, now);
                return new TransferInterruptedException(new RateLimitedException(http.Registry, wait, credentialRemedy), wait);
            case HttpStatusCode.RequestTimeout or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                return new TransferInterruptedException(new RegistryUnreachableException(
                    http.Registry, $"{reply.Address} answers {(int)status}{said}"), RetryAfter(reply, now));
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return new AccessDeniedException($"{http.Registry} refuses {model} ({(int)status}){said}", credentialRemedy);
            case HttpStatusCode.NotFound or HttpStatusCode.Gone when file is var (manifest, missing):
                return new FileNotInModelException(manifest, missing.Path);
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                return new ModelNotFoundException(model.ToString(), $"{http.Registry} has no {model}{said}",
                    $"Check the spelling. {(http.SendsCredential ? "The credential may not see it." : credentialRemedy)}");
            default:
                return new UnexpectedReplyException(http.Registry, reply.Address, $"it answers {(int)status}{said}");
        }
    }

    /// <summary>How long the server asks to wait; null where it does not say.</summary>
    public static TimeSpan? RetryAfter(HttpReply reply, DateTimeOffset now)
    {
        var after = reply.Response.Headers.RetryAfter;
        return after?.Delta ?? (after?.Date is { } date ? date > now ? date - now : TimeSpan.Zero : null);
    }

    /// <summary>What a JSON body says of an error, in any of the usual forms; null where it says nothing.</summary>
    public static string? Message(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = StrictJson.Parse(body);
            return Message(json.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // {"error":"..."}, {"message":"..."}, {"Message":"..."}, {"error":{"message":"..."}}, {"errors":[{"message":"..."}]}
    private static string? Message(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() > 0)
            return Message(json[0]);
        if (json.ValueKind == JsonValueKind.String)
            return json.GetString();
        if (json.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var name in (ReadOnlySpan<string>)["message", "Message", "error", "errors", "detail"])
        {
            if (json.TryGetProperty(name, out var value) && Message(value) is { Length: > 0 } text)
                return text;
        }
        return null;
    }
}
